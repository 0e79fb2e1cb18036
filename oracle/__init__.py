"""Certifies hand-written backpropagation.

The hand-written code runs unchanged in ball arithmetic, and so does the gradient program that JAX derives once for
all shapes. If the two enclosures of a gradient entry are disjoint, the backward is refuted; if they meet and are
thin, it is certified to that many digits. There is no tolerance.
"""

from oracle.inputs import booleans as booleans
from oracle.inputs import fixed as fixed
from oracle.inputs import integers as integers
from oracle.inputs import reals as reals
from oracle.scripts import load_definitions as load_definitions
from oracle.subject import Subject as Subject
from oracle.verdict import GradientMismatch as GradientMismatch
from oracle.verdict import Report as Report
from oracle.verdict import Verdict as Verdict
from oracle.verdict import WitnessesDisagree as WitnessesDisagree
from oracle.verify import verify as verify

__version__ = "0.1.0"
