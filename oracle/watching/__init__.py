"""A loop that fits editing: on each save the affected subjects are judged again, in a process that stays warm."""

from oracle.watching.loop import Watch as Watch
