"""The last two leaders sign at the same moment.

Whoever signs last completes the agreement. Without the lock each sees the other's place empty,
and an agreement that all have signed stays unfinished; the control shows it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
from django.db import connection, connections

from samspil.coordination.domain import agreements, overviews
from samspil.coordination.enums import AgreementStatus, FkbStatus, SignatureStatus
from samspil.coordination.models import Agreement, RoundFkb
from samspil.kernel.errors import SamspilError
from samspil.kernel.models import AuditEvent
from tests.concurrency.test_board import run_together
from tests.factories.agreements import AgreementCase, make_agreement_case


@pytest.fixture
def kit() -> AgreementCase:
    kit = make_agreement_case()
    kit.freeze()
    agreement = kit.make()
    for index in (0, 1):
        kit.sign(agreement, index)
    return kit


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have signed before either looks whether anybody is missing, unless one waits."""
    barrier = threading.Barrier(2)
    plain = agreements._settle_agreement

    def settle(*args, **kwargs):
        # Broken when the other one waits for the lock: that is what it is for.
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        return plain(*args, **kwargs)

    monkeypatch.setattr(agreements, "_settle_agreement", settle)


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lock off: no row locks, and on SQLite transactions that begin without the write lock."""
    with monkeypatch.context() as patch:
        for module in (agreements, overviews):
            patch.setattr(module, "lock_row", lambda rows, pk: rows.get(pk=pk))
        if connection.vendor == "sqlite":
            for alias in connections:
                patch.setitem(connections.settings[alias]["OPTIONS"], "transaction_mode", None)
            connections.close_all()
        yield
    connections.close_all()


def last_two(kit: AgreementCase):
    agreement = Agreement.objects.get()
    return (lambda: kit.sign(agreement, 2)), (lambda: kit.sign(agreement, 3))


def test_the_agreement_is_completed_once(kit, meet):
    assert run_together(*last_two(kit)) == [None, None]
    assert Agreement.objects.get().status == AgreementStatus.SIGNED
    assert RoundFkb.objects.get().status == FkbStatus.AGREED
    completed = [e for e in AuditEvent.objects.all() if (e.after or {}).get("status") == "signed"]
    assert sum(e.subject_type == "coordination.agreement" for e in completed) == 1


def test_control_without_the_lock_it_stays_unfinished(kit, meet, no_lock):
    outcome = run_together(*last_two(kit))
    if connection.vendor == "sqlite":
        # SQLite notices that what the second one read is stale, and gives up with an error that
        # is not a sentence for anybody.
        assert [e for e in outcome if e and not isinstance(e, SamspilError)], outcome
    else:
        assert outcome == [None, None]
        agreement = Agreement.objects.get()
        assert not agreement.signatures.exclude(status=SignatureStatus.SIGNED).exists()
        assert agreement.status == AgreementStatus.COLLECTING


def test_a_double_click_signs_once(kit):
    agreement = Agreement.objects.get()
    assert run_together(lambda: kit.sign(agreement, 2), lambda: kit.sign(agreement, 2)) == [
        None,
        None,
    ]
    signed = AuditEvent.objects.filter(verb="coordination.sign")
    place = kit.place(agreement, 2)
    assert (
        signed.filter(subject_id=str(place.pk), subject_type="coordination.signature").count() == 1
    )
