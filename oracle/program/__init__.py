"""JAX: from a reference to its gradient program, and the executor that runs it in any arithmetic.

`jax` is imported when something is traced, not before.
"""

from oracle.program.arithmetic import Arithmetic as Arithmetic
from oracle.program.errors import CannotTrace as CannotTrace
from oracle.program.errors import IntegerOverflow as IntegerOverflow
from oracle.program.errors import ProgramError as ProgramError
from oracle.program.errors import TooManyTraces as TooManyTraces
from oracle.program.errors import UnsupportedPrimitive as UnsupportedPrimitive
from oracle.program.gradient_program import BoundProgram as BoundProgram
from oracle.program.gradient_program import GradientProgram as GradientProgram
from oracle.program.gradient_program import trace as trace
from oracle.program.witness import jit_gradients as jit_gradients
