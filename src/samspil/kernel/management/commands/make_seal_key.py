"""Make a key to seal with, for trying out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from samspil.kernel import clock
from samspil.kernel.sealing import trial_key


class Command(BaseCommand):
    help = (
        "Make a key to seal agreements with and a root of one's own that nobody outside trusts. "
        "The password is read from SAMSPIL_SEAL_PASSWORD."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="an empty folder for the files of the key")
        parser.add_argument("--organisation", required=True, help="who seals: the network's name")

    def handle(self, *, folder: Path, organisation: str, **options: Any) -> None:
        password = os.environ.get("SAMSPIL_SEAL_PASSWORD", "")
        if not password:
            raise CommandError("Set SAMSPIL_SEAL_PASSWORD first.")
        try:
            trial_key.write_folder(
                folder,
                common="Samspil-segl",
                organisation=organisation,
                password=password,
                now=clock.now(),
            )
        except FileExistsError as error:
            raise CommandError(f"{error} is there already.") from error
        self.stdout.write(
            f"SAMSPIL_SEAL_KEY={folder / trial_key.KEY}\n"
            f"SAMSPIL_SEAL_TRUST={folder / trial_key.KNOWN}\n"
            f"SAMSPIL_SEAL_REVOCATION={folder / trial_key.REVOKED}"
        )
