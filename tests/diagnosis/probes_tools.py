"""Plants faults in `lstm_ref` and asks the probes; what the tests of probes share."""

import functools
import inspect
import itertools
import linecache
import sys
import textwrap
from types import ModuleType, SimpleNamespace

from oracle import subjects
from oracle.cases import Case
from oracle.diagnosis.probes import examine
from oracle.mutation.planting import Text, planted
from oracle.subject import Subject
from oracle.trial import Trial

_numbers = itertools.count()
SIZES = {"T": 4, "B": 2, "D": 3, "H": 5}


@functools.cache
def registered(name):
    """A registered subject, kept: its twin is traced once."""
    return subjects.load(name)


def asked(subject: Subject, **sizes):
    """What the probes say of a subject: causes and notes."""
    known = {**SIZES, **sizes}
    case = Case({name: known.get(name, low) for name, (low, _) in subject.sizes.items()}, seed=7)
    smallest = case.at(**{name: low for name, (low, _) in subject.sizes.items()})
    return examine(Trial(subject, 30), SimpleNamespace(case=case), smallest)


def with_faults(name, *faults):
    """What the probes say of a registered subject with faults `(function, old, new)` planted, and the planted lines."""
    with planted(*(Text(*fault) for fault in faults)) as texts:
        causes, notes = asked(registered(name))
    lines = [line_of(texts, new) for _, _, new in faults]
    return causes, notes, lines


def line_of(texts, new):
    """The line on which a planted text begins; it must be there once."""
    first = new.splitlines()[0].strip()
    (line,) = [k for one in texts for k, text in enumerate(one.text.splitlines(), 1) if first in text]
    return line


def line_in(function, text):
    """The line on which a text stands in a function; it must be there once."""
    lines, first = inspect.getsourcelines(function)
    (line,) = [first + k for k, one in enumerate(lines) if text in one]
    return line


def said(causes):
    """Causes as the lines of a report."""
    return [line for cause in causes for line in cause.lines()]


def module_of(source):
    """A module made of a source text, in memory, with its lines known to tracers and rewriters."""
    name = f"probed_{next(_numbers)}"
    text = "import numpy as np\n" + textwrap.dedent(source)
    module = ModuleType(name)
    module.__file__ = f"<{name}>"
    linecache.cache[module.__file__] = (len(text), None, text.splitlines(keepends=True), module.__file__)
    sys.modules[name] = module
    exec(compile(text, module.__file__, "exec"), vars(module))
    return module


def pair(source, **options):
    """The subject made of `forward` and `backward` in a source text."""
    module = module_of(source)
    return Subject.from_functions(module.forward, module.backward, **{"name": "probed", **options})
