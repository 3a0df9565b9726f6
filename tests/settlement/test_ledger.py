"""The ledger: sums that always equal the transfers, and nothing that can be changed afterwards."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from samspil.contracts.transfers import TransferUndone
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent
from samspil.kernel.outbox import publish, run_due
from samspil.network.domain.actors import actor_for
from samspil.settlement.domain import ledger, money, queries, rates, statements
from samspil.settlement.enums import DUE, Account
from samspil.settlement.models import Entry, Posting, Statement, TransferFact
from tests.factories.board import RoundCase, make_person, make_round
from tests.factories.settlement import AFTER, NOW, SYSTEM, drawn_up, set_rates, told, transferred


@pytest.fixture
def case(db: Any) -> RoundCase:
    return make_round(fkb="9222")


def states(case: RoundCase, fact: TransferFact, fee: int, subsidy: int = 0, now: Any = NOW) -> Any:
    return ledger.state_received(
        actor=case.coordinator(0),
        now=now,
        transfer=fact,
        fee_oere=fee,
        subsidy_oere=subsidy,
        reason="",
        seen_entry=ledger.latest(fact).pk,
    )


def test_the_taxameter_follows_to_the_holder_and_is_owed_by_nobody(case: RoundCase) -> None:
    set_rates(case, subsidy=60_000_00)
    fact = transferred(case)
    # two people, three days each, 200 days to a full-time equivalent (R63, R64)
    assert ledger.balance(fact, Account.SUBSIDY) == 2 * 3 * 60_000_00 // 200
    posting = Posting.objects.get()
    assert (posting.giver, posting.receiver) == (case.schools[0], case.schools[1])
    row = queries.rows(case.coordinator(0))[0]
    assert (row.due, row.debtor) == (0, "")


def test_told_twice_it_is_entered_once(case: RoundCase) -> None:
    set_rates(case)
    for _ in range(2):
        publish(told(case), now=NOW)
    run_due(NOW)
    assert Entry.objects.count() == Posting.objects.count() == 1


def test_what_the_origin_got_it_owes_the_holder(case: RoundCase) -> None:
    fact = transferred(case)
    states(case, fact, 1_248_00)
    assert queries.rows(case.coordinator(1))[0].due == 1_248_00 * (
        1 if case.schools[0].pk < case.schools[1].pk else -1
    )
    # the same said again posts nothing; another amount posts the difference
    assert states(case, fact, 1_248_00) is None
    entry = states(case, fact, 1_000_00)
    posting = entry.postings.get()
    assert (posting.giver_id, posting.oere) == (fact.holder_id, 248_00)
    assert ledger.balance(fact, Account.FEE_DUE) == 1_000_00


def test_a_rate_that_comes_later_is_posted_as_a_difference(case: RoundCase) -> None:
    fact = transferred(case)
    assert ledger.balance(fact, Account.SUBSIDY) == 0
    assert [m.course for m in rates.missing_rates()] == [fact.course]
    set_rates(case, subsidy=59_718_00)
    run_due(NOW)
    run_due(NOW)
    assert ledger.balance(fact, Account.SUBSIDY) == money.subsidy_oere(2, 30, 59_718_00)
    assert rates.missing_rates() == []
    assert [e.kind for e in fact.entries.order_by("pk")] == ["transfer", "rate"]


def test_a_rate_that_holds_from_a_later_day_changes_nothing_before_it(case: RoundCase) -> None:
    set_rates(case, subsidy=60_000_00)
    fact = transferred(case)
    rates.add_rate(
        actor=SYSTEM,
        now=NOW,
        group_key="gruppe-3",
        group_name="",
        kind="subsidy",
        oere=70_000_00,
        valid_from=date(2027, 1, 1),
        source="konstrueret",
    )
    run_due(NOW)
    assert ledger.balance(fact, Account.SUBSIDY) == money.subsidy_oere(2, 30, 60_000_00)


def test_taken_back_every_account_is_nothing_again(case: RoundCase) -> None:
    set_rates(case)
    fact = transferred(case)
    states(case, fact, 500_00, 100_00)
    for _ in range(2):
        ledger.undo_transfer(
            actor=SYSTEM, now=NOW, told=TransferUndone("t-1", "Holdet blev aflyst")
        )
    assert [ledger.balance(fact, account) for account in Account.values] == [0, 0, 0]
    assert fact.entries.filter(kind="undone").count() == 1
    with pytest.raises(Conflict, match="fortrudt"):
        states(case, fact, 1_00)


def test_what_comes_after_the_statement_goes_into_a_later_quarter(case: RoundCase) -> None:
    set_rates(case)
    fact = transferred(case)
    statement = drawn_up(case)
    frozen = statement.content
    entry = states(case, fact, 300_00, now=AFTER)
    assert (entry.statement.year, entry.statement.quarter) == (2026, 4)
    statement.refresh_from_db()
    assert statement.content == frozen == statements.content_of(statement)


def test_the_database_refuses_changes(case: RoundCase) -> None:
    set_rates(case)
    transferred(case)
    verbs = [
        "UPDATE settlement_posting SET oere = oere + 1",
        "UPDATE settlement_entry SET heads = 9",
    ]
    verbs += ["UPDATE settlement_rate SET oere = 1", "UPDATE settlement_transferfact SET run = 'x'"]
    if connection.vendor == "postgresql":
        verbs += ["DELETE FROM settlement_posting"]
    for sql in verbs:
        with pytest.raises(Error, match="never changed"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(sql)


def test_who_may_state_what(case: RoundCase) -> None:
    fact = transferred(case)
    seen = ledger.latest(fact).pk
    common = {"now": NOW, "transfer": fact, "reason": "x", "seen_entry": seen}
    for actor in (case.coordinator(1), case.coordinator(2), case.secretariat):
        with pytest.raises(Forbidden):
            ledger.state_received(actor=actor, fee_oere=1, subsidy_oere=0, **common)
    for actor in (case.coordinator(0), case.coordinator(2), case.secretariat):
        with pytest.raises(Forbidden):
            ledger.state_participation(actor=actor, heads=1, days_tenths=30, **common)


def test_a_stale_page_and_a_slip_of_the_finger_are_refused(case: RoundCase) -> None:
    fact = transferred(case)
    old = ledger.latest(fact).pk
    states(case, fact, 100)
    with pytest.raises(Conflict, match="Hent den igen"):
        ledger.state_received(
            actor=case.coordinator(0), now=NOW, transfer=fact, fee_oere=200, subsidy_oere=0,
            reason="", seen_entry=old,
        )  # fmt: skip
    with pytest.raises(Invalid):
        states(case, fact, 10_000_000_01)
    with pytest.raises(Invalid, match="0 til 2"):
        ledger.state_participation(
            actor=case.coordinator(1), now=NOW, transfer=fact, heads=3, days_tenths=30,
            reason="flere", seen_entry=ledger.latest(fact).pk,
        )  # fmt: skip


def test_every_entry_stands_on_the_audit_trail(case: RoundCase) -> None:
    set_rates(case)
    states(case, transferred(case), 100)
    verbs = AuditEvent.objects.filter(subject_type="settlement.statement").order_by("pk")
    assert [e.verb for e in verbs] == ["settlement.post_transfer", "settlement.state_received"]


# what happens, as (verb, which transfer, first number, second number)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "received", "participation", "rate", "undo", "draw_up"]),
        st.integers(0, 3),
        st.integers(0, 5_000_00),
        st.integers(0, 60),
    ),
    min_size=1,
    max_size=14,
)


class SumsEqualTransfers(TestCase):
    """Whatever happens in whatever order, the books say what is true of the transfers."""

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(steps=STEPS)
    def test_sums(self, steps: list[tuple[str, int, int, int]]) -> None:
        case = make_round(fkb="9222")
        leader = [
            actor_for(make_person("L", roles.SCHOOL_LEADER, organisation=school), today=NOW.date())
            for school in case.schools
        ]
        truth: dict[int, dict[str, Any]] = {}
        rate: int | None = None
        now = NOW
        for verb, which, big, small in steps:
            now += timedelta(days=20)
            fact = TransferFact.objects.filter(reference=f"t-{which}").first()
            if verb == "rate":
                rate = big
                if rates.groups():
                    rates.add_rate(
                        actor=SYSTEM, now=now, group_key="gruppe-3", group_name="", kind="subsidy",
                        oere=big, valid_from=date(2020, 1, 1) + (now - NOW), source="konstrueret",
                    )  # fmt: skip
                else:
                    set_rates(case, subsidy=big)
                run_due(now)
            elif verb == "draw_up":
                for statement in Statement.objects.order_by("pk"):
                    if statement.ends_on < now.date():
                        statements.draw_up_statement(actor=SYSTEM, now=now, statement=statement)
            elif verb == "transfer" and fact is None:
                pair = [(0, 1), (1, 0), (0, 2), (2, 1)][which]
                ledger.post_transfer(
                    actor=SYSTEM,
                    now=now,
                    told=told(
                        case, f"t-{which}", heads=1 + small % 5, days_tenths=small,
                        origin_id=case.schools[pair[0]].pk, holder_id=case.schools[pair[1]].pk,
                        starts_on="2028-01-10", ends_on="2028-01-12" if which else "2026-09-12",
                    ),
                )  # fmt: skip
                truth[which] = {
                    "heads": 1 + small % 5,
                    "days": small,
                    "fee": 0,
                    "paid": 0,
                    "on": True,
                }
            elif fact is not None and verb == "undo":
                ledger.undo_transfer(
                    actor=SYSTEM, now=now, told=TransferUndone(fact.reference, "x")
                )
                truth[which] = {"heads": 0, "days": 0, "fee": 0, "paid": 0, "on": False}
            elif fact is not None and truth[which]["on"]:
                seen = ledger.latest(fact).pk
                school = {s.pk: i for i, s in enumerate(case.schools)}
                if verb == "received":
                    ledger.state_received(
                        actor=leader[school[fact.origin_id]], now=now, transfer=fact, fee_oere=big,
                        subsidy_oere=small, reason="", seen_entry=seen,
                    )  # fmt: skip
                    truth[which] |= {"fee": big, "paid": small}
                elif verb == "participation":
                    heads = min(small % 6, fact.entries.order_by("pk")[0].heads)
                    ledger.state_participation(
                        actor=leader[school[fact.holder_id]], now=now, transfer=fact, heads=heads,
                        days_tenths=big % 100, reason="målt", seen_entry=seen,
                    )  # fmt: skip
                    truth[which] |= {"heads": heads, "days": big % 100}
        due: dict[frozenset[int], int] = defaultdict(int)
        for which, facts in truth.items():
            fact = TransferFact.objects.get(reference=f"t-{which}")
            assert ledger.balance(fact, Account.FEE_DUE) == facts["fee"]
            assert ledger.balance(fact, Account.SUBSIDY_DUE) == facts["paid"]
            # a rate added after the course began still holds from its own day only; see the rate on that day
            on = rates.rate_on(fact.course, "subsidy", fact.starts_on)
            expected = (
                0 if on is None else money.subsidy_oere(facts["heads"], facts["days"], on.oere)
            )
            assert ledger.balance(fact, Account.SUBSIDY) == expected
            sign = 1 if fact.origin_id < fact.holder_id else -1
            due[frozenset((fact.origin_id, fact.holder_id))] += sign * (
                facts["fee"] + facts["paid"]
            )
        assert (rate is None) == (not rates.groups())
        # the statements of a pair, open and frozen, add up to what its transfers owe
        summed: dict[frozenset[int], int] = defaultdict(int)
        for row in queries.rows(Actor.system("tests")):
            pair_of = frozenset((row.statement.first_id, row.statement.second_id))
            summed[pair_of] += row.due
            content = statements.content_of(row.statement)
            assert content["sums"]["due"] == row.due
            if row.statement.content is not None:
                assert row.statement.content == content
        assert {k: v for k, v in summed.items() if v} == {k: v for k, v in due.items() if v}
        assert set(DUE) == {Account.FEE_DUE, Account.SUBSIDY_DUE}
