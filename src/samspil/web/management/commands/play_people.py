"""`manage.py play_people`: constructed people on the example's runs. A second run keeps them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from samspil.kernel import clock
from samspil.network.models import Organisation
from samspil.web.example.kept import SCHOOL
from samspil.web.example.people import STEPS, is_played, play_people
from samspil.web.example.teller import Teller


class Command(BaseCommand):
    """A line and a bar a step; the actions are those behind the pages."""

    help = (
        "Lægger konstruerede tilmeldinger ind, med venteliste, flytteplan, fremmøde og opgørelse."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Play it once, and say what it came to."""
        if not Organisation.objects.filter(key=SCHOOL).exists():
            raise CommandError("Eksempeldata mangler. Kør først: manage.py seed_example")
        if is_played():
            self.stdout.write("De konstruerede tilmeldinger ligger, som I forlod dem.")
            return
        with translation.override("da"):
            teller = Teller(self.stdout, steps=STEPS)  # type: ignore[arg-type]
            teller.line("Samspil lægger konstruerede tilmeldinger ind hos to skoler")
            play_people(teller, now=clock.now())
