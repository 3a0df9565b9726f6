"""Independent pieces of one solve, done by several processes at once; the answers are those of one process.

Helpers are this package's own command in processes of their own, spoken to through pipes: a helper ends when its
pipe ends, so that none outlives the solve, however that ends. Jobs are done from both ends of their list: helpers
take them from the front, the solve itself from the back, so that no process waits as long as there is work.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Generic, TypeVar

from planning.result import Watch

J = TypeVar("J")
A = TypeVar("A")

_LOOK = 0.05
"""Seconds between two looks at the watch while helpers work."""


class _Helper:
    """A process that answers jobs one at a time. Begins to load while whoever starts it goes on."""

    def __init__(self) -> None:
        paths = [path or os.getcwd() for path in sys.path]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "planning.solvers.crew"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )

    def ask(self, function: Callable[[Any, Watch[Any]], Any], job: Any, seconds: float) -> Any:
        """The helper's answer. Raises OSError, EOFError or pickle's errors when it can't give one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((function, job, seconds), self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()
        is_good, answer = pickle.load(self._process.stdout)  # noqa: S301 (our own process)
        if not is_good:
            raise OSError(answer)
        return answer

    def end(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()


class Crew:
    """This process and `processes - 1` helpers. Use as a context: helpers end with it."""

    def __init__(self, processes: int, watch: Watch[Any]) -> None:
        self._watch = watch
        self._helpers = [_Helper() for _ in range(processes - 1)]

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers:
            helper.end()
        self._helpers.clear()

    def each(
        self, function: Callable[[J, Watch[Any]], A], jobs: Sequence[J]
    ) -> Iterator[tuple[J, A]]:
        """Each job with its answer, in the jobs' order; ends early when the watch says so.

        `function` must stand in a module, and take its job and a watch; what it does must depend on the job alone.
        """
        if not self._helpers or len(jobs) < 2:
            for job in jobs:
                if self._watch.is_over:
                    return
                yield job, function(job, self._watch)
            return
        shift = _Shift(function, jobs, self._watch)
        shift.begin(self._helpers)
        try:
            yield from shift.answers()
        finally:
            if shift.leave():  # stopped: only its end ends what a helper does
                for helper in self._helpers:
                    helper.end()
                self._helpers.clear()


class _Shift(Generic[J, A]):
    """One list of jobs, worked off from both ends."""

    def __init__(
        self, function: Callable[[J, Watch[Any]], A], jobs: Sequence[J], watch: Watch[Any]
    ) -> None:
        self._function = function
        self._jobs = jobs
        self._watch = watch
        self._lock = threading.Condition()
        self._first = 0
        self._last = len(jobs)
        self._found: dict[int, A] = {}
        self._given_back: list[int] = []
        self._threads: list[threading.Thread] = []

    def begin(self, helpers: Sequence[_Helper]) -> None:
        for helper in helpers:
            thread = threading.Thread(target=self._help, args=(helper,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _help(self, helper: _Helper) -> None:
        while True:
            with self._lock:
                if self._first >= self._last or self._watch.is_over:
                    return
                number = self._first
                self._first += 1
            try:
                answer = helper.ask(self._function, self._jobs[number], self._watch.left)
            except Exception:  # noqa: BLE001 (whatever befell the helper, this process can do the job)
                with self._lock:
                    self._given_back.append(number)
                    self._lock.notify()
                return
            with self._lock:
                self._found[number] = answer
                self._lock.notify()

    def answers(self) -> Iterator[tuple[J, A]]:
        """In order; works itself while the next answer isn't there."""
        for number, job in enumerate(self._jobs):
            while number not in self._found:
                if self._watch.is_over:
                    return
                mine = self._take()
                if mine is None:
                    with self._lock:
                        if number not in self._found and not self._given_back:
                            self._lock.wait(_LOOK)
                    continue
                answer = self._function(self._jobs[mine], self._watch)
                with self._lock:
                    self._found[mine] = answer
            with self._lock:
                answer = self._found.pop(number)
            yield job, answer

    def _take(self) -> int | None:
        with self._lock:
            if self._given_back:
                return self._given_back.pop()
            if self._first < self._last:
                self._last -= 1
                return self._last
            return None

    def leave(self) -> bool:
        """No more jobs. Waits for those that helpers have begun; says whether one is still at it when all is over."""
        with self._lock:
            self._last = self._first
        for thread in self._threads:
            while thread.is_alive() and not self._watch.is_over:
                thread.join(_LOOK)
        return any(thread.is_alive() for thread in self._threads)


def main(source: IO[bytes], target: IO[bytes]) -> None:
    """A helper's life: jobs in, answers out, until the pipe ends."""
    while True:
        try:
            function, job, seconds = pickle.load(source)  # noqa: S301 (from the process that started this one)
        except EOFError:
            return
        try:
            answer: tuple[bool, object] = (True, function(job, Watch[Any](seconds)))
        except Exception as error:  # noqa: BLE001 (told to whoever asked)
            answer = (False, repr(error))
        pickle.dump(answer, target, protocol=pickle.HIGHEST_PROTOCOL)
        target.flush()


if __name__ == "__main__":
    # What a library prints must not end among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        main(sys.stdin.buffer, answers)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(0)
