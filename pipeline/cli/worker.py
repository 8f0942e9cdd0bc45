"""`pressroom worker`: the publish loop as a process of its own."""

import os
import signal
import socket
import threading

from pipeline.cli.console import adapters, engine, out
from pipeline.settings import settings


def worker() -> None:
    """Publish on the second, inquire and deliver, until Ctrl-C or SIGTERM; what is in the air is finished first.

    For those who want no Dagster run in between. Start as many as you like; while one is at work, Dagster's sensors
    leave publishing to it. The runs of `pressroom up` do the same without it.
    """
    from pipeline.distribution.engine import EngineConfig
    from pipeline.distribution.worker import work
    from pipeline.followups import handlers

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    name = f"worker {socket.gethostname()} {os.getpid()}"
    out.print(f"{name} is at work; Ctrl-C ends it when what is in the air is finished.", highlight=False)
    report = work(
        engine(),
        adapters(),
        EngineConfig.from_settings(settings()),
        handlers(settings(), engine()),
        name=name,
        stop=stop,
    )
    counts = ", ".join(f"{account} {n} {outcome}" for (account, outcome), n in sorted(report.counts.items()))
    out.print(f"{name} has stopped: {counts or 'nothing was due'}.", highlight=False)
