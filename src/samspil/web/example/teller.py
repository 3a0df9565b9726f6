"""Tell people what happens: a line a step, a progress bar, and remarks below it.

On a terminal the bar moves; elsewhere every step is one finished line, so that logs stay tidy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

WIDTH = 24
FULL, EMPTY = "█", "░"


@dataclass
class Step:
    """One step that is under way; `done` counts towards `total`."""

    teller: Teller
    title: str
    total: int
    done: int = 0
    outcome: str = ""
    remarks: list[str] = field(default_factory=list)

    def advance(self, what: str = "") -> None:
        """One unit is done; `what` is shown beside the bar while it moves."""
        self.done = min(self.total, self.done + 1)
        self.teller.draw(self, what)

    def say(self, remark: str) -> None:
        """A line that is shown below the step when it is finished."""
        self.remarks.append(remark)


class Teller:
    """Writes steps to a stream. `steps` is how many there will be."""

    def __init__(self, out: TextIO, *, steps: int) -> None:
        self.out = out
        self.steps = steps
        self.number = 0
        self.moves = bool(getattr(out, "isatty", lambda: False)())

    def line(self, text: str = "") -> None:
        """A line of its own."""
        self.out.write(text + "\n")

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Step]:
        """A numbered step of `total` units. Its outcome and remarks are written at the end."""
        self.number += 1
        step = Step(self, title, max(1, total))
        self.draw(step)
        yield step
        step.done = step.total
        self.draw(step, step.outcome, last=True)
        for remark in step.remarks:
            self.line("      " + remark)

    def draw(self, step: Step, beside: str = "", *, last: bool = False) -> None:
        """The step's line as it is now; only the last drawing stays."""
        if not last and not self.moves:
            return
        full = WIDTH * step.done // step.total
        bar = FULL * full + EMPTY * (WIDTH - full)
        text = f"[{self.number}/{self.steps}] {step.title:<22} {bar} {beside}".rstrip()
        if self.moves:
            self.out.write(f"\r\033[K{text}" + ("\n" if last else ""))
            self.out.flush()
        else:
            self.line(text)
