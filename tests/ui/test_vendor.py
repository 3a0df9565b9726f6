"""What is vendored is whole, small and named with its licence."""

from __future__ import annotations

import re
from pathlib import Path

import brotli
import pytest

STATIC = Path(__file__).resolve().parents[2] / "src" / "samspil" / "ui" / "static" / "ui"
VENDOR = STATIC / "vendor"


@pytest.mark.parametrize("name", ["dkfds", "plex", "htmx"])
def test_vendored_packages_name_version_and_licence(name: str) -> None:
    version = (VENDOR / name / "VERSION").read_text(encoding="utf-8")
    assert re.search(r" \d+\.\d+\.\d+ \(npm\)", version)
    assert "licence:" in version
    assert any(path.name.startswith("LICENSE") for path in (VENDOR / name).iterdir())


@pytest.mark.parametrize("sheet", sorted(STATIC.rglob("*.css")), ids=lambda p: p.name)
def test_stylesheets_name_only_files_that_are_there(sheet: Path) -> None:
    for url in re.findall(r"url\(([^)]+)\)", sheet.read_text(encoding="utf-8")):
        assert (sheet.parent / url.strip("\"'")).resolve().is_file(), url


def test_icons_used_are_in_the_sprite() -> None:
    sprite = (STATIC / "icons.svg").read_text(encoding="utf-8")
    there = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    source = STATIC.parents[2]
    used = {
        name
        for path in source.rglob("templates/**/*.html")
        for name in re.findall(r'(?:icon "|icon=")([a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    assert used <= there


def test_the_first_visit_weighs_less_than_350_kb() -> None:
    """Stylesheets and scripts as compressed in service, fonts as they are: under 350 kB."""
    compressed = [*STATIC.rglob("*.css"), *STATIC.rglob("*.js"), STATIC / "icons.svg"]
    weight = sum(len(brotli.compress(path.read_bytes(), quality=5)) for path in compressed)
    weight += sum(path.stat().st_size for path in VENDOR.rglob("*Latin1.woff2"))
    assert weight < 250_000, weight
