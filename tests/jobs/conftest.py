"""Every job test has the database and Redis to itself, empty."""

import pytest


@pytest.fixture(autouse=True)
def _clean(database: None) -> None:
    """Empty everything before each test."""
