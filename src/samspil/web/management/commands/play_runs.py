"""`manage.py play_runs`: reads the real runs of one course in and puts them together."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from samspil.kernel import clock
from samspil.network.models import Network
from samspil.web.example.pooled import COURSE, STEPS, is_pooled, pool_snapshot
from samspil.web.example.seed import ESO
from samspil.web.example.teller import Teller


class Command(BaseCommand):
    """A line and a bar a step; the actions are those behind the pages."""

    help = "Læser de virkelige hold på ét mål ind og lægger dem sammen."

    def handle(self, *args: Any, **options: Any) -> None:
        """Play it once, and say what it came to."""
        if not Network.objects.filter(key=ESO).exists():
            raise CommandError("Eksempeldata mangler. Kør først: manage.py seed_example")
        if is_pooled():
            self.stdout.write(f"Holdene på {COURSE} ligger, som I forlod dem.")
            return
        with translation.override("da"):
            teller = Teller(self.stdout, steps=STEPS)  # type: ignore[arg-type]
            teller.line(f"Samspil lægger de annoncerede hold på {COURSE} sammen")
            pool_snapshot(teller, now=clock.now())
