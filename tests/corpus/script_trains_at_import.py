"""A script that trains as soon as it is run: only its definitions are loaded."""

from pathlib import Path

SCRIPT = str(Path(__file__).parent / "scripts" / "tiny-rnn.py")
EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(function):
    import oracle

    script = oracle.load_definitions(SCRIPT, names={"n_hidden": "H", "n_vocab": "C"})
    return oracle.Subject.from_loss(
        getattr(script, function), owner=script, gradients=("U", "W", "V"),
        inputs={"X": oracle.integers("T", below="C"), "Y": oracle.integers("T", below="C"), "s_prev": oracle.reals("H", differentiated=False)},
        parameters={"U": "H C", "W": "H H", "V": "C H"},
    )


def right():
    return build("step_all")


def wrong():
    # ds = dz instead of W.T.dot(dz): missing transposed product in the carry
    return build("step_all_old")
