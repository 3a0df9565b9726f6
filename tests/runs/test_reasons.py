"""Every reason that the planner can give about runs has words that read as sentences."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.utils.translation import override

import planning.pooling as core
from samspil.runs.domain import reasons

FACTS = {
    "run": "1", "into": "1", "needed": "1", "by": "1", "shared": "Lokale 4", "heads": 3, "minimum": 10,
    "lacks": 7, "capacity": 20, "metres": 41_600, "days": -3, "runs": 4, "before": 5, "after": 14,
    "reach": 8, "size": 6, "room": 2, "own": 5, "coming": 9, "leaving": 1, "left": 0, "untaught": 1,
    "bound": 2, "more": 12_400,
}  # fmt: skip


def _codes() -> set[str]:
    source = Path(core.__file__).parent / "explain.py"
    table = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    body = table.split("a party that is asked to move", 1)[1]
    lines = re.findall(r"^ {2,4}([a-z_]+)(?= {2,}|$)", body, re.MULTILINE)
    beside = re.findall(r" {2,}([a-z]+_[a-z_]+)(?= {1,})", body)
    return {code for code in [*lines, *beside] if code != "own_"}


def _sent() -> set[str]:
    """Every code that stands in a call of ``message`` or ``Message`` in the planner."""
    source = Path(core.__file__).parent / "explain.py"
    found = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_every_code_has_words() -> None:
    assert _codes() <= set(reasons._WORDS)
    assert set(reasons._WORDS) <= _sent()


@pytest.mark.parametrize("language", ["da", "en"])
def test_they_read_as_sentences(language: str) -> None:
    with override(language):
        told = reasons.sentences(
            [{"code": code, **FACTS} for code in reasons._WORDS], {"1": "Tradium 14. september"}
        )
    assert len(told) == len(reasons._WORDS)
    for sentence in told:
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".")
        assert "%" not in sentence
    if language == "da":
        assert (
            "Nærmeste hold, der gennemføres: Tradium 14. september, 42 km væk og 3 dage fra."
            in told
        )


def test_a_later_planners_code_is_passed_over() -> None:
    assert reasons.sentences([{"code": "something_new"}], {}) == []
