"""Puts an arithmetic's `np` and `math` into the code under test, and takes them out again."""

from oracle.binding.plan import Binding as Binding
from oracle.binding.plan import bound as bound
from oracle.binding.scopes import modules_of as modules_of
