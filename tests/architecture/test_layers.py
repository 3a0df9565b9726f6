"""Contexts and layers: imports, foreign keys and templates point downwards only."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "samspil"
ORDER = [
    "kernel",
    "ui",
    "network",
    "catalogue",
    "lending",
    "coordination",
    "runs",
    "enrolment",
    "settlement",
    "compliance",
    "api",
    "web",
]
LIBRARIES_BELOW = {"auth", "contenttypes", "sessions", "account", "mfa", "messages"}


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_every_context_stands_in_the_order() -> None:
    labels = {c.label for c in apps.get_app_configs() if c.name.startswith("samspil.")}
    assert labels == set(ORDER)


def test_foreign_keys_point_downwards() -> None:
    wrong = []
    for model in apps.get_models():
        label = model._meta.app_label
        if label not in ORDER:
            continue
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or field.related_model is None:
                continue
            target = field.related_model._meta.app_label
            if target == "network" and field.related_model.__name__ == "Person":
                continue  # AUTH_USER_MODEL, which Django knows as a setting
            if target in LIBRARIES_BELOW:
                continue
            if ORDER.index(target) > ORDER.index(label):
                wrong.append(f"{model._meta.label}.{field.name} -> {target}")
    assert not wrong


_USES = re.compile(r"""\{%\s*(?:extends|include)\s+["'](?P<name>[^"']+)["']""")


def test_templates_use_templates_of_lower_contexts() -> None:
    """``web/base.html`` and the error pages frame every page; contexts extend ``ui/base.html``
    or a top-level ``base.html``."""
    wrong = []
    for context in ORDER:
        for path in (SOURCE / context).glob("templates/**/*.html"):
            for match in _USES.finditer(path.read_text(encoding="utf-8")):
                target = match["name"].split("/")[0]
                if target in ORDER and ORDER.index(target) > ORDER.index(context):
                    wrong.append(f"{path.relative_to(ROOT)} uses {match['name']}")
    assert not wrong


def test_a_context_keeps_its_templates_in_a_folder_of_its_name() -> None:
    # pages for errors, the frame, and what we write over of the libraries
    shared = re.compile(r"\d{3}(_csrf)?\.html|base\.html|account|mfa|usersessions|allauth|django")
    wrong = [
        str(path.relative_to(ROOT))
        for context in ORDER
        for path in (SOURCE / context).glob("templates/*")
        if path.name != context and not (context in {"ui", "web"} and shared.fullmatch(path.name))
    ]
    assert not wrong
