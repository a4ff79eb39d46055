"""Doorbells in Redis: one ring at a time, and writing to Redis is not running code."""

import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from rq import Queue
from rq.job import Job

from app import queue
from app.queue import AllowListedJob, ForbiddenJob, JobName, Lane


def fetch(job_id: str) -> AllowListedJob:
    return AllowListedJob.fetch(job_id, connection=queue.connection(), serializer="json")


def smuggle(data: Any, **fields: str) -> str:
    """Write a job into Redis as somebody would who can reach it."""
    job = Job.create(
        "app.jobs.sweep", connection=queue.connection(), serializer="json", origin="inbound"
    )
    job.save()
    raw = zlib.compress(json.dumps(data).encode())
    queue.connection().hset(job.key, mapping={"data": raw, **fields})
    return job.id


@pytest.mark.parametrize("job", list(JobName))
def test_ring_waits_in_its_lane_once_until_it_is_answered(job: JobName):
    assert queue.ring(job)
    assert not queue.ring(job)
    assert queue.rq_queue(job.lane).count == 1
    assert queue.is_waiting(job.lane)

    queue.answer(job)

    assert queue.ring(job)
    assert queue.rq_queue(job.lane).count == 2


def test_key_of_a_ring_goes_away_by_itself():
    queue.ring(JobName.SWEEP)

    assert 0 < queue.connection().pttl("wake:sweep") <= queue.WAKE_MS


def test_jobs_of_one_kind_do_not_hold_up_another():
    assert queue.ring(JobName.DRAIN_WEBHOOKS)
    assert queue.ring(JobName.DRAIN_OUTBOX)
    assert queue.rq_queue(Lane.INBOUND).count == queue.rq_queue(Lane.OUTBOUND).count == 1


@pytest.mark.parametrize("job", list(JobName))
def test_every_name_is_a_function_without_arguments(job: JobName):
    queue.ring(job)
    [waiting] = queue.rq_queue(job.lane).jobs

    assert callable(waiting.func)
    assert (waiting.args, waiting.kwargs) == ([], {})


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "subprocess.call",
        "builtins.eval",
        "app.jobs.queue",
        "app.jobs.db.dispose",
        "app.jobs",
        "app.services.tidy.purge_sessions",
        "app.jobs.sweep.__call__",
        "",
    ],
)
def test_other_function_is_refused(name: str, tmp_path: Path):
    marker = tmp_path / "ran"
    job = fetch(smuggle([name, None, [f"touch {marker}"], {}]))

    with pytest.raises(ForbiddenJob):
        job.perform()

    assert not marker.exists()


@pytest.mark.parametrize("instance", ["x", {"a": 1}, [1], 7])
def test_method_of_an_instance_is_refused(instance: Any):
    with pytest.raises(ForbiddenJob):
        fetch(smuggle(["app.jobs.sweep", instance, [], {}])).perform()


@pytest.mark.parametrize(
    "name", ["success_callback_name", "failure_callback_name", "stopped_callback_name"]
)
def test_callback_is_refused(name: str):
    job_id = smuggle(["app.jobs.sweep", None, [], {}], **{name: "os.getpid"})

    with pytest.raises(ForbiddenJob):
        fetch(job_id)


def test_webhook_of_rq_itself_is_refused():
    """RQ 3 can call an address when a job ends: from inside, past our guard."""
    hook = json.dumps([{"url": "http://169.254.169.254/"}])
    job_id = smuggle(["app.jobs.sweep", None, [], {}], webhooks=hook)

    with pytest.raises(ForbiddenJob):
        fetch(job_id)


def test_pickle_is_not_read(tmp_path: Path):
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {marker}",)

    plain = Queue("inbound", connection=queue.connection())
    job = plain.enqueue("app.jobs.sweep", Evil())

    with pytest.raises(Exception):  # noqa: B017, PT011  # whatever RQ raises for unreadable data
        fetch(job.id).perform()

    assert not marker.exists()
