"""Planted faults: array-aware operators on the syntax tree of a backward, and which check convicts which."""
