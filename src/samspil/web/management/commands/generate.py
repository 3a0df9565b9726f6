"""`manage.py generate`: a constructed catalogue of any size, as CSV files or in the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.web.example.generator import SIZES, generate
from samspil.web.example.seed import load_catalogue


class Command(BaseCommand):
    """Size and seed in; CSV files, or rows in a network of its own, out."""

    help = "Laver et konstrueret katalog i valgt størrelse til belastningsprøver."

    def add_arguments(self, parser: CommandParser) -> None:
        """A named size, single numbers that override it, and where to put the rows."""
        parser.add_argument("--seed", type=int, default=1, help="samme tal giver samme katalog")
        parser.add_argument("--size", choices=sorted(SIZES), default="small")
        for name in ("fkbs", "courses", "schools", "approvals", "runs"):
            parser.add_argument(f"--{name}", type=int)
        parser.add_argument("--folder", type=Path, help="skriv CSV-filer i denne mappe")
        parser.add_argument(
            "--load", action="store_true", help="læg kataloget i databasen (uden de enkelte hold)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate, write what was asked for, and say what it was."""
        if not options["folder"] and not options["load"]:
            raise CommandError("Vælg --folder, --load eller begge dele.")
        names = ("fkbs", "courses", "schools", "approvals", "runs")
        given = {name: options[name] for name in names if options[name] is not None}
        try:
            catalogue = generate(options["seed"], replace(SIZES[options["size"]], **given))
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["folder"]:
            for path in catalogue.write_csv(options["folder"]):
                self.stdout.write(f"Skrev {path}")
        if options["load"]:
            counts = load_catalogue(
                actor=Actor.system("generator"),
                now=clock.now(),
                catalogue=catalogue,
                network_key="konstrueret",
                network_name="Konstrueret netværk",
            )
            said = ", ".join(f"{number} {what}" for what, number in counts.items())
            self.stdout.write(f"Lagt i databasen: {said}.")
