"""A returned workbook is saved while somebody corrects the same field on the screen.

With the lock on the form one of them is first and the other sees it: the workbook's field has
become a conflict, or the screen is told. The control takes the lock away: both succeed, and the
correction on the screen is silently gone.
"""

from __future__ import annotations

import contextlib
import threading

import pytest
from django.db import connection

from samspil.coordination.domain import forms, returns
from samspil.coordination.domain.forms import IntentChange
from samspil.coordination.models import Intent, Return
from samspil.kernel.errors import Conflict
from tests.concurrency.test_board import run_together
from tests.coordination.test_returns import form_of, receive
from tests.factories.board import NOW, RoundCase, make_round


@pytest.fixture
def case() -> RoundCase:
    case = make_round(status="collecting")
    case.intend(case.rows[0], 0, offers=True, runs=1)
    return case


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read before either writes, unless the lock keeps one out."""
    barrier = threading.Barrier(2)
    plain = forms._store

    def store(intents) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        plain(intents)

    monkeypatch.setattr(forms, "_store", store)


def both(case: RoundCase, ret: Return) -> list[BaseException | None]:
    form, actor = form_of(case), case.coordinator()
    return run_together(
        lambda: returns.apply_return(
            actor=actor, now=NOW, ret=ret, answers={}, expected_version=ret.version
        ),
        lambda: forms.save_intents(
            actor=actor,
            now=NOW,
            form=form,
            source="screen",
            changes=[IntentChange(case.rows[0].pk, {"runs": 5}, 1)],
        ),
    )


@pytest.mark.usefixtures("meet")
def test_one_is_first_and_the_other_sees_it(case: RoundCase) -> None:
    ret = receive(case, {0: {"runs": 3}})
    workbook, screen = both(case, ret)
    intent = Intent.objects.get()
    ret.refresh_from_db()
    assert workbook is None
    if screen is None:
        assert intent.runs == 5
        assert ret.questions == 1
    else:
        assert isinstance(screen, Conflict)
        assert intent.runs == 3
    assert intent.version == 2


@pytest.mark.usefixtures("meet")
def test_control_without_the_lock_a_correction_is_lost(
    case: RoundCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite holds its write lock from the beginning of every transaction")
    unlocked = lambda queryset, pk: queryset.get(pk=pk)  # noqa: E731
    monkeypatch.setattr(forms, "lock_row", unlocked)
    monkeypatch.setattr(forms, "lock_rows", lambda queryset: list(queryset))
    monkeypatch.setattr(returns, "lock_row", unlocked)
    ret = receive(case, {0: {"runs": 3}})
    assert both(case, ret) == [None, None]
    assert Intent.objects.get().version == 2  # two savings, one version: one of them is lost


@pytest.mark.usefixtures("meet")
def test_two_people_save_the_same_return(case: RoundCase) -> None:
    ret = receive(case, {0: {"runs": 3}})
    actor = case.coordinator()

    def save() -> None:
        returns.apply_return(
            actor=actor, now=NOW, ret=ret, answers={}, expected_version=ret.version
        )

    outcome = run_together(save, save)
    assert sorted(type(error).__name__ for error in outcome) == ["Conflict", "NoneType"]
    ret.refresh_from_db()
    assert len(ret.applied) == 1
