"""Agreements with schools outside the circle are followed up too (R27): by the secretariat, whose they are."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.test import Client

from samspil.compliance.domain import naming, queries
from samspil.compliance.domain.words import reason_words
from samspil.compliance.models import FollowUp, OutsideSchool
from samspil.coordination.domain import board, overviews
from samspil.coordination.models import Overview
from samspil.kernel import roles
from samspil.kernel.errors import Forbidden, Invalid, NotFound
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.kernel.tasks import tasks_for
from samspil.network.domain.actors import actor_for
from samspil.network.models import Network, Organisation
from tests.coordination.test_board import PDF
from tests.factories.board import NOW, RoundCase, make_person, make_round
from tests.factories.compliance import FrozenCase, announce, freeze, look

pytestmark = pytest.mark.django_db
EARLY, LATE = date(2027, 3, 1), date(2027, 10, 20)
NAME = "SOSU Langtborte"


def make_school(key: str, name: str = NAME, **values: Any) -> Organisation:
    return Organisation.objects.create(key=key, name=name, is_constructed=True, **values)


def agreed_with(
    name: str = NAME, organisation: Organisation | None = None, **values: Any
) -> FrozenCase:
    """The frozen round with a fifth course, which a school outside the circle holds."""
    case = make_round(status="signing", schools=4, courses=5, fkb="9222")
    register(case, name, organisation, **values)
    return freeze(case)


def register(case: RoundCase, name: str, organisation: Organisation | None, **values: Any) -> None:
    board.register_external_agreement(
        actor=case.secretariat,
        now=NOW,
        round_course=case.rows[4],
        school_name=name,
        organisation=organisation,
        content=PDF,
        file_name="aftale.pdf",
        **values,
    )


def outside(frozen: FrozenCase) -> FollowUp:
    return FollowUp.objects.outside().get(round=frozen.case.round)


def by_hand(frozen: FrozenCase, school: Organisation | None, **more: Any) -> None:
    naming.name_outside_school(
        actor=more.pop("actor", frozen.case.secretariat),
        now=NOW,
        round=frozen.case.round,
        outside=OutsideSchool.objects.get(network=frozen.case.network),
        organisation=school,
    )


def test_it_is_held_against_the_runs_of_that_school() -> None:
    school = make_school("langtborte")
    frozen = agreed_with(organisation=school, when_text="3. kvartal")
    course = frozen.case.rows[4].course
    frozen.check(EARLY)
    row = outside(frozen)
    assert (row.organisation, row.role, row.status) == (school, "external", "pending")
    assert (row.starts_on, row.ends_on) == (date(2027, 7, 1), date(2027, 9, 30))
    assert row.due_on == date(2027, 8, 31)  # 28 days before the last start of a course of 3 days
    look(course, LATE)
    announce(course, frozen.case.schools[0], "X1")  # another school's run is not what was agreed
    frozen.check(LATE)
    assert outside(frozen).status == "missing"
    announce(course, school, "X2")
    frozen.check(LATE)
    row = outside(frozen)
    assert (row.status, row.announced, row.organisation) == ("kept", 1, school)
    assert [c.after for c in row.changes.order_by("pk")] == ["pending", "missing", "kept"]


@pytest.mark.parametrize(
    "values",
    [
        {"name": NAME},
        {"name": "Noget andet", "aliases": ["SOSU Langtborte"]},
        {"name": "Social- og sundhedsskolen", "short_name": "sosu langtborte"},
    ],
)
def test_a_school_is_known_by_any_of_its_names(values: dict[str, Any]) -> None:
    school = make_school("langtborte", **values)
    frozen = agreed_with()
    frozen.check(EARLY)
    assert outside(frozen).organisation == school


def test_a_school_is_known_by_its_institution_number() -> None:
    school = make_school("langtborte", "Skolen", institution_number="280999")
    frozen = agreed_with("280999")
    frozen.check(EARLY)
    assert outside(frozen).organisation == school


def test_the_school_that_was_chosen_counts_before_its_name() -> None:
    chosen, _other = make_school("a"), make_school("b")
    frozen = agreed_with(organisation=chosen)
    frozen.check(EARLY)
    assert outside(frozen).organisation == chosen


def test_a_merged_school_stands_as_its_successor() -> None:
    new = make_school("ny", "Den nye")
    old = make_school("gammel", successor=new, valid_to=date(2026, 12, 31))
    frozen = agreed_with(organisation=old)
    announce(frozen.case.rows[4].course, new, "X1")
    frozen.check(EARLY)
    row = outside(frozen)
    assert (row.organisation, row.status) == (new, "kept")


def test_an_older_overview_holds_the_name_alone() -> None:
    school = make_school("langtborte")
    frozen = agreed_with(organisation=school)
    for overview in Overview.objects.all():
        for line in overview.content["rows"]:
            if line["external"]:
                del line["external"]["key"]
        Overview.objects.filter(pk=overview.pk).update(content=overview.content)
    frozen.check(EARLY)
    assert outside(frozen).organisation == school
    old = Overview.objects.get()
    new = overviews.content_of(frozen.case.fkb)
    assert overviews.changes_between(old.content, new) == []  # the key alone is no difference


def test_nobody_knows_which_school() -> None:
    frozen = agreed_with()
    frozen.check(LATE)
    row = outside(frozen)
    assert (row.organisation, row.status, row.reason["code"]) == (None, "unknown", "school_unknown")
    assert "vælge den i registret" in reason_words(row.reason)
    tasks = [task.title for task in tasks_for(frozen.case.secretariat, EARLY)]
    assert "1 aftale for 2027 holdes ikke, som den skal" in tasks


def test_several_schools_have_the_name() -> None:
    make_school("a")
    other = make_school("b")
    frozen = agreed_with()
    frozen.check(EARLY)
    row = outside(frozen)
    assert row.reason == {"code": "school_several", "count": 2}
    assert reason_words(row.reason).startswith("2 skoler kan hedde det")
    announce(frozen.case.rows[4].course, other, "X1")
    by_hand(frozen, other)
    row.refresh_from_db()
    assert (row.organisation, row.status) == (other, "kept")
    frozen.check(LATE)  # what was said stays said
    assert outside(frozen).organisation == other
    event = AuditEvent.objects.filter(verb="compliance.name_outside_school").get()
    assert event.after == {"name": NAME, "school": "b"}


def test_a_school_that_stands_nowhere_is_asked_by_the_secretariat_itself() -> None:
    frozen = agreed_with()
    frozen.check(EARLY)
    by_hand(frozen, None)
    row = outside(frozen)
    assert (row.status, row.reason["code"]) == ("unknown", "school_nowhere")
    assert not FollowUp.objects.to_act_on().filter(pk=row.pk).exists()
    make_school("langtborte")  # what a person has said is not guessed anew
    frozen.check(LATE)
    assert outside(frozen).organisation is None


def test_a_school_that_comes_into_the_register_is_found_the_next_night() -> None:
    frozen = agreed_with()
    frozen.check(EARLY)
    school = make_school("langtborte")
    frozen.check(LATE)
    assert outside(frozen).organisation == school
    assert OutsideSchool.objects.get().organisation == school


def test_who_may_say_it_and_of_whom() -> None:
    frozen = agreed_with()
    frozen.check(EARLY)
    with pytest.raises(Forbidden):
        by_hand(frozen, None, actor=frozen.case.coordinator(0))
    with pytest.raises(Invalid, match="selv med i runden"):
        by_hand(frozen, frozen.case.schools[0])
    assert not OutsideSchool.objects.get().is_said


def mails() -> dict[str, str]:
    return {mail.to: mail.text for mail in MailMessage.objects.order_by("pk")}


def test_the_secretariat_is_told_and_the_school_is_not() -> None:
    school = make_school("langtborte")
    stranger = make_person("Fremmed", roles.SCHOOL_COORDINATOR, organisation=school)
    frozen = agreed_with(organisation=school)
    for row in frozen.case.rows:
        look(row.course, LATE)
    frozen.check(LATE)
    told = mails()
    assert stranger.email not in told
    body = told[frozen.case.secretariat_person.email]
    assert f"{NAME}, {frozen.case.rows[4].course.number}" in body
    assert "Tal selv med dem" in body
    assert all(NAME not in told[p.email] for p in frozen.case.people if p.email in told)
    before = MailMessage.objects.count()
    frozen.check(LATE)
    assert MailMessage.objects.count() == before


def test_it_is_the_secretariats_alone() -> None:
    school = make_school("langtborte")
    stranger = make_person("Fremmed", roles.SCHOOL_COORDINATOR, organisation=school)
    frozen = agreed_with(organisation=school)
    frozen.check(EARLY)
    mine = FollowUp.objects.visible_to(actor_for(stranger, today=EARLY))
    assert not mine.exists()
    assert not FollowUp.objects.visible_to(frozen.case.coordinator(0)).outside().exists()
    assert not [t for t in tasks_for(actor_for(stranger, today=EARLY), EARLY) if "2027" in t.title]
    pk = OutsideSchool.objects.get().pk
    with pytest.raises(NotFound):
        queries.outside_school(frozen.case.coordinator(0), frozen.case.round.pk, pk)


def test_a_network_says_its_own_names() -> None:
    frozen = agreed_with()
    frozen.check(EARLY)
    other = Network.objects.create(key="andet", name="Andet", short_name="Andet")
    foreign = OutsideSchool.objects.create(network=other, folded="x", name="X")
    with pytest.raises(ObjectDoesNotExist):
        naming.name_outside_school(
            actor=frozen.case.secretariat,
            now=NOW,
            round=frozen.case.round,
            outside=foreign,
            organisation=None,
        )


def test_an_agreement_that_is_gone_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = agreed_with()
    frozen.check(EARLY)
    overview = Overview.objects.get()
    overview.content["rows"][4]["external"] = None
    Overview.objects.filter(pk=overview.pk).update(content=overview.content)
    frozen.check(LATE)
    assert not outside(frozen).is_current


def test_the_pages(client: Client) -> None:
    frozen = agreed_with(when_text="uge 38")
    case = frozen.case
    frozen.check(LATE)
    client.force_login(case.secretariat_person)
    base = f"/opfoelgning/runde/{case.round.pk}/"
    url = f"{base}uden-for/{OutsideSchool.objects.get().pk}/"
    page = client.get(base).content.decode()
    assert "Skoler uden for kredsen" in page and "Vælg skole" in page and url in page
    assert "Vælg skolen, så ser vi efter dens hold." in client.get(url).content.decode()
    empty = client.post(url, {})
    assert empty.status_code == 400 and "Vælg, hvilken skole det er." in empty.content.decode()
    wrong = client.post(url, {"organisation": "999999"})
    assert wrong.status_code == 400
    school = make_school("langtborte", "Skolen langt borte", city="Skagen")
    look(case.rows[4].course, LATE)
    saved = client.post(url, {"organisation": school.pk}, follow=True).content.decode()
    assert "Gemt. Aftalerne er kontrolleret igen." in saved and "Valgt af" in saved
    assert "Skolen langt borte (Skagen)" in saved
    story = client.get(f"/opfoelgning/aftale/{outside(frozen).pk}/").content.decode()
    assert "Aftale uden for kredsen" in story and "Skolen langt borte" in story and url in story
    assert NAME in client.get(f"{base}maal/{case.rows[4].pk}/").content.decode()
    assert case.schools[0].name in page
    client.force_login(case.people[0])
    assert NAME not in client.get(base).content.decode()
    assert client.get(url).status_code == 404
    assert client.post(url, {"organisation": school.pk}).status_code == 404


def test_it_is_in_the_list_as_excel(client: Client) -> None:
    frozen = agreed_with()
    frozen.check(EARLY)
    _round, rows = queries.export_rows(frozen.case.secretariat, frozen.case.round.pk)
    assert [row.school_name for row in rows][-1] == NAME
    client.force_login(frozen.case.secretariat_person)
    url = f"/opfoelgning/runde/{frozen.case.round.pk}/opfoelgning.xlsx"
    assert client.get(url).status_code == 200
