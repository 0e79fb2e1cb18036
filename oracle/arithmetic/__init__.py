"""Number systems in which hand-written gradients run: balls above all, and the floats they are compared with.

Importing any part loads the rules that balls have for NumPy's functions: an array of balls without them would refuse
what it should compute.
"""

from oracle.arithmetic.namespace import stand_for as stand_for
