"""`torch.autograd.gradcheck` of a `torch.autograd.Function` around the hand-written pair, at its defaults.

Double precision inputs, as its documentation asks; all outputs and all inputs in one call.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch.autograd.gradcheck import GradcheckError

from benchmarks.field.programs import Program

TITLE = f"torch {torch.__version__.split('+')[0]}"


def _function(program: Program) -> Any:
    """The program as a function of tensors that torch differentiates by the hand-written backward."""

    class Pair(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            outputs, ctx.kept = program.forward([tensor.detach().numpy() for tensor in tensors])
            ctx.dtypes = [out.dtype for out in outputs]
            given = tuple(torch.from_numpy(np.ascontiguousarray(out).reshape(out.shape)) for out in outputs)
            return given if len(given) > 1 else given[0]

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, *cotangents: Any) -> Any:
            found = program.backward(ctx.kept, [cotangent.detach().numpy() for cotangent in cotangents])
            return tuple(None if one is None else torch.from_numpy(np.array(one)) for one in found)

    return Pair.apply


def _check(program: Program, fast: bool) -> bool:
    inputs = tuple(torch.from_numpy(array.copy()).requires_grad_() for array in program.arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of float32 inputs, which is said in the docs
        try:
            return not torch.autograd.gradcheck(_function(program), inputs, fast_mode=fast)
        except GradcheckError:
            return True


def slow(program: Program) -> bool:
    """Whether gradcheck rejects a program: the whole Jacobian, eps=1e-6, atol=1e-5, rtol=1e-3."""
    return _check(program, fast=False)


def fast(program: Program) -> bool:
    """Whether gradcheck rejects a program with `fast_mode=True`: one random projection, the same tolerances."""
    torch.manual_seed(0)
    return _check(program, fast=True)
