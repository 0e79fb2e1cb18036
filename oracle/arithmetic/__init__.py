"""Number systems in which hand-written gradients run: balls above all, and the floats they are compared with."""
