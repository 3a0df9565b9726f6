"""Have sealed agreements prolonged now instead of at night."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from samspil.coordination.domain.seals import BEFORE, enqueue_upkeep
from samspil.kernel import clock, sealing


class Command(BaseCommand):
    help = (
        "Have the worker set an archive timestamp on every sealed agreement whose proof of time runs "
        "out soon. Does by hand what is done each night."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=BEFORE.days,
            help="what counts as soon; a large number prolongs all, for example before an algorithm grows weak",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not sealing.can_prolong():
            raise CommandError("SAMSPIL_SEAL_TSA is missing: there is nobody to ask for the time.")
        count = enqueue_upkeep(clock.now(), within=timedelta(days=options["days"]))
        self.stdout.write(f"{count} sealed files will be looked at by the worker.")
