"""A real worker process on the database of the test."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = [sys.executable, str(Path(__file__).with_name("stand_in_planner.py"))]


class Worker:
    """``manage.py worker`` from ``with`` to its end, however that comes."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "src" / "manage.py"), "worker", "--poll", "0.1"],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.support.worker_settings",
                "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
                "SAMSPIL_TEST_DB_NAME": str(connection.settings_dict["NAME"]),
                "SAMSPIL_TEST_SOLVER": shlex.join(settings.SAMSPIL_SOLVER),
            },
        )
        return self

    def __exit__(self, *args: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def kill(self) -> None:
        """As the machine's power cut, or the kernel short of memory."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> int:
        """As a new version is put into service; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)


def wait_for(what: Callable[[], Any], seconds: float = 40.0) -> Any:
    """The first true value; fails when there is none in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def is_alive(pid: int) -> bool:
    """Whether a process runs (one that has ended and waits to be noticed doesn't)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
