"""What the benchmarks share: a result, a stop watch, a server, a signed-in session."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Figure:
    """One measured figure against its limit, both in `unit`."""

    what: str
    value: float
    limit: float
    unit: str
    how: str

    @property
    def holds(self) -> bool:
        return self.value <= self.limit


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def free_port() -> int:
    """A port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """gunicorn as in service: threads, keep-alive; `ready` is seconds until the first answer."""

    port: int
    pid: int
    ready: float

    def workers(self) -> list[int]:
        """Process ids of the worker processes."""
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in path.read_text().split()]


@contextmanager
def server(*, workers: int = 2, threads: int = 4, log: Path | None = None) -> Iterator[Server]:
    """Run gunicorn on loopback and end it by its process id."""
    port = free_port()
    start = time.perf_counter()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "samspil.config.wsgi:application"),
            *("--config", ROOT / "src/samspil/config/gunicorn.py", "--bind", f"127.0.0.1:{port}"),
            *("--workers", str(workers), "--threads", str(threads), "--log-level", "error"),
        ],
        cwd=ROOT / "src",
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "SAMSPIL_ACCESS_LOG": str(log) if log else "",
        },
    )
    try:
        ready = _wait(port, process, start)
        yield Server(port, process.pid, ready)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], start: float) -> float:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("The server ended before it answered.")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
        except OSError:
            time.sleep(0.02)
            continue
        return time.perf_counter() - start
    raise RuntimeError("The server did not answer within the time allowed.")


def get(connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[float, int, int]:
    """Milliseconds, status and bytes of one page over a kept connection.

    A connection that the server has let go of is opened again, as a browser does.
    """
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
    start = time.perf_counter()
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
    except http.client.RemoteDisconnected:
        connection.close()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
    body = answer.read()
    return (time.perf_counter() - start) * 1000, answer.status, len(body)


def server_times(log: Path, path: str) -> list[float]:
    """Milliseconds that the server spent on each answered page, out of gunicorn's own log."""
    times = []
    for line in log.read_text().splitlines():
        method, asked, status, _bytes, taken = line.split()[-5:]
        if (method, asked, status) == ("GET", path, "200"):
            times.append(float(taken.removesuffix("ms")))
    return times


def cpu_ms(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds of CPU that `work` takes on average: this process and its database backend.

    Waiting for a processor does not count, so the figure bears other work on the machine.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()

    def spent() -> float:
        on_cpu = int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])
        return time.process_time() * 1e3 + on_cpu / 1e6

    start = spent()
    for _ in range(rounds):
        work()
    return (spent() - start) / rounds


def session_cookie(person: object) -> str:
    """Sign a person in by writing the session, as the sign-in page would."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])  # type: ignore[arg-type]
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


def worker_mb(seconds: float = 20.0) -> float:
    """Proportional set size in MB of `manage.py worker` after it has done all that waits, or so long."""
    process = subprocess.Popen(
        [sys.executable, ROOT / "src/manage.py", "worker"],
        cwd=ROOT / "src",
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(seconds)
        return pss_mb(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def pss_mb(pid: int) -> float:
    """Proportional set size of a process in MB: shared pages are shared out."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("The kernel does not tell the size of the process.")
