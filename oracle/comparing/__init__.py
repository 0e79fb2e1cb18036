"""Compares a subject with what it was at a git revision: which gradients moved, what got slower or less accurate."""

from oracle.comparing.against import Against as Against
from oracle.comparing.against import against as against
from oracle.comparing.revision import CannotCompare as CannotCompare
