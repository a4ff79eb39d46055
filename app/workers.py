"""RQ workers by lane and the clock, as supervised children of `worker.py`."""

import multiprocessing
import os
import signal
import time
from multiprocessing.process import BaseProcess

import redis
from rq import Worker
from rq.cron import CronJob, CronScheduler
from rq.job import Job
from rq.utils import now

from app import db, jobs, log, queue
from app.config import settings
from app.process import die_with_parent, settle_memory
from app.queue import AllowListedJob, JobName, Lane

RESTART_PAUSE_S = 1.0
STOP_TIMEOUT_S = 25.0


class Clock(CronScheduler):
    """RQ's scheduler, ringing our doorbells: several clocks are harmless, a ring is SET NX."""

    def __init__(self, connection: "redis.Redis") -> None:
        super().__init__(connection=connection, logging_level="WARNING")
        for job, interval_s in jobs.SCHEDULE.items():
            self.register(
                getattr(jobs, job.value), job.lane.value, interval=interval_s, name=job.value
            )

    def enqueue_jobs(self) -> list[CronJob]:
        """Ring for every job that is due."""
        due = [job for job in self.get_jobs() if job.should_run()]
        for job in due:
            queue.ring(JobName(job.name))
            job.set_enqueue_time(now())
        return due


class Supervisor:
    """Keeps a child alive for each lane and for the clock."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("fork")
        self._children: dict[str, BaseProcess] = {}
        self._is_stopping = False

    def run(self) -> None:
        """Start the children, start them again when they die, stop them in order.

        Raises:
            RedisAway: nothing was started, there are no bells to wait for.
        """
        queue.require()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)
        settle_memory()  # before the forks, which then share these objects' pages
        log.get(__name__).info("worker_started", pid=os.getpid())
        while not self._is_stopping:
            for name in (*Lane, "clock"):
                child = self._children.get(name)
                if child is None or not child.is_alive():
                    if child is not None:
                        log.get(__name__).warning("child_died", child=name, code=child.exitcode)
                    self._start(name)
            queue.report_worker()
            time.sleep(RESTART_PAUSE_S)
        self._stop()

    def _start(self, name: str) -> None:
        target = _run_clock if name == "clock" else _run_lane
        child = self._context.Process(target=target, args=(name, os.getpid()), name=name)
        child.start()
        self._children[name] = child

    def _request_stop(self, *_args: object) -> None:
        self._is_stopping = True

    def _stop(self) -> None:
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for child in self._children.values():
            child.join(max(0.0, deadline - time.monotonic()))
            if child.is_alive():
                child.kill()
        log.get(__name__).info("worker_stopped")


def run_burst() -> None:
    """Run every waiting job of all lanes in this process's children and return (tests)."""
    connection = _redis()
    _worker(list(Lane), connection).work(burst=True, logging_level="WARNING")


def _run_lane(name: str, parent: int) -> None:
    _become_child(parent)
    _worker([Lane(name)], _redis()).work(logging_level="WARNING")


def _run_clock(_name: str, parent: int) -> None:
    _become_child(parent)
    Clock(_redis()).start()  # type: ignore[no-untyped-call]  # RQ leaves it untyped


def _worker(lanes: list[Lane], connection: "redis.Redis") -> Worker:
    return Worker(
        [queue.rq_queue(lane, via=connection) for lane in lanes],
        connection=connection,
        job_class=AllowListedJob,
        serializer="json",
        default_result_ttl=0,
        maintenance_interval=60,
        log_job_description=False,
        work_horse_killed_handler=_ring_again,
    )


def _ring_again(job: Job, *_: object) -> None:
    """A job's process died: its work is still there, so somebody else takes it at once."""
    for name in JobName:
        if name.path == job.func_name:
            log.get(__name__).warning("work_horse_died", job=name.value)
            queue.answer(name)
            queue.ring(name)


def _become_child(parent: int) -> None:
    """Die with the parent, and share none of its connections."""
    die_with_parent()
    if os.getppid() != parent:
        raise SystemExit(1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.setpgrp()  # Ctrl-C reaches the supervisor only; it stops the children in order
    db.dispose(close=False)


def _redis() -> "redis.Redis":
    return redis.Redis.from_url(settings().redis_url)
