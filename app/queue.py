"""Doorbells: RQ carries them, PostgreSQL holds the work.

A job has no arguments that matter and may be lost: `ring` sets a key for two seconds and enqueues
a plain job unless the key was there; the job's first act is to take the key away. Workers run
allow-listed jobs with JSON arguments only, so that writing to Redis is not running code.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Any

import redis
from rq import Queue
from rq.job import Job

from app import crash, log
from app.config import settings
from app.problems import OperatorProblem

WAKE_MS = 2_000
FAILURE_TTL_S = 86_400
JOB_TIMEOUT_S = 180
FORBIDDEN_PARTS = (
    "success_callback_name",
    "failure_callback_name",
    "stopped_callback_name",
    "webhooks",
)
ALIVE_KEY = "worker:alive"
ALIVE_S = 10


class Lane(StrEnum):
    """A queue with workers of its own, so that a slow provider never delays what comes in."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    BACKGROUND = "background"
    MEDIA = "media"


class JobName(StrEnum):
    """Every background job, by the name of its function in `app.jobs`."""

    DRAIN_WEBHOOKS = "drain_webhooks"
    DRAIN_OUTBOX = "drain_outbox"
    DRAIN_MAIL = "drain_mail"
    DRAIN_MEDIA = "drain_media"
    SWEEP = "sweep"
    TIDY = "tidy_up"
    CHECK_NUMBERS = "check_numbers"

    @property
    def lane(self) -> Lane:
        """The queue it waits in."""
        match self:
            case JobName.DRAIN_OUTBOX:
                return Lane.OUTBOUND
            case JobName.DRAIN_MEDIA:
                return Lane.MEDIA
            case JobName.DRAIN_MAIL | JobName.CHECK_NUMBERS | JobName.TIDY:
                return Lane.BACKGROUND
            case _:
                return Lane.INBOUND

    @property
    def path(self) -> str:
        """The dotted name of its function."""
        return f"app.jobs.{self.value}"


class ForbiddenJob(Exception):
    """Somebody put a job into Redis that is not on the list."""


class RedisAway(OperatorProblem):
    """A worker has nothing to listen to."""

    code = "redis_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Redis cannot be used ({reason}). Check REDIS_URL and whether the server runs."
        )


class AllowListedJob(Job):
    """An RQ job that can only be one of `JobName`: no other function, instance or callback."""

    @property
    def func(self) -> Any:
        if self.func_name not in {job.path for job in JobName} or self.instance is not None:
            raise ForbiddenJob(f"{self.func_name} is not a job of this product.")
        return super().func

    def restore(self, raw_data: Any) -> Any:
        for name in FORBIDDEN_PARTS:
            if raw_data.get(name) or raw_data.get(name.encode()):
                raise ForbiddenJob("Jobs of this product have no callbacks and no webhooks.")
        return super().restore(raw_data)


@lru_cache(maxsize=4)
def _connection(address: str) -> "redis.Redis":
    return redis.Redis.from_url(
        address, socket_connect_timeout=2, socket_timeout=5, health_check_interval=30
    )


def connection() -> "redis.Redis":
    """Return this process's pooled Redis connection."""
    return _connection(settings().redis_url)


def rq_queue(lane: Lane, *, via: "redis.Redis | None" = None) -> Queue:
    """Return the RQ queue of a lane: JSON arguments, allow-listed jobs."""
    return Queue(
        lane.value, connection=via or connection(), job_class=AllowListedJob, serializer="json"
    )


def ring(job: JobName) -> bool:
    """Ask the workers to run `job` soon; False when a ring was pending or Redis is away.

    Harmless to repeat, harmless to lose: the sweep rings for whatever is left.
    """
    try:
        if not connection().set(_wake_key(job), 1, nx=True, px=WAKE_MS):
            return False
        crash.point("ring.promised")
        rq_queue(job.lane).enqueue(
            job.path, result_ttl=0, failure_ttl=FAILURE_TTL_S, job_timeout=JOB_TIMEOUT_S
        )
    except redis.RedisError as error:
        log.get(__name__).warning("ring_failed", job=job.value, error=type(error).__name__)
        return False
    return True


def answer(job: JobName) -> None:
    """Take the doorbell's key away; the first act of the job, so that later rings count."""
    try:
        connection().delete(_wake_key(job))
    except redis.RedisError as error:
        log.get(__name__).warning("answer_failed", job=job.value, error=type(error).__name__)


def is_waiting(lane: Lane) -> bool:
    """Tell whether another job waits in the lane: a long drain then gives way and rings again."""
    try:
        return bool(rq_queue(lane).count)
    except redis.RedisError:
        return False


def require() -> None:
    """Make sure that there is a Redis to wait for bells on; the web process does without.

    Raises:
        RedisAway: with a sentence for the operator.
    """
    try:
        connection().ping()
    except redis.RedisError as error:
        raise RedisAway(type(error).__name__) from error


def is_reachable() -> bool:
    """Tell whether Redis answers."""
    try:
        return bool(connection().ping())
    except redis.RedisError:
        return False


def report_worker() -> None:
    """Say that a worker is alive; its supervisor does so every second."""
    try:
        connection().set(ALIVE_KEY, 1, ex=ALIVE_S)
    except redis.RedisError as error:
        log.get(__name__).warning("report_failed", error=type(error).__name__)


def has_worker() -> bool:
    """Tell whether any worker reported within the last seconds."""
    try:
        return bool(connection().exists(ALIVE_KEY))
    except redis.RedisError:
        return False


def _wake_key(job: JobName) -> str:
    return f"wake:{job.value}"
