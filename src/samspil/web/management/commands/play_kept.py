"""`manage.py play_kept`: runs that a school of the example keeps in Samspil. A second run keeps them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.network.models import Organisation
from samspil.runs.models import CourseRun
from samspil.web.example import kept


class Command(BaseCommand):
    """Thin door to what a school does on its pages."""

    help = "Lægger eksemplets konstruerede hold ind hos en skole."

    def handle(self, *args: Any, **options: Any) -> None:
        """Play what is missing, and say what is there."""
        if not Organisation.objects.filter(key=kept.SCHOOL).exists():
            raise CommandError("Eksempeldata mangler. Kør først: manage.py seed_example")
        if not kept.is_kept():
            with translation.override("da"):
                kept.keep_example_runs(actor=Actor.system("eksempeldata"), now=clock.now())
        own = CourseRun.objects.own().count()
        past = CourseRun.objects.filter(source=kept.SOURCE).count()
        self.stdout.write(
            f"{own} hold planlægges i Samspil, og {past} tidligere viser, hvordan de fyldtes. Konstrueret."
        )
