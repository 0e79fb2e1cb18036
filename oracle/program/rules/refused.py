"""Primitives with no rule on purpose: each says why, and what to write instead."""

from __future__ import annotations

from oracle.program.errors import UnsupportedPrimitive
from oracle.program.rules.registry import Site, Step, rule

_RANDOM = "draws random numbers inside the reference; draw them outside and pass them in"
_ROUNDS = "depends on how floats are rounded, which is not a function of real numbers; leave it out"
_FACTORS = "is not computed in balls here; write the function without it"

REFUSALS = {
    "random_bits": _RANDOM,
    "random_seed": _RANDOM,
    "random_wrap": _RANDOM,
    "random_unwrap": _RANDOM,
    "random_split": _RANDOM,
    "random_fold_in": _RANDOM,
    "random_gamma": _RANDOM,
    "random_clone": _RANDOM,
    "threefry2x32": _RANDOM,
    "rng_bit_generator": _RANDOM,
    "rng_uniform": _RANDOM,
    "nextafter": _ROUNDS,
    "reduce_precision": _ROUNDS,
    "bitcast_convert_type": _ROUNDS,
    "erf_inv": "has no enclosure here; pass the values in",
    "top_k": "breaks ties in an order that its derivative does not see; use jnp.sort and a slice",
    "fft": _FACTORS,
    "qr": _FACTORS,
    "eigh": _FACTORS,
    "svd": _FACTORS,
    "pure_callback": "calls Python code that cannot be traced; write it with jax.numpy",
    "io_callback": "calls Python code that cannot be traced; leave it out",
    "debug_callback": "calls Python code for debugging; leave it out",
}


@rule(*REFUSALS, params=None)
def _refuse(site: Site) -> Step:
    raise UnsupportedPrimitive(f"the reference needs the primitive {site.name!r}, which {REFUSALS[site.name]}")
