"""The night and a press of the button at once: one check, one mail; one harvest, however often asked.

The control takes the lock away: the second finds its lines written already.
"""

from __future__ import annotations

import contextlib
import threading
from datetime import date
from typing import Any

import pytest

from samspil.compliance.domain import checking
from samspil.compliance.models import FollowUp, FollowUpChange, RoundCheck
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.models import MailMessage
from samspil.runs.domain import harvest
from samspil.runs.models import Harvest
from tests.concurrency.test_board import run_together
from tests.factories.compliance import FrozenCase, look, make_frozen

LATE = date(2027, 10, 20)


@pytest.fixture
def frozen() -> FrozenCase:
    made = make_frozen()
    for row in made.case.rows:
        look(row.course, LATE)
    return made


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Both have judged before either writes, unless the lock keeps one out."""
    barrier = threading.Barrier(2)
    plain = checking._judged

    def judged(*args: Any, **kwargs: Any) -> Any:
        found = plain(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        return found

    monkeypatch.setattr(checking, "_judged", judged)
    return barrier


def test_two_checks_at_once_tell_once(frozen: FrozenCase, meet: threading.Barrier) -> None:
    results = run_together(lambda: frozen.check(LATE), lambda: frozen.check(LATE))
    assert not [r for r in results if isinstance(r, Exception)], results
    assert (FollowUp.objects.count(), FollowUpChange.objects.count()) == (5, 5)
    assert RoundCheck.objects.count() == 1
    for person in frozen.case.people:
        assert MailMessage.objects.filter(to=person.email).count() <= 1
    assert MailMessage.objects.filter(to=frozen.case.secretariat_person.email).count() == 1


def test_without_the_lock_one_of_them_fails(
    frozen: FrozenCase, meet: threading.Barrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    if connection.vendor == "sqlite":
        pytest.skip("a transaction that writes holds SQLite's only lock from its beginning")
    monkeypatch.setattr(checking, "lock_row", lambda rows, pk: rows.get(pk=pk))
    results = run_together(lambda: frozen.check(LATE), lambda: frozen.check(LATE))
    assert [r for r in results if isinstance(r, Exception)]


def test_asked_for_at_once_fetched_once(frozen: FrozenCase, settings: Any) -> None:
    settings.SAMSPIL_HARVEST_URL = "http://127.0.0.1:1/{course}/{page}"

    def ask() -> Harvest:
        return harvest.request_harvest(actor=Actor.system("tests"), now=clock.now())

    results = run_together(ask, ask)
    refused = [r for r in results if isinstance(r, Exception)]
    assert len(refused) == 1 and isinstance(refused[0], Conflict)
    assert Harvest.objects.count() == 1
