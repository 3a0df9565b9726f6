"""The limit of the API is one for all processes of the machine."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from samspil.api.domain import limit
from samspil.api.domain.limit import Limit

EACH = 150


def make(folder: Path, name: str = "limit.bin") -> Limit:
    return Limit(folder / name, "prøve")


def _knock(folder: Path, name: str, now: float, answers: object) -> None:
    mine = make(folder, name)
    answers.put(sum(mine.take("ip:192.0.2.1", 100, now)[1] == 0 for _ in range(EACH)))  # type: ignore[attr-defined]


def _let_in(folder: Path, names: list[str]) -> int:
    """How many are let in when as many processes as names knock at once, all within one moment."""
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    doors = [spawn.Process(target=_knock, args=(folder, name, 1000.0, answers)) for name in names]
    for door in doors:
        door.start()
    found = sum(answers.get(timeout=60) for _ in doors)
    for door in doors:
        door.join(timeout=60)
    return found


@pytest.mark.slow
def test_processes_share_the_limit(tmp_path: Path) -> None:
    assert _let_in(tmp_path, ["a", "a", "a"]) == 100
    # the control: each with a file of its own, and everybody is let in three times as often
    assert _let_in(tmp_path, ["b", "c", "d"]) == 300


def test_what_is_left_and_how_long_to_wait(tmp_path: Path) -> None:
    mine, other = make(tmp_path), make(tmp_path)
    assert [mine.take("a", 3, 10.0)[0], other.take("a", 3, 10.0)[0]] == [2, 1]
    assert mine.take("a", 3, 10.0) == (0, 0.0)
    left, wait = other.take("a", 3, 10.0)
    assert (left, round(wait, 3)) == (0, 20.0)
    left, wait = other.take("a", 3, 25.0)  # who is refused is not made to wait longer
    assert (left, round(wait, 3)) == (0, 5.0)
    assert mine.take("a", 3, 30.0) == (0, 0.0)
    assert mine.take("a", 3, 1000.0) == (2, 0.0)


def test_a_machine_that_was_started_anew_locks_nobody_out(tmp_path: Path) -> None:
    before = make(tmp_path)
    for _ in range(3):
        before.take("a", 3, 9_000_000.0)
    assert make(tmp_path).take("a", 3, 5.0) == (2, 0.0)


def test_the_busy_are_remembered_when_many_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limit, "_ROWS", 1)
    mine = make(tmp_path)
    for _ in range(10):
        mine.take("busy", 10, 0.5)
    for number in range(50):
        mine.take(f"visitor {number}", 10, 0.5)
    assert mine.take("busy", 10, 0.5)[1] > 0


def test_no_address_stands_in_the_file(tmp_path: Path) -> None:
    make(tmp_path).take("ip:192.0.2.1", 100, 5.0)
    content = (tmp_path / "limit.bin").read_bytes()
    assert len(content) == limit.SIZE and any(content)
    assert b"192" not in content
    assert (tmp_path / "limit.bin").stat().st_mode & 0o077 == 0


def test_without_a_file_a_process_counts_for_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("not a folder")
    alone = Limit(tmp_path / "taken" / "limit.bin", "prøve")
    assert alone.take("a", 1, 5.0) == (0, 0.0)
    assert alone.take("a", 1, 5.0)[1] == 60.0
    assert "counted per process" in caplog.text
