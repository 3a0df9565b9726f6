"""Which municipalities a school serves: on its page, by list, and what nobody serves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.imports import actions as imports
from samspil.kernel.models import AuditEvent
from samspil.kernel.spreadsheets.writer import SafeWorkbook
from samspil.network.domain import territories
from samspil.network.models import Membership, Municipality, Territory
from tests.factories.board import RoundCase, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def places() -> list[Municipality]:
    """Four municipalities in two regions; constructed, with real names."""
    return [
        Municipality.objects.create(code=code, name=name, region=region, lat=56.0, lon=10.0)
        for code, name, region in (
            ("0751", "Aarhus", "Midtjylland"),
            ("0740", "Silkeborg", "Midtjylland"),
            ("0730", "Randers", "Midtjylland"),
            ("0101", "København", "Hovedstaden"),
        )
    ]


def names(school: object) -> list[str]:
    return [place.name for place in territories.served_by(school)]  # type: ignore[arg-type]


def test_exactly_what_was_chosen(
    case: RoundCase, places: list[Municipality], now: datetime
) -> None:
    school = case.schools[0]
    aarhus, silkeborg, *_ = (place.pk for place in places)

    def choose(*ids: int, seen: tuple[int, ...] = (), actor: Actor | None = None) -> None:
        territories.set_territory(
            actor=actor or case.secretariat,
            now=now,
            organisation=school,
            municipality_ids=ids,
            seen=seen,
        )

    choose(aarhus, silkeborg)
    assert names(school) == ["Aarhus", "Silkeborg"]
    with pytest.raises(Conflict):
        choose(aarhus)
    with pytest.raises(Invalid):
        choose(aarhus, 0, seen=(aarhus, silkeborg))
    with pytest.raises(Forbidden):
        choose(aarhus, seen=(aarhus, silkeborg), actor=case.coordinator(1))
    choose(silkeborg, seen=(silkeborg, aarhus))
    assert names(school) == ["Silkeborg"]
    choose(silkeborg, seen=(silkeborg,))  # nothing new
    events = AuditEvent.objects.filter(verb="network.set_territory").order_by("pk")
    assert [event.after for event in events] == [
        {"municipalities": ["Aarhus", "Silkeborg"]},
        {"municipalities": ["Silkeborg"]},
    ]


def test_the_pages(case: RoundCase, places: list[Municipality]) -> None:
    school = case.schools[0]
    keeper, colleague = Client(), Client()
    keeper.force_login(case.secretariat_person)
    colleague.force_login(case.people[1])
    url = f"/netvaerk/organisation/{school.pk}/kommuner/"
    assert colleague.get(url).status_code == 403
    page = keeper.get(url).content.decode()
    assert "Midtjylland" in page and "Silkeborg" in page
    # the regions stand in the order of their names: the first is Hovedstaden
    sent = {"seen": "", "region_1": [places[0].pk, places[2].pk]}
    assert keeper.post(url, sent).status_code == 302
    assert "Nogen har rettet skolens kommuner imens." in keeper.post(url, sent).content.decode()
    own = colleague.get(f"/netvaerk/organisation/{school.pk}/").content.decode()
    assert "Aarhus, Randers" in own
    network = colleague.get(f"/netvaerk/{case.network.pk}/").content.decode()
    assert "Skolerne dækker 2 af 3 kommuner." in network
    assert "Ingen dækker</strong> Silkeborg." in network
    assert "København" not in network


def test_a_school_that_left_covers_nothing(case: RoundCase, places: list[Municipality]) -> None:
    Territory.objects.create(organisation=case.schools[0], municipality=places[0])
    today = date(2026, 3, 2)
    assert [region.name for region in territories.coverage(case.network, today=today)] == [
        "Midtjylland"
    ]
    # a guest from far away serves, but its region is not the network's to look at
    Territory.objects.create(organisation=case.schools[1], municipality=places[3])
    guest = Membership.objects.filter(organisation=case.schools[1])
    assert len(territories.coverage(case.network, today=today)) == 2
    guest.update(kind="invited")
    assert len(territories.coverage(case.network, today=today)) == 1
    Membership.objects.filter(organisation=case.schools[0]).update(valid_to=date(2026, 3, 1))
    assert territories.coverage(case.network, today=today) == []


def test_the_same_queries_for_one_and_many(case: RoundCase, places: list[Municipality]) -> None:
    today = date(2026, 3, 2)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            territories.coverage(case.network, today=today)
        return len(queries)

    Territory.objects.create(organisation=case.schools[0], municipality=places[0])
    one = count()
    for school in case.schools[1:]:
        for place in places:
            Territory.objects.create(organisation=school, municipality=place)
    assert count() == one == 3


def as_csv(rows: list[list[str]]) -> bytes:
    return "\n".join(";".join(row) for row in rows).encode()


def as_excel(rows: list[list[str]]) -> bytes:
    book = SafeWorkbook()
    book.add_sheet("Kommuner").table(0, rows[0], rows[1:])
    return book.close()


@pytest.mark.parametrize(("name", "written"), [("k.csv", as_csv), ("k.xlsx", as_excel)])
def test_a_list_is_read_in_and_taken_back(
    case: RoundCase, places: list[Municipality], now: datetime, name: str, written: Any
) -> None:
    first, second = case.schools[:2]
    Territory.objects.create(organisation=first, municipality=places[0])
    rows = [
        ["Skole", "Kommune"],
        [first.name, "Aarhus"],
        [first.short_name, "0740, Randers Kommune"],
        [second.name, "Atlantis"],
        ["Ukendt Skole", "Aarhus"],
    ]
    batch = imports.upload(
        actor=case.secretariat,
        now=now,
        spec="network.territories",
        content=written(rows),
        name=name,
    )
    by_row = {row.row_number: row for row in batch.rows.all()}
    assert [by_row[n].state for n in sorted(by_row)] == ["unchanged", "new", "error", "error"]
    assert "Kommunen »Atlantis« kender vi ikke." in str(by_row[4].messages)
    assert "Skolen »Ukendt Skole« kender vi ikke." in str(by_row[5].messages)
    assert names(first) == ["Aarhus"]
    applied = imports.apply(actor=case.secretariat, now=now, batch=batch)
    assert names(first) == ["Aarhus", "Randers", "Silkeborg"]
    imports.undo(actor=case.secretariat, now=now, batch=applied)
    assert names(first) == ["Aarhus"]


def test_nobody_reads_in_another_networks_schools(
    case: RoundCase, places: list[Municipality], now: datetime
) -> None:
    other = make_round(fkb="9333")
    batch = imports.upload(
        actor=other.secretariat,
        now=now,
        spec="network.territories",
        content=f"Skole;Kommune\n{case.schools[0].key};Aarhus\n".encode(),
        name="kommuner.csv",
    )
    (row,) = batch.rows.all()
    assert row.state == "error"
    assert "hører til et andet samarbejde" in str(row.messages)
