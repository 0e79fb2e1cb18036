"""Failing cases, saved as plain JSON, validated strictly when read, and run again."""

from oracle.records.record import Leaf as Leaf
from oracle.records.record import Record as Record
from oracle.records.store import FOLDER as FOLDER
from oracle.records.store import command as command
from oracle.records.store import load as load
from oracle.records.store import save as save
from oracle.records.store import saved as saved
from oracle.records.strict_json import InvalidRecord as InvalidRecord
