"""Keeps a set of processes running: starts them, restarts those that die, ends all of them, finds leftovers.

The processes get sessions of their own, so that Ctrl-C in the terminal reaches the supervisor alone and it decides in
which order they end. They carry a mark in their environment, and their children inherit it: after a kill -9 of the
supervisor, the next start finds and ends what is left, whatever it has forked since.
"""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_STOP_SECONDS = 15.0
_LONGEST_PAUSE_SECONDS = 30.0
_WELL_AFTER_SECONDS = 60.0
_QUESTIONS_BEFORE_IT_HANGS = 6
_LARGEST_LOG_BYTES = 10_000_000
_MARK = "PRESSROOM_SUPERVISED"


class AlreadyRunningError(Exception):
    """Another supervisor holds the folder; its pid is the message."""


class PortTakenError(Exception):
    """A port that a service needs is in use by somebody else."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process: how it is started, and the port by which one sees that it is up (None: it has none).

    `responds` asks it whether it still does its work, for a process that may hang or lose its child without ending. It
    should take a second or two at the most. After `hangs_after_seconds` without a yes the service is started again.
    """

    name: str
    command: Sequence[str]
    port: int | None = None
    responds: Callable[[], bool] | None = None
    hangs_after_seconds: float = 60.0


@dataclass(slots=True)
class _Running:
    service: Service
    process: subprocess.Popen[bytes]
    started_at: float
    asked_at: float = 0.0
    answered_at: float = 0.0
    failures: int = 0
    restart_at: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Runs services with `environment`, their output in `folder`/logs."""

    folder: Path
    environment: Mapping[str, str]
    tell: Callable[[str], None]
    _running: list[_Running] = field(default_factory=list)

    def start(self, *services: Service, patience_seconds: float = 90.0) -> None:
        """Start services side by side and wait until their ports answer.

        Raises:
            PortTakenError: somebody else has the port of one; nothing is started.
            TimeoutError: one did not come up in time, or ended at once; the message names its log.
        """
        for service in services:
            if service.port is not None and _answers(service.port):
                raise PortTakenError(f"Port {service.port}, which {service.name} needs, is in use by another program.")
        started = []
        for service in services:
            started.append(_Running(service, self._spawn(service), time.monotonic()))
            self._running.append(started[-1])
        deadline = time.monotonic() + patience_seconds
        for running in started:
            self._await(running, deadline)

    def watch(self) -> None:
        """Restart what has died: at once, and later each time it dies again before it has run for a minute.

        Call it every second or so.
        """
        for running in self._running:
            status = running.process.poll()
            if running.restart_at is None and status is not None:
                self._plan_restart(running, f"ended ({_why(status)})")
            elif running.restart_at is None and _hangs(running):
                self._plan_restart(running, "does not respond")
            if running.restart_at is not None and time.monotonic() >= running.restart_at:
                _end_group(running.process.pid)
                running.process.wait()
                running.process = self._spawn(running.service)
                running.started_at = time.monotonic()
                running.restart_at = None

    def stop(self) -> None:
        """End every service, the last started first: ask, wait, and then insist."""
        for running in reversed(self._running):
            _end_group(running.process.pid)
            running.process.wait()
        self._running.clear()

    def end_leftovers(self) -> int:
        """End what an earlier supervisor, killed before it could, left running; returns how many processes."""
        left = [process for process in psutil.process_iter() if _mark_of(process) == self._mark]
        _end(left)
        return len(left)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Only one supervisor works in a folder.

        Raises:
            AlreadyRunningError: another one does.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "supervisor.pid").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise AlreadyRunningError(lock.read().strip()) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _plan_restart(self, running: _Running, why: str) -> None:
        now = time.monotonic()
        if now - running.started_at > _WELL_AFTER_SECONDS:
            running.failures = 0
        running.restart_at = now + min(_LONGEST_PAUSE_SECONDS, 2.0**running.failures - 1)
        running.failures += 1
        service = running.service
        self.tell(f"{service.name} {why}; starting it again. Log: {self._log(service)}")

    def _await(self, running: _Running, deadline: float) -> None:
        port = running.service.port
        while port is not None and not _answers(port):
            if running.process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError(f"{running.service.name} did not start; its log is {self._log(running.service)}.")
            time.sleep(0.1)

    @property
    def _mark(self) -> str:
        return str(self.folder.resolve())

    def _log(self, service: Service) -> Path:
        return self.folder / "logs" / f"{service.name}.log"

    def _spawn(self, service: Service) -> subprocess.Popen[bytes]:
        path = self._log(service)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LARGEST_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            return subprocess.Popen(
                service.command,
                env={**self.environment, _MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def _hangs(running: _Running) -> bool:
    now, service = time.monotonic(), running.service
    if service.responds is None or now - running.asked_at < service.hangs_after_seconds / _QUESTIONS_BEFORE_IT_HANGS:
        return False
    running.asked_at = now
    if service.responds():
        running.answered_at = now
    return now - max(running.answered_at, running.started_at) > service.hangs_after_seconds


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end_group(leader: int) -> None:
    _end([process for process in psutil.process_iter() if _group_of(process) == leader])


def _end(processes: Sequence[psutil.Process]) -> None:
    """SIGTERM first, SIGKILL for what is left after a while."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=_STOP_SECONDS)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=_STOP_SECONDS)


def _group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(_MARK)
    except psutil.Error:  # gone meanwhile, or another user's
        return None


def _why(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
