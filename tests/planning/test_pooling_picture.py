"""The drawn answer says what the answer says, to those who see it and to those who don't."""

from __future__ import annotations

import re
from itertools import combinations
from math import hypot
from xml.etree import ElementTree

import pytest

from benchmarks.studies.draw import moves, signed_up, timeline
from benchmarks.studies.snapshot import snapshot
from planning.pooling import Problem, Solution, score, solve

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn() -> tuple[Problem, Solution, ElementTree.Element]:
    problem = snapshot()
    answer = solve(problem).solution
    return problem, answer, ElementTree.fromstring(timeline(problem, answer))


def test_it_has_a_name_and_a_description(
    drawn: tuple[Problem, Solution, ElementTree.Element],
) -> None:
    svg = drawn[2]
    assert svg.get("role") == "img"
    told = {part.get("id"): part.text for part in svg if part.tag in (f"{SVG}title", f"{SVG}desc")}
    assert (svg.get("aria-labelledby") or "").split() == list(told)
    assert all(told.values())
    assert not svg.findall(f".//{SVG}style") and not svg.findall(f".//{SVG}script")


def test_every_run_with_people_is_a_circle_with_its_number(
    drawn: tuple[Problem, Solution, ElementTree.Element],
) -> None:
    problem, answer, svg = drawn
    signed = signed_up(problem)
    wanted = sorted(
        answer.heads_of_run.get(run.key, 0) if run.key in answer.held else signed[run.key]
        for run in problem.runs
        if signed.get(run.key) or answer.heads_of_run.get(run.key)
    )
    groups = svg.findall(f"{SVG}g")
    assert sorted(int(group.findtext(f"{SVG}text") or -1) for group in groups) == wanted
    for group in groups:
        told = group.findtext(f"{SVG}title") or ""
        is_filled = group.find(f"{SVG}circle").get("stroke") is None  # type: ignore[union-attr]
        assert ("gennemføres med" in told) == is_filled


def test_no_circle_hides_another(drawn: tuple[Problem, Solution, ElementTree.Element]) -> None:
    found = [
        (float(circle.get("cx") or 0), float(circle.get("cy") or 0))
        for circle in drawn[2].findall(f"{SVG}g/{SVG}circle")
    ]
    assert all(hypot(a - x, b - y) >= 22 for (a, b), (x, y) in combinations(found, 2))


def test_every_move_is_an_arrow_and_a_row_of_the_table(
    drawn: tuple[Problem, Solution, ElementTree.Element],
) -> None:
    problem, answer, svg = drawn
    rows = moves(problem, answer)
    assert sum(row.heads for row in rows) == score(problem, answer).asked
    arrows = [path for path in svg.findall(f"{SVG}path") if " Q" in (path.get("d") or "")]
    assert len(arrows) == len(rows)
    assert re.search(r"\b201 af 216\b", svg.findtext(f"{SVG}desc") or "")
