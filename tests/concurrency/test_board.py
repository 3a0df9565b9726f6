"""Two people on the board at the same moment, with and without the lock.

The rule under test spans two cells: followers need a holder (R28). One person takes the holder
away while another adds a follower; each sees a board on which that is allowed. Only the lock on
the FKB keeps both from getting their way. The control takes the lock away and shows the broken
board, so that the test is known to see what it looks for.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections

from samspil.coordination.domain import board
from samspil.coordination.domain.board import CellChange, CellConflict
from samspil.coordination.models import Commitment
from samspil.kernel.errors import Invalid, SamspilError
from tests.factories.board import NOW, RoundCase, make_round


def run_together(*work: Callable[[], object]) -> list[BaseException | None]:
    """Run each in a thread with a connection of its own; what each raised, in order."""
    outcome: list[BaseException | None] = [None] * len(work)

    def run(index: int) -> None:
        try:
            work[index]()
        except BaseException as error:  # handed to the test
            outcome[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    return outcome


@pytest.fixture
def case() -> RoundCase:
    return make_round()


def writer(case: RoundCase, actor, *changes: CellChange) -> Callable[[], object]:
    return lambda: board.apply_changes(
        actor=actor, now=NOW, round=case.round, changes=changes, kind="cell", summary="prøve"
    )


def change(case: RoundCase, school: int, role: str, **values) -> CellChange:
    return CellChange(case.rows[0].pk, case.schools[school].pk, role, **values)


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Both writers have read the board before either writes, unless the lock keeps one out."""
    barrier = threading.Barrier(2)
    plain = board._save

    def save(*args, **kwargs):
        # Broken when the other one waits for the lock: that is what it is for.
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        return plain(*args, **kwargs)

    monkeypatch.setattr(board, "_save", save)
    return barrier


def roles(case: RoundCase) -> list[str]:
    return list(
        Commitment.objects.filter(round_course=case.rows[0])
        .order_by("organisation_id")
        .values_list("role", flat=True)
    )


def test_a_follower_and_a_holder_that_goes_cannot_both_win(case, meet):
    case.commit(case.rows[0], 0, "holder")
    outcome = run_together(
        writer(case, case.secretariat, change(case, 0, "none", expected_version=1)),
        writer(case, case.coordinator(1), change(case, 1, "follower")),
    )
    assert [type(error) for error in outcome if error] == [Invalid]
    assert roles(case) in (["none"], ["holder", "follower"])


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lock off: no row locks, and on SQLite transactions that begin without the write lock."""
    with monkeypatch.context() as patch:
        patch.setattr(board, "lock_rows", lambda rows: list(rows.order_by("pk")))
        if connection.vendor == "sqlite":
            for alias in connections:
                patch.setitem(connections.settings[alias]["OPTIONS"], "transaction_mode", None)
            connections.close_all()
        yield
    connections.close_all()


def test_control_without_the_lock_the_board_breaks(case, meet, no_lock):
    case.commit(case.rows[0], 0, "holder")
    outcome = run_together(
        writer(case, case.secretariat, change(case, 0, "none", expected_version=1)),
        writer(case, case.coordinator(1), change(case, 1, "follower")),
    )
    if connection.vendor == "sqlite":
        # SQLite notices that what the second one read is stale, and gives up with an error that
        # is not a sentence for anybody.
        assert [e for e in outcome if e and not isinstance(e, SamspilError)], outcome
    else:
        # Held apart only by the audit chain's head at the very end: both checks had passed.
        assert outcome == [None, None]
        assert roles(case) == ["none", "follower"]


def test_two_on_the_same_empty_cell_one_is_told(case, meet):
    outcome = run_together(
        writer(case, case.secretariat, change(case, 0, "own", runs=5)),
        writer(case, case.coordinator(0), change(case, 0, "own", runs=2)),
    )
    (error,) = [error for error in outcome if error]
    assert isinstance(error, CellConflict)
    winner = Commitment.objects.get()
    assert winner.version == 1
    assert error.cells[0].text == f"{winner.runs} hold"
