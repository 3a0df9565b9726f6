"""Statements: drawn up, approved by both, disputed; pages, files, and who sees what."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import Job, MailMessage
from samspil.kernel.outbox import run_due
from samspil.kernel.spreadsheets import reader
from samspil.kernel.tasks import tasks_for
from samspil.network.domain.actors import actor_for
from samspil.settlement.domain import disputes, ledger, statements
from samspil.settlement.models import Approval, Dispute, Statement
from tests.factories.board import RoundCase, make_person, make_round
from tests.factories.settlement import AFTER, NOW, drawn_up, set_rates, transferred


@pytest.fixture
def case(db: Any) -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def leaders(case: RoundCase) -> list[Any]:
    return [
        make_person(f"Leder {i}", roles.SCHOOL_LEADER, organisation=school)
        for i, school in enumerate(case.schools)
    ]


def actor(person: Any) -> Actor:
    return actor_for(person, today=NOW.date())


def client(person: Any) -> Client:
    made = Client()
    made.force_login(person)
    return made


def approve(
    case: RoundCase, leaders: list[Any], statement: Statement, which: int, **values: Any
) -> Any:
    return statements.approve_statement(
        **{
            "actor": actor(leaders[which]),
            "now": AFTER,
            "statement": statement,
            "organisation_id": case.schools[which].pk,
            "sha256": statement.sha256,
            **values,
        }
    )


def test_both_approve_and_the_second_closes(case: RoundCase, leaders: list[Any]) -> None:
    set_rates(case)
    transferred(case)
    statement = drawn_up(case)
    assert {m.to for m in MailMessage.objects.all()} == {leaders[0].email, leaders[1].email}
    assert [t.title for t in tasks_for(actor(leaders[0]), AFTER.date()) if "Godkend" in t.title]
    approve(case, leaders, statement, 0)
    approve(case, leaders, statement, 0)  # a double click
    statement.refresh_from_db()
    assert (statement.status, Approval.objects.count()) == ("pending", 1)
    assert not [t for t in tasks_for(actor(leaders[0]), AFTER.date()) if "Godkend" in t.title]
    approve(case, leaders, statement, 1)
    run_due(AFTER)
    statement.refresh_from_db()
    assert statement.status == "closed"
    assert statement.pdf is not None
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(statement.pdf.read())).pages)
    assert "Leder 0" in text and "Leder 1" in text
    sent = MailMessage.objects.filter(category="settlement.statement_closed")
    assert sent.count() == 2 and all(m.attachments.count() == 1 for m in sent)


def test_only_a_leader_approves_and_only_what_was_read(case: RoundCase, leaders: list[Any]) -> None:
    set_rates(case)
    transferred(case)
    statement = drawn_up(case)
    with pytest.raises(Forbidden):
        approve(case, leaders, statement, 0, actor=case.coordinator(0))
    with pytest.raises(Forbidden):  # for the other school
        approve(case, leaders, statement, 0, organisation_id=case.schools[1].pk)
    with pytest.raises(Forbidden):  # a school that is no party
        approve(case, leaders, statement, 2)
    with pytest.raises(Conflict):
        approve(case, leaders, statement, 0, sha256="0" * 64)
    assert not Approval.objects.exists()


def test_a_quarter_that_goes_on_is_not_drawn_up(case: RoundCase) -> None:
    transferred(case)
    with pytest.raises(Conflict, match="ikke slut"):
        drawn_up(case, now=NOW)


def test_the_worker_draws_up_a_week_after_the_quarter_and_reminds(
    case: RoundCase, leaders: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    transferred(case)

    def at(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)
        run_due(moment)

    at(AFTER - timedelta(days=3))
    assert Statement.objects.get().status == "open"
    at(AFTER)
    assert Statement.objects.get().status == "pending"
    at(AFTER + timedelta(days=15))
    assert MailMessage.objects.filter(category="settlement.statement_reminder").count() == 2
    assert Job.objects.filter(kind="settlement.remind", state="waiting").count() == 1


def test_a_dispute_stops_approval_until_it_is_settled(case: RoundCase, leaders: list[Any]) -> None:
    set_rates(case)
    fact = transferred(case)
    statement = drawn_up(case)
    common: dict[str, Any] = {"now": AFTER}
    entry = statement.entries.get()
    with pytest.raises(Invalid):
        disputes.raise_dispute(
            actor=case.coordinator(1), statement=statement, organisation_id=case.schools[1].pk,
            entry_id=entry.pk, text="  ", **common,
        )  # fmt: skip
    made = disputes.raise_dispute(
        actor=case.coordinator(1), statement=statement, organisation_id=case.schools[1].pk,
        entry_id=entry.pk, text="Der kom kun en.", **common,
    )  # fmt: skip
    with pytest.raises(Conflict, match="indsigelse"):
        approve(case, leaders, statement, 0)
    with pytest.raises(Conflict, match="allerede"):
        disputes.raise_dispute(
            actor=case.coordinator(0), statement=statement, organisation_id=case.schools[0].pk,
            entry_id=entry.pk, text="Også os", **common,
        )  # fmt: skip
    assert (
        MailMessage.objects.filter(category="settlement.dispute").get().to == case.people[0].email
    )
    assert [t for t in tasks_for(case.coordinator(0), AFTER.date()) if "Svar" in t.title]
    speak = {"dispute": made, "text": "Enig, ret det.", **common}
    disputes.answer_dispute(actor=case.coordinator(0), organisation_id=case.schools[0].pk, **speak)
    with pytest.raises(Conflict, match="tur"):
        disputes.answer_dispute(
            actor=case.coordinator(0), organisation_id=case.schools[0].pk, **speak
        )
    ledger.state_participation(
        actor=case.coordinator(1), transfer=fact, heads=1, days_tenths=30,
        reason="En kom ikke", seen_entry=ledger.latest(fact).pk, **common,
    )  # fmt: skip
    with pytest.raises(Forbidden):
        disputes.settle_dispute(
            actor=case.coordinator(0), dispute=made, organisation_id=case.schools[0].pk, **common
        )
    disputes.settle_dispute(
        actor=case.coordinator(1), dispute=made, organisation_id=case.schools[1].pk, **common
    )
    statement.refresh_from_db()
    assert statement.status == "pending"
    # what was put right stands in the next quarter, as a difference
    later = Statement.objects.get(quarter=4)
    assert [e.kind for e in later.entries.all()] == ["participation"]
    assert Dispute.objects.get().messages.count() == 2


def test_the_two_schools_see_lines_the_secretariat_sums_others_nothing(
    case: RoundCase, leaders: list[Any]
) -> None:
    set_rates(case)
    fact = transferred(case)
    statement = drawn_up(case)
    url = f"/afregning/opgoerelse/{statement.pk}/"
    page = client(case.people[0]).get(url).content.decode()
    assert "prøve-1" in page
    page = client(case.secretariat_person).get(url).content.decode()
    assert "prøve-1" not in page and "Sekretariatet ser summerne" in page
    assert client(case.people[2]).get(url).status_code == 404
    for path in (f"{url}afregning.csv", f"{url}afregning.xlsx", f"{url}afregning.pdf",
                 f"/afregning/overfoersel/{fact.pk}/"):  # fmt: skip
        assert client(case.people[1]).get(path).status_code == 200
        assert client(case.people[2]).get(path).status_code == 404
        assert client(case.secretariat_person).get(path).status_code == 404


def test_approving_disputing_and_stating_by_plain_posts(
    case: RoundCase, leaders: list[Any]
) -> None:
    set_rates(case)
    fact = transferred(case)
    sender, holder = client(case.people[0]), client(case.people[1])
    path = f"/afregning/overfoersel/{fact.pk}/"
    seen = ledger.latest(fact).pk
    assert "1.248,00 kr." in sender.get(f"{path}modtaget/").content.decode()
    sent = sender.post(
        f"{path}modtaget/",
        {"fee": "1.248,00", "subsidy": "0", "reason": "", "seen_entry": seen},
    )
    assert sent.status_code == 302
    assert ledger.balance(fact, "fee_due") == 1_248_00
    again = sender.post(
        f"{path}modtaget/", {"fee": "9", "subsidy": "0", "reason": "", "seen_entry": seen}
    )
    assert "Hent den igen" in again.content.decode()
    assert holder.get(f"{path}modtaget/").status_code == 403
    wrong = holder.post(
        f"{path}deltagelse/", {"heads": "9", "days": "x", "reason": "", "seen_entry": "1"}
    )
    assert wrong.status_code == 200 and "error" in wrong.content.decode()
    statement = drawn_up(case)
    url = f"/afregning/opgoerelse/{statement.pk}/"
    entry = statement.entries.order_by("pk")[0]
    made = holder.post(
        f"{url}bilag/{entry.pk}/indsigelse/",
        {"text": "Forkert", "organisation": case.schools[1].pk},
    )
    assert made.status_code == 302 and "Forkert" in sender.get(made.url).content.decode()
    sender.post(made.url, {"text": "Nej, se listen", "organisation": case.schools[0].pk})
    assert "Nej, se listen" in holder.get(made.url).content.decode()
    holder.post(f"{made.url}afslut/")
    for i in (0, 1):
        done = client(leaders[i]).post(
            f"{url}godkend/",
            {"organisation": case.schools[i].pk, "sha256": statement.sha256},
            follow=True,
        )
        assert "godkendt" in done.content.decode()
    statement.refresh_from_db()
    assert statement.status == "closed"


def test_files_hold_what_the_books_say(case: RoundCase) -> None:
    set_rates(case)
    fact = transferred(case)
    ledger.state_received(
        actor=case.coordinator(0), now=NOW, transfer=fact, fee_oere=1_248_00, subsidy_oere=0,
        reason="=HYPERLINK(1)", seen_entry=ledger.latest(fact).pk,
    )  # fmt: skip
    statement = drawn_up(case)
    url = f"/afregning/opgoerelse/{statement.pk}/"
    got = client(case.people[0]).get(f"{url}afregning.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(got), delimiter=";"))
    assert [(r["konto"], r["skyldes"], r["beloeb_oere"]) for r in rows] == [
        ("subsidy", "nej", "180000"),
        ("fee_due", "ja", "124800"),
    ]
    assert rows[1]["tekst"] == "'=HYPERLINK(1)"
    assert {r["format"] for r in rows} == {"samspil-afregning"}
    book = reader.read_workbook(client(case.people[0]).get(f"{url}afregning.xlsx").content, "xlsx")
    assert book


def test_the_list_asks_as_often_for_three_as_for_one(case: RoundCase) -> None:
    set_rates(case)
    person = client(case.people[0])
    transferred(case)
    person.get("/afregning/")
    with CaptureQueriesContext(connection) as one:
        person.get("/afregning/")
    transferred(case, "t-2", ends_on="2026-12-09")
    transferred(case, "t-3", holder_id=case.schools[2].pk)
    person.get("/afregning/")  # the menu counts the tasks anew when something has happened
    with CaptureQueriesContext(connection) as three:
        assert person.get("/afregning/").content.decode().count("/afregning/opgoerelse/") == 3
    assert len(one) == len(three)
