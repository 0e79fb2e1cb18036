"""Complex numbers and their parts."""

from __future__ import annotations

from oracle.program.rules.registry import Site, Step, rule


@rule("real", "imag")
def _part(site: Site) -> Step:
    name = site.name
    return lambda A, x: A.part(name, x)


@rule("complex")
def _complex(site: Site) -> Step:
    return lambda A, real, imag: A.complex(real, imag)


@rule("conj", params=("input_dtype",))
def _conj(site: Site) -> Step:
    if site.ins[0].dtype.kind != "c":
        return lambda A, x: A.complex(x, A.lift(0.0))
    return lambda A, x: A.unary("conjugate", x)
