"""``manage.py worker``: do what is due in the outbox until told to stop."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from samspil.kernel import clock, outbox


class Command(BaseCommand):
    help = "Udfører det, der venter i køen (mail, hændelser, planlægning)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Stop, når køen er tom.")
        parser.add_argument("--poll", type=float, default=1.0, help="Sekunder mellem to kig.")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = False

        def stop(signum: int, frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True  # the job at hand is finished first

        if not options["once"]:
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
        while not stopping:
            done = outbox.run_due(clock.now(), limit=1)
            if done == 0:
                if options["once"]:
                    return
                time.sleep(options["poll"])
