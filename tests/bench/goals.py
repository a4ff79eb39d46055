"""What a figure is beside its goal, in words that a reader cannot overlook."""


def against(value: float, goal: float, *, unit: str, at_least: bool = False) -> str:
    """Return the goal, and whether the value keeps it; if not, by how much it misses."""
    is_kept = value >= goal if at_least else value <= goal
    bound = "at least" if at_least else "at most"
    verdict = "kept" if is_kept else f"MISSED by {abs(value - goal) / goal:.0%}"
    return f"(goal: {bound} {goal:,g}{unit}; {verdict})"
