"""The demonstration of nicodjimenez/lstm: learn to answer four random inputs with four given numbers.

`python -m lstm_ref` prints what the original prints: 100 iterations, whose loss falls from 7.535e-01 to below 3e-06.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import numpy as np

from lstm_ref.classic import LstmNetwork, LstmParam
from lstm_ref.losses import ToyLossLayer
from lstm_ref.parameters import reseeding_global_generator


def main(arguments: Sequence[str] = ()) -> None:
    """Train for 100 iterations and print predictions and loss of each, as long as somebody reads them."""
    parser = argparse.ArgumentParser(
        prog="python -m lstm_ref",
        description="Train an LSTM for 100 iterations, as the demonstration of nicodjimenez/lstm does: it learns to "
        "answer four random inputs with four given numbers. Each iteration prints its predictions and its loss.",
    )
    parser.parse_args(arguments)
    try:
        _train()
        sys.stdout.flush()
    except BrokenPipeError:  # as with | head: nothing is left to say, and nothing is lost
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _train() -> None:
    """The 100 iterations."""
    np.random.seed(0)
    param = LstmParam(mem_cell_ct=100, x_dim=50, initialiser=reseeding_global_generator)
    network = LstmNetwork(param)
    targets = [-0.5, 0.2, 0.1, -0.5]
    inputs = [np.random.random(param.x_dim) for _ in targets]
    for iteration in range(100):
        for x in inputs:
            network.x_list_add(x)
        predictions = ", ".join(f"{node.state.h[0]: .5f}" for node in network.lstm_node_list)
        loss = network.y_list_is(targets, ToyLossLayer)
        print(f"iter {iteration:2d}: y_pred = [{predictions}], loss: {loss:.3e}")
        param.apply_diff(lr=0.1)
        network.x_list_clear()


if __name__ == "__main__":
    main(sys.argv[1:])
