"""A network's settings: names, and which courses its rounds are about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from samspil.catalogue.models import CourseRelation
from samspil.coordination.domain import rounds
from samspil.coordination.models import Round, RoundCourse
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent
from samspil.network.domain import networks
from tests.factories.board import RoundCase, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


def change(case: RoundCase, now: datetime, **values: Any) -> None:
    wanted = {
        "actor": case.secretariat,
        "version": case.network.version,
        "name": case.network.name,
        "short_name": case.network.short_name,
        "duty_relations": ["core", "linked"],
        **values,
    }
    networks.change_network(now=now, network=case.network, **wanted)


def relations_of(round: Round) -> list[str]:
    rows = RoundCourse.objects.filter(round_fkb__round=round)
    return sorted(rows.values_list("relation", flat=True))


def test_the_next_round_follows_and_the_open_one_keeps_its_own(
    case: RoundCase, now: datetime
) -> None:
    first, second, *rest = case.rows
    for row, kind in [(first, "core"), (second, "linked"), *((row, "common") for row in rest)]:
        CourseRelation.objects.update_or_create(
            fkb=case.fkb.fkb, course=row.course, defaults={"kind": kind}
        )
    before = relations_of(case.round)
    change(case, now)
    case.network.refresh_from_db()
    assert case.network.duty_relations == ["core", "linked"]
    case.round.refresh_from_db()
    assert case.round.duty_relations == ["core"]
    assert relations_of(case.round) == before
    opened = rounds.open_round(
        actor=case.secretariat,
        now=now,
        network=case.network,
        year=case.round.year + 1,
        dates=rounds.default_dates(case.round.year + 1),
        fkb_ids=[case.fkb.fkb_id],
        organisation_ids=[school.pk for school in case.schools],
        copy_from=case.round,
    )
    assert opened.duty_relations == ["core", "linked"]
    assert relations_of(opened) == ["core", "linked"]
    event = AuditEvent.objects.get(verb="network.change_network")
    assert event.before == {"duty_relations": ["core"]}
    assert event.after == {"duty_relations": ["core", "linked"]}


def test_two_at_once_and_what_makes_no_sense(case: RoundCase, now: datetime) -> None:
    change(case, now)
    with pytest.raises(Conflict):
        change(case, now, duty_relations=["common"])
    case.network.refresh_from_db()
    for wrong in ({"duty_relations": []}, {"duty_relations": ["core", "x"]}, {"name": " "}):
        with pytest.raises(Invalid):
            change(case, now, **wrong)
    change(case, now)  # nothing new: no version, no event
    assert AuditEvent.objects.filter(verb="network.change_network").count() == 1


def test_only_the_networks_own_secretariat(case: RoundCase, now: datetime) -> None:
    other = make_round(fkb="9333")
    for actor in (case.coordinator(), other.secretariat):
        with pytest.raises(Forbidden):
            change(case, now, actor=actor)


def test_the_page(case: RoundCase) -> None:
    url = f"/netvaerk/{case.network.pk}/indstillinger/"
    keeper, school = Client(), Client()
    keeper.force_login(case.secretariat_person)
    school.force_login(case.people[0])
    home = f"/netvaerk/{case.network.pk}/"
    assert url in keeper.get(home).content.decode()
    assert url not in school.get(home).content.decode()
    assert school.get(url).status_code == 403
    page = keeper.get(url).content.decode()
    assert "Runder, der allerede er oprettet, beholder de mål, de har." in page
    sent = {
        "version": case.network.version,
        "name": "Et nyt navn",
        "short_name": "Nyt",
        "duty_relations": ["core", "common"],
    }
    assert keeper.post(url, sent)["Location"] == home
    assert "Nogen har rettet samarbejdet imens." in keeper.post(url, sent).content.decode()
    case.network.refresh_from_db()
    assert case.network.name == "Et nyt navn"
    assert case.network.duty_relations == ["core", "common"]
    none = keeper.post(url, {**sent, "version": case.network.version, "duty_relations": []})
    assert "Vælg mindst én slags mål." in none.content.decode()
