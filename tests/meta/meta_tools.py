"""Programs with one planted bug, and how a subject fares in a case: what the controls of this folder share."""

import importlib.util
import itertools
import linecache
import sys
import textwrap
from pathlib import Path
from types import ModuleType

from hypothesis import HealthCheck, Phase, find, settings

from oracle import Subject
from oracle.cases import Case, cases
from oracle.hearing import Hearing
from oracle.outcome import Outcome
from oracle.trial import Trial
from oracle.verdict import Verdict

_numbers = itertools.count()
QUICK = settings(
    max_examples=25,
    database=None,
    derandomize=True,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def module_of(source: str, title: str = "planted") -> ModuleType:
    """A module made of a source text, in memory, with its lines known to tracebacks, tracers and rewriters."""
    name = f"{title}_{next(_numbers)}"
    text = textwrap.dedent(source)
    module = ModuleType(name)
    module.__file__ = f"<{name}>"
    linecache.cache[module.__file__] = (len(text), None, text.splitlines(keepends=True), module.__file__)
    sys.modules[name] = module
    exec(compile(text, module.__file__, "exec"), vars(module))
    return module


def source_of(name: str) -> str:
    """The source text of an installed module."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).read_text(encoding="utf-8")


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with each change made; what is to be replaced must be there exactly once."""
    for old, new in changes:
        count = text.count(old)
        if count != 1:
            raise ValueError(f"{old!r} is there {count} times, expected once")
        text = text.replace(old, new)
    return text


def mutated(name: str, *changes: tuple[str, str]) -> ModuleType:
    """The module of this name with changes made to its text."""
    return module_of(changed(source_of(name), *changes), f"mutant_of_{name.replace('.', '_')}")


def pair(source: str, **options: object) -> Subject:
    """The subject made of `forward` and `backward` in a source text."""
    module = module_of("import numpy as np\n" + textwrap.dedent(source))
    return Subject.from_functions(module.forward, module.backward, **{"name": "planted", **options})


def on_trial(subject: Subject | Trial, digits: float = 30) -> Trial:
    """The trial of a subject; a trial is its own."""
    return subject if isinstance(subject, Trial) else Trial(subject, digits)


def outcome(subject: Subject | Trial, case: Case | None = None, **sizes: int) -> Outcome:
    """What one case shows of a subject: by default the generic case of seed 7 at these sizes."""
    return Hearing(on_trial(subject), case or Case(sizes, seed=7)).outcome()


def messages(heard: Outcome) -> list[str]:
    """The messages of all findings of an outcome."""
    return [finding.message for finding in heard.findings]


def wrong_leaves(heard: Outcome) -> set[str]:
    """The names of the gradients that were refuted."""
    return {name for name, verdict in heard.verdicts.items() if verdict is Verdict.REFUTED}


def smallest_refuted(subject: Subject | Trial, largest: int = 3) -> dict[str, int]:
    """The smallest sizes at which a subject is refuted, as hypothesis finds them by shrinking."""
    trial = on_trial(subject)
    sizes = {name: (low, min(high, largest)) for name, (low, high) in trial.subject.sizes.items()}

    def refuted(case: Case) -> bool:
        return Hearing(trial, case).outcome().verdict is Verdict.REFUTED

    return dict(find(cases(sizes, regimes=("generic",), seeds=3), refuted, settings=QUICK).sizes)
