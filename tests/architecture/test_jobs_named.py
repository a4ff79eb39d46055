"""Every job name is a function of `app.jobs` that RQ can call with JSON (decision 0015)."""

import inspect
import typing

import pytest

from app import jobs
from app.queue import JobName

JSON = {str, int, float, bool, None, type(None)}


@pytest.mark.parametrize("name", list(JobName))
def test_job_name_is_a_documented_function_with_json_parameters(name: JobName) -> None:
    function = getattr(jobs, name.value, None)

    assert inspect.isfunction(function), f"{name.value} is not a function in app/jobs.py."
    assert not inspect.iscoroutinefunction(function), f"{name.value} must be synchronous."
    assert function.__doc__, f"{name.value} has no docstring."
    hints = typing.get_type_hints(function)
    foreign = {key: hint for key, hint in hints.items() if not _is_json(hint)}
    assert not foreign, f"Jobs take JSON only, an id as text (decision 0015): {foreign}"


def test_every_public_function_of_jobs_has_a_name() -> None:
    own = {
        name
        for name, function in inspect.getmembers(jobs, inspect.isfunction)
        if function.__module__ == jobs.__name__ and not name.startswith("_")
    }

    assert own == {name.value for name in JobName}, "app/jobs.py and JobName name the same jobs."


def test_clock_rings_known_jobs() -> None:
    assert set(jobs.SCHEDULE) <= set(JobName)
    assert all(seconds >= 1 for seconds in jobs.SCHEDULE.values())


def _is_json(hint: object) -> bool:
    return hint in JSON or all(one in JSON for one in typing.get_args(hint) or [hint])
