"""`manage.py play_round`: plays the example's round up to its meeting. A second run keeps it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from samspil.coordination.domain.round_queries import gap_rows
from samspil.coordination.models import RoundCourse
from samspil.kernel import clock
from samspil.network.models import Network
from samspil.web.example.play import STEPS, YEAR, Play, find_round, is_played
from samspil.web.example.seed import ESO
from samspil.web.example.teller import Teller


class Command(BaseCommand):
    """A line and a bar a step; the actions are those behind the pages."""

    help = "Spiller koordineringsrunden i ESØ frem til mødet."

    def handle(self, *args: Any, **options: Any) -> None:
        """Play what is missing, and say where the round stands."""
        if not Network.objects.filter(key=ESO).exists():
            raise CommandError("Eksempeldata mangler. Kør først: manage.py seed_example")
        round = find_round()
        if round is not None and is_played(round):
            gaps = gap_rows(RoundCourse.objects.filter(round_fkb__round=round)).count()
            self.stdout.write(
                f"Runden {YEAR} i ESØ ligger, som I forlod den: "
                f"{round.get_status_display().lower()}, {gaps} mål uden udbyder."
            )
            return
        with translation.override("da"):
            teller = Teller(self.stdout, steps=STEPS)  # type: ignore[arg-type]
            teller.line(f"Samspil spiller runden {YEAR} på eksempelnetværket ESØ")
            result = Play(teller, now=clock.now()).run()
            teller.line(f"Runden står til mødet med {result.gaps} mål uden udbyder.")
