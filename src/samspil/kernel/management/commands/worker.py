"""``manage.py worker``: do what is due in the outbox until told to stop.

Calculations run beside it, one at a time, in a child process that a thread watches.
"""

from __future__ import annotations

import signal
from datetime import date, datetime
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from samspil.kernel import clock, outbox, solving


class Command(BaseCommand):
    help = "Udfører det, der venter i køen (mail, hændelser, planlægning)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Stop, når køen er tom.")
        parser.add_argument("--poll", type=float, default=1.0, help="Sekunder mellem to kig.")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = False

        def stop(signum: int, frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True  # the job at hand is finished first, a calculation is put back

        if options["once"]:
            outbox.plan_the_night(clock.now(), {})
            outbox.look_around(clock.now(), {})
            while outbox.run_due(clock.now(), limit=1) or solving.run_next():
                pass
            return
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        solver = solving.Solver()
        solver.start()
        planned: dict[str, date] = {}
        looked: dict[outbox.Watch, datetime] = {}
        try:
            while not stopping:
                outbox.plan_the_night(clock.now(), planned)
                outbox.look_around(clock.now(), looked)
                if outbox.run_due(clock.now(), limit=1) == 0:
                    solver.ended.wait(options["poll"])
                    solver.ended.clear()
        finally:
            solver.leave()
