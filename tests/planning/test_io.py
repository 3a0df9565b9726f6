"""Problems and answers written down and read back, and the command that repeats an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from planning.__main__ import main
from planning.checks import ProblemError
from planning.coverage import Problem, solve
from planning.geo import road_km
from planning.planners import COVERAGE
from tests.planning.instances import by_hand, problems


@settings(max_examples=80, deadline=None)
@given(problems())
def test_what_is_written_is_read_back_the_same(problem: Problem) -> None:
    text = json.dumps(COVERAGE.write_problem(problem))
    assert COVERAGE.read_problem(json.loads(text)) == problem
    result = solve(problem)
    written = COVERAGE.write_result(problem, result)
    assert COVERAGE.read_solution(json.loads(json.dumps(written))) == result.solution


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"version": 99}, "version"),
        ({"format": "something"}, "format"),
        ({"colour": 1}, "colour"),
        ({"schools": "none"}, "schools"),
        ({"courses": [{"key": "c1", "fkb": "1", "group": "x"}]}, "courses[0].days"),
        ({"courses": [{"key": "c1", "fkb": "1", "group": "x", "days": "3"}]}, "courses[0].days"),
        ({"courses": [{"key": "c1", "fkb": "1", "group": "x", "days": True}]}, "courses[0].days"),
        ({"pins": [{"course": "c1", "school": "a", "role": "maybe"}]}, "pins[0].role"),
        ({"schools": [{"key": "a", "capacity": [["x"]]}]}, "schools[0].capacity[0]"),
        ({"schools": [7]}, "schools[0]"),
    ],
)
def test_what_is_not_a_problem_is_refused_by_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(ProblemError) as refused:
        COVERAGE.read_problem({**COVERAGE.write_problem(by_hand()), **change})
    assert refused.value.field == field


def test_the_command_repeats_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(COVERAGE.write_problem(by_hand())), encoding="utf-8")
    assert main(["solve", str(file)]) == 0
    out, err = capsys.readouterr()
    assert COVERAGE.read_solution(json.loads(out)) == solve(by_hand()).solution
    assert "2 of 3 gaps covered, at most 2 can be" in err


def test_the_command_says_what_is_wrong_with_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "problem.json"
    file.write_text("{}", encoding="utf-8")
    assert main(["solve", str(file)]) == 2
    assert "format" in capsys.readouterr().err


def test_distances_are_great_circle_times_the_road_factor() -> None:
    # Aarhus – Randers: 36 km as the crow flies.
    assert road_km(56.1629, 10.2039, 56.4607, 10.0363) == pytest.approx(45, abs=2)
    assert road_km(56.0, 10.0, 56.0, 10.0) == 0
