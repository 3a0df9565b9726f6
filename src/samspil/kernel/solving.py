"""The worker's part of ``kernel.calculations``: a planner in a child process, watched.

Solver libraries take 60 MB and more and can crash, so they live in the child alone: its memory and
clock are limited, and it ends with the worker (``kernel.limited``). The worker reads the progress
that the child tells, keeps it with the best answer about once a second, and asks it to stop when
somebody wants the best so far.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from django.conf import settings
from django.db import close_old_connections, connections

from samspil.kernel import calculations, clock
from samspil.kernel.models import Calculation, Failure

logger = logging.getLogger(__name__)

LOOK: Final = 0.2
"""Seconds between two looks at the child."""
TELL: Final = 1.0
"""Seconds between two writes of how far it is."""
BYTES_A_SECOND: Final = 200_000
"""A large best answer is written less often, so that the database has a quiet time too."""
STOP_GRACE: Final = 10.0
"""Seconds that a child may take to answer when it is asked to stop; then the best so far is the answer."""
HURRY: Final = 0.5
"""Seconds for an answer when somebody has asked to stop before it began."""
AWAY: Final = 5.0
"""Seconds to wait when the database could not be reached."""
TAIL: Final = 4000
"""Bytes of what the child last complained of that are kept."""


class Solver:
    """One calculation at a time, in a thread of the worker, so that mail and the rest never wait."""

    def __init__(self, poll: float = 0.5) -> None:
        self._poll = poll
        self._leave = threading.Event()
        self.ended = threading.Event()
        """Set when a calculation has ended: there may be a job for its owner."""
        self._thread = threading.Thread(target=self._run, name="solver", daemon=True)

    def start(self) -> None:
        """Begin to look for calculations."""
        self._thread.start()

    def leave(self, timeout: float = 20.0) -> None:
        """End; what is calculated now is put back with its best answer, for another worker."""
        self._leave.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._leave.is_set():
                try:
                    close_old_connections()
                    if run_next(self._leave):
                        self.ended.set()
                    else:
                        self._leave.wait(self._poll)
                except Exception:
                    # The database may be away for a while; the claim runs out meanwhile.
                    logger.exception("a calculation was left")
                    connections.close_all()
                    self._leave.wait(AWAY)
        finally:
            connections.close_all()


def run_next(leave: threading.Event | None = None) -> bool:
    """Calculate what waits the longest, to its end or until ``leave`` is set. False: nothing waits."""
    claimed = calculations.claim(clock.now())
    if claimed is None:
        return False
    _Attempt(claimed, leave or threading.Event()).run()
    return True


class _Attempt:
    """One worker's try at one calculation."""

    def __init__(self, claimed: Calculation, leave: threading.Event) -> None:
        self.claimed = claimed
        self.leave = leave
        self.first = claimed.best or claimed.first
        self.earlier = float(claimed.progress.get("seconds", 0.0))
        self.progress: dict[str, Any] = dict(claimed.progress)
        self.best: dict[str, Any] | None = claimed.best
        self.is_new = False
        self.stop_at: float | None = None

    def run(self) -> None:
        """Calculate, and write how it ended."""
        claimed = self.claimed
        if claimed.attempts > calculations.MAX_ATTEMPTS:
            self._finish(self.best, Failure.CRASHED, "the worker died each time")
            return
        if claimed.asked_to_stop_at is not None and self.best is not None:
            self._finish(self.best)
            return
        with _Folder(claimed) as folder:
            ended = self._solve(folder)
            if ended and ended.code == 2 and self.first is not None:
                # The answer to begin from was written by another version: do without.
                self.first = None
                ended = self._solve(folder)
            if ended is not None:
                self._settle(ended)

    def _solve(self, folder: Path) -> _Ended | None:
        """Let a child solve it. ``None``: it is no longer ours, or was put back."""
        seconds = max(1.0, self.claimed.seconds - self.earlier)
        if self.claimed.asked_to_stop_at is not None:
            seconds = HURRY
        with _Child(self.claimed, folder, self.first, seconds) as child:
            told_at = time.monotonic()
            best_at = 0.0
            while child.is_running(LOOK):
                now = time.monotonic()
                if self.leave.is_set():
                    child.kill()
                    self._read(child)
                    calculations.put_back(self.claimed, now=clock.now(), **self._news(True))
                    return None
                self._mind_the_clock(child, now, seconds)
                if now - told_at < TELL:
                    continue
                told_at = now
                if self._is_newly_asked():
                    child.ask_to_stop()
                    self.stop_at = now + STOP_GRACE
                self._read(child)
                has_best = self.is_new and now >= best_at
                if not calculations.keep(self.claimed, now=clock.now(), **self._news(has_best)):
                    child.kill()
                    return None
                if has_best:
                    self.is_new = False
                    best_at = now + child.best_size / BYTES_A_SECOND
            self._read(child)
            return _Ended(child.code, child.answer(), child.complaint())

    def _is_newly_asked(self) -> bool:
        """Whether somebody asks for the best so far; who asked before it began gets it in a hurry."""
        if self.stop_at is not None or self.claimed.asked_to_stop_at is not None:
            return False
        return calculations.is_asked_to_stop(self.claimed)

    def _mind_the_clock(self, child: _Child, now: float, seconds: float) -> None:
        """The planner keeps its clock itself; one that doesn't is asked to stop, then ended."""
        if self.stop_at is None and now > child.began + seconds + STOP_GRACE:
            child.ask_to_stop()
            self.stop_at = now + STOP_GRACE
        if self.stop_at is not None and now > self.stop_at:
            child.kill()

    def _read(self, child: _Child) -> None:
        # The planner tells when it has something to tell; time goes by also when it hasn't.
        seconds = self.earlier + time.monotonic() - child.began
        self.progress = {**self.progress, **(child.progress or {}), "seconds": round(seconds, 1)}
        if (best := child.new_best()) is not None:
            self.best = best
            self.is_new = True

    def _news(self, has_best: bool) -> dict[str, Any]:
        news: dict[str, Any] = {"progress": self.progress}
        if has_best and self.best is not None:
            news["best"] = self.best
        return news

    def _settle(self, ended: _Ended) -> None:
        """What a child that has ended leaves: its answer, else the best so far, else a failure."""
        answer = ended.answer
        if answer is not None and (ended.code == 0 or answer.get("status") == "impossible"):
            self._finish(answer)
        elif answer is not None:
            self._finish(None, Failure.BROKE_RULES, ended.complaint)
        elif ended.code == 2:
            self._finish(None, Failure.UNREADABLE, ended.complaint)
        elif self.stop_at is not None:  # it did not answer in time when it was asked to
            self._finish(self.best, Failure.NONE if self.best else Failure.CLOCK, ended.complaint)
        else:
            wanted_more = "MemoryError" in ended.complaint or "bad_alloc" in ended.complaint
            logger.warning("calculation %s: the planner ended with %s", self.claimed.pk, ended.code)
            failure = Failure.MEMORY if wanted_more else Failure.CRASHED
            if ended.code == -signal.SIGXCPU:
                failure = Failure.CLOCK
            self._finish(self.best, failure, ended.complaint)

    def _finish(
        self, result: dict[str, Any] | None, failure: str = Failure.NONE, error: str = ""
    ) -> None:
        calculations.finish(
            self.claimed,
            now=clock.now(),
            result=result,
            failure=failure,
            error=error,
            progress=self.progress,
        )


class _Ended:
    def __init__(self, code: int, answer: dict[str, Any] | None, complaint: str) -> None:
        self.code = code
        self.answer = answer
        self.complaint = complaint


class _Folder:
    """A folder of the attempt's own; what an attempt that was killed has left is taken away too."""

    def __init__(self, claimed: Calculation) -> None:
        self.root = Path(settings.VAR) / "calculations"
        self.path = self.root / f"{claimed.pk}-{claimed.holder}"
        self.pk = claimed.pk

    def __enter__(self) -> Path:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self.root.glob(f"{self.pk}-*"):
            shutil.rmtree(left, ignore_errors=True)
        self.path.mkdir(mode=0o700)
        return self.path

    def __exit__(self, *args: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


class _Child:
    """The planner's process: what it has told, its best answer, its end."""

    def __init__(
        self, claimed: Calculation, folder: Path, first: dict[str, Any] | None, seconds: float
    ) -> None:
        self._folder = folder
        self._best = folder / "best.json"
        self._answer = folder / "answer.json"
        self._seen: tuple[int, int] | None = None
        self._rest = b""
        self._tail = b""
        self._is_closed = False
        self.best_size = 0
        self.progress: dict[str, Any] | None = None
        self.began = time.monotonic()
        problem = folder / "problem.json"
        problem.write_text(calculations.problem_text(claimed), encoding="utf-8")
        options = ["--work", str(claimed.work), "--seconds", f"{seconds:g}"]
        options += ["--seed", str(claimed.seed), "--best", str(self._best), "--progress"]
        options += ["--processes", str(settings.SAMSPIL_SOLVER_PROCESSES)]
        if first is not None:
            start = folder / "start.json"
            start.write_text(json.dumps(first), encoding="utf-8")
            options += ["--start", str(start)]
        limits = [os.getpid(), settings.SAMSPIL_SOLVER_MEMORY_MB, int(seconds) + 120]
        with self._answer.open("wb") as answer:
            self._process = subprocess.Popen(  # noqa: S603  our own planner, nothing of it from users
                [
                    *(sys.executable, "-I", str(Path(__file__).with_name("limited.py"))),
                    *(str(limit) for limit in limits),
                    *settings.SAMSPIL_SOLVER,
                    *(str(problem), *options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=_environment(),
            )
        assert self._process.stderr is not None
        self._pipe = self._process.stderr
        os.set_blocking(self._pipe.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._selector.close()
        self._pipe.close()

    @property
    def code(self) -> int:
        """How it ended; negative: by which signal."""
        return self._process.wait()

    def is_running(self, wait: float) -> bool:
        """Read what it tells for at most ``wait`` seconds; whether it goes on."""
        until = time.monotonic() + wait
        while self._process.poll() is None and (left := until - time.monotonic()) > 0:
            if self._is_closed:
                time.sleep(min(left, LOOK))
            elif self._selector.select(left):
                self._hear()
        if self._process.poll() is None:
            return True
        while self._hear():
            pass
        return False

    def _hear(self) -> bool:
        """Take in what lies in the pipe; whether there was something."""
        try:
            heard = os.read(self._pipe.fileno(), 65536)
        except BlockingIOError:
            return False
        if not heard:
            self._is_closed = True
            return False
        *lines, self._rest = (self._rest + heard).split(b"\n")
        self._rest = self._rest[-TAIL:]
        for line in lines:
            told = _object(line) if line.startswith(b"{") else None
            if told is not None and "seconds" in told:
                self.progress = told
            else:
                self._tail = (self._tail + line + b"\n")[-TAIL:]
        return True

    def ask_to_stop(self) -> None:
        """Ask for its best answer, now."""
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def new_best(self) -> dict[str, Any] | None:
        """The best answer, when there is one that was not read before."""
        try:
            found = self._best.stat()
            if (found.st_mtime_ns, found.st_ino) == self._seen:
                return None
            text = self._best.read_bytes()
        except FileNotFoundError:
            return None
        self._seen = (found.st_mtime_ns, found.st_ino)
        self.best_size = len(text)
        return _object(text)

    def answer(self) -> dict[str, Any] | None:
        """What it wrote at its end; ``None`` when that is nothing whole."""
        return _object(self._answer.read_bytes())

    def complaint(self) -> str:
        """The last that it said besides progress."""
        return (self._tail + self._rest).decode(errors="replace")


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(text)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _environment() -> dict[str, str]:
    """No passwords, the project's code, and one thread to each library."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(settings.ROOT) / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def run_due() -> int:
    """Calculate all that waits, one after the other; how many. For commands and tests."""
    done = 0
    while run_next():
        done += 1
    return done
