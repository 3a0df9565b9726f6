"""Documents: tagged, in Danish, fonts embedded, the same bytes for the same data."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pypdf
import pytest

from samspil.kernel.documents import DocumentFailed, render_pdf
from samspil.kernel.documents.glyphs import FONT, characters_of, showable

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OVERVIEW = "coordination/documents/overview.typ"


def _data(**values):
    return {
        "title": "Koordineringsoversigt",
        "version": 1,
        "sha256": "a" * 64,
        "frozen_on": "2. marts 2026",
        "difference": [],
        "content": {
            "network": {"name": "Prøven"},
            "year": 2027,
            "fkb": {"number": "9222", "title": "Pleje"},
            "constructed": True,
            "schools": [{"key": "a", "label": "Østby"}],
            "rows": [
                {
                    "number": str(90000 + i),
                    "title": f"Mål {i}",
                    "days_text": "2,5",
                    "archived": "",
                    "offered": "1 skole",
                    "external": None,
                    "cells": {"a": {"role": "own", "words": "1 hold"}},
                }
                for i in range(80)
            ],
        },
        **values,
    }


def _tags(node, found):
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            _tags(child, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.append(node["/S"])
        if "/K" in node:
            _tags(node["/K"], found)


def test_tagged_with_language_title_and_a_table_with_heads():
    pdf = pypdf.PdfReader(io.BytesIO(render_pdf(OVERVIEW, _data(), at=AT)))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("da")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title == "Koordineringsoversigt"
    assert len(pdf.pages) > 1
    assert "Mål" in pdf.pages[1].extract_text()  # the head row is repeated
    found: list[str] = []
    _tags(root["/StructTreeRoot"]["/K"], found)
    assert found.count("/TH") >= 5
    assert {"/H1", "/H2", "/Table"} <= set(found)


def test_same_data_same_bytes():
    assert render_pdf(OVERVIEW, _data(), at=AT) == render_pdf(OVERVIEW, _data(), at=AT)


def test_a_template_outside_the_package_is_refused():
    with pytest.raises(ValueError, match="not a template"):
        render_pdf("../../../etc/passwd", {}, at=AT)


def test_a_wrong_template_is_told():
    with pytest.raises(DocumentFailed):
        render_pdf(OVERVIEW, {"title": "uden indhold"}, at=AT)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Holdet flytter 😀", "Holdet flytter \ufffd"),
        ("中文 Łódź", "\ufffd\ufffd Łódź"),
        ("uge\x01 37\x0b\ufeff\u202e", "uge 37"),
        ("A\u030arhus", "Århus"),
        ("❤\ufe0f", "\ufffd"),
        ("\ud800", "\ufffd"),
    ],
)
def test_a_character_that_the_font_lacks_stops_no_document(typed, shown):
    """PDF/UA-1 refuses what no font shows; one smiley would keep an agreement unwritten."""
    assert showable({"a": [typed]}) == {"a": [shown]}
    pdf = pypdf.PdfReader(io.BytesIO(render_pdf(OVERVIEW, _data(title=typed), at=AT)))
    assert len(pdf.pages) > 1


def test_the_reader_of_the_font_finds_what_is_in_it():
    found = characters_of(FONT.read_bytes())
    assert {ord(char) for char in "abcÆØÅæøå»«–·§½→"} <= found
    assert ord("中") not in found
