"""What a hand-written backward promises besides its numbers. Every check is one function and one sentence."""

from oracle.contract.accumulation import slot_faults as slot_faults
from oracle.contract.behaviour import behaviour as behaviour
from oracle.contract.structure import single_precision as single_precision
from oracle.contract.structure import structure as structure
