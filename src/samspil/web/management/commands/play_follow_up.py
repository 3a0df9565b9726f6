"""`manage.py play_follow_up`: the example's agreement of 2026 beside announced runs. A second run keeps it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from samspil.compliance.models import FollowUp
from samspil.kernel import clock
from samspil.network.models import Network
from samspil.web.example.followed import YEAR, follow, is_followed
from samspil.web.example.seed import ESO


class Command(BaseCommand):
    """Thin door to what the pages do by the worker."""

    help = "Følger eksemplets aftaler for 2026 op på de annoncerede hold."

    def handle(self, *args: Any, **options: Any) -> None:
        """Play what is missing, and say how the agreements stand."""
        if not Network.objects.filter(key=ESO).exists():
            raise CommandError("Eksempeldata mangler. Kør først: manage.py seed_example")
        if not is_followed():
            with translation.override("da"):
                follow(now=clock.now())
        rows = FollowUp.objects.current().filter(round__network__key=ESO, round__year=YEAR)
        self.stdout.write(
            f"Aftalerne for {YEAR} er holdt op mod de annoncerede hold: {rows.count()} i alt, "
            f"{rows.to_act_on().count()} kræver noget. Aftalerne er konstrueret."
        )
