"""Measurements: ratios of contenders from one run on one machine, printed with both sides."""
