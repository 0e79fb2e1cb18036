"""Independent sources of the true gradient."""
