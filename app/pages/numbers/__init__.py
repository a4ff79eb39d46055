"""Phone numbers: what there is, and the ways to connect one more."""
