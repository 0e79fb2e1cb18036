"""The catalogue: planted faults of `lstm_ref` that people really write, alone and in pairs."""

from benchmarks.faults.classic import NETWORK, NODE
from benchmarks.faults.fault import CLASSES, Fault, StaleFault
from benchmarks.faults.fresh import FRESH
from benchmarks.faults.layer import LAYER, SEED_STEP, STEP, WHOLE
from benchmarks.faults.pairs import pairs

SINGLE: tuple[Fault, ...] = (*NODE, *NETWORK, *STEP, *SEED_STEP, *LAYER, *WHOLE)

__all__ = [
    "CLASSES",
    "FRESH",
    "LAYER",
    "NETWORK",
    "NODE",
    "SEED_STEP",
    "SINGLE",
    "STEP",
    "Fault",
    "StaleFault",
    "pairs",
]
