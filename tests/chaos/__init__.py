"""Faults under load: everything is killed at random, and nothing may be lost, doubled or resent."""
