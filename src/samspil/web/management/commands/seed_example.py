"""`manage.py seed_example`: the example network. A second run changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.web.example.loans import lend
from samspil.web.example.seed import seed_example


class Command(BaseCommand):
    """Thin door to the action `web.seed_example`."""

    help = "Lægger eksempeldata ind: virkelige skoler og FKB'er og et konstrueret katalog."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and say what was written."""
        done = seed_example(actor=Actor.system("eksempeldata"), now=clock.now())
        if done.was_there:
            self.stdout.write("Eksempeldata ligger der allerede. Intet er ændret.")
            return
        made = lend(now=clock.now())
        if made:
            done.counts["udlån"] = len(made)
        counts = ", ".join(f"{_thousands(n)} {what}" for what, n in done.counts.items())
        self.stdout.write(f"Eksempeldata er lagt ind: {counts}.")


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", ".")
