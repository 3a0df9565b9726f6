"""Organisations, people and roles; a school that leaves, a school that merges."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from samspil.catalogue.models import Approval, Fkb
from samspil.contracts.network import SchoolLeft
from samspil.kernel import outbox, roles
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import AuditEvent, Job, MailMessage
from samspil.network.domain import organisations, people
from samspil.network.domain.actors import actor_for
from samspil.network.domain.queries import OrganisationIndex
from samspil.network.models import Invitation, Membership, Organisation, Person, RoleAssignment
from tests.factories.board import RoundCase, make_person, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def keeper(case: RoundCase) -> Client:
    client = Client()
    client.force_login(case.secretariat_person)
    return client


def test_a_school_leaves_in_the_middle_of_the_year(
    case: RoundCase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(outbox.RECEIVERS, SchoolLeft, ["tests.left"])
    school = case.schools[0]
    place = Membership.objects.get(organisation=school)
    organisations.leave(
        actor=case.secretariat, now=now, membership=place, on=date(2026, 3, 31), reason="Konkurs"
    )
    place.refresh_from_db()
    assert place.valid_to == date(2026, 3, 31)
    job = Job.objects.get(kind="tests.left")
    assert job.payload == {
        "network_id": case.network.pk,
        "organisation_id": school.pk,
        "left_on": "2026-03-31",
        "reason": "Konkurs",
    }
    with pytest.raises(Conflict):
        organisations.leave(actor=case.secretariat, now=now, membership=place, on=date(2026, 4, 1))


def test_a_school_cannot_leave_on_behalf_of_another(case: RoundCase, now: datetime) -> None:
    place = Membership.objects.get(organisation=case.schools[1])
    with pytest.raises(Forbidden):
        organisations.leave(
            actor=case.coordinator(0), now=now, membership=place, on=date(2026, 3, 31)
        )


def test_a_name_changes_and_the_old_one_is_found(case: RoundCase, now: datetime) -> None:
    school = case.schools[0]
    old = school.name
    organisations.rename_organisation(
        actor=case.secretariat, now=now, organisation=school, name="SOSU MV", on=date(2026, 8, 1)
    )
    school.refresh_from_db()
    assert school.name == "SOSU MV"
    assert school.names.get().valid_to == date(2026, 7, 31)
    assert OrganisationIndex.load().find(old) == [school]
    with pytest.raises(Invalid):
        organisations.rename_organisation(
            actor=case.secretariat, now=now, organisation=school, name="X", on=date(2026, 7, 1)
        )


def test_two_schools_become_one(case: RoundCase, now: datetime) -> None:
    old, new = case.schools[:2]
    organisations.merge_organisations(
        actor=case.secretariat, now=now, organisation=old, successor=new, on=date(2026, 8, 1)
    )
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.successor, old.valid_to) == (new, date(2026, 7, 31))
    assert not old.memberships.filter(valid_to=None).exists()
    assert new.memberships.filter(valid_to=None).count() == 1
    assert OrganisationIndex.load().find(old.name) == [new]
    with pytest.raises(Conflict):
        organisations.merge_organisations(
            actor=case.secretariat,
            now=now,
            organisation=old,
            successor=case.schools[2],
            on=date(2026, 8, 1),
        )
    with pytest.raises(Invalid):
        organisations.merge_organisations(
            actor=case.secretariat, now=now, organisation=new, successor=old, on=date(2026, 9, 1)
        )


def test_a_merger_carries_approvals_over_and_leaves_gaps(case: RoundCase, now: datetime) -> None:
    old, new = case.schools[:2]
    extra = Fkb.objects.create(number="9999", title="Kun den ene")
    Approval.objects.create(organisation=old, fkb=extra, valid_from=date(2019, 10, 1))
    case.commit(case.rows[0], 0, "own")
    organisations.merge_organisations(
        actor=case.secretariat, now=now, organisation=old, successor=new, on=date(2026, 8, 1)
    )
    for _twice in range(2):
        outbox.run_due(now)
        Job.objects.update(state="waiting", done_at=None)
    taken = Approval.objects.get(organisation=new, fkb=extra)
    assert (taken.valid_from, taken.evidence) == (date(2026, 8, 1), "implied")
    assert not old.approvals.filter(valid_to=None).exists()
    assert new.approvals.filter(fkb=case.fkb.fkb, valid_to=None).count() == 1
    assert case.round.schools.get(organisation=old).left_on == date(2026, 7, 31)


def test_schools_are_found_by_what_people_write(case: RoundCase) -> None:
    school = Organisation.objects.create(
        key="sosu-oj", name="SOSU Østjylland", short_name="SOSU ØJ", aliases=["SOSU Aarhus"]
    )
    index = OrganisationIndex.load()
    for written in ("SOSU ØJ", "sosu østjylland", "SOSU-Aarhus", "sosu oestj", "sosu-oj"):
        assert index.find(written) == [school], written
    assert index.find("") == []
    assert index.find("Ukendt") == []


def link_in(mail: MailMessage) -> str:
    found = re.search(r"https?://\S+?(/netvaerk/velkommen/\S+)", mail.text)
    assert found
    return found[1]


def test_somebody_new_comes_by_invitation(case: RoundCase, keeper: Client) -> None:
    answer = keeper.post(
        f"/netvaerk/organisation/{case.schools[0].pk}/inviter/",
        {"name": "Ny Gæst", "email": "Gaest@Example.test", "role": "school_coordinator"},
    )
    assert answer.status_code == 302
    mail = MailMessage.objects.get()
    assert mail.to == "gaest@example.test"
    url = link_in(mail)
    guest = Client()
    assert "Ny Gæst" in guest.get(url).content.decode()
    short = guest.post(url, {"name": "Ny Gæst", "password": "kort", "again": "kort"})
    assert short.status_code == 200
    assert not Person.objects.filter(email="gaest@example.test").exists()
    assert (
        guest.post(
            url,
            {"name": "Ny Gæst", "password": "et langt kodeord 7", "again": "et langt kodeord 7"},
        ).status_code
        == 302
    )
    person = Person.objects.get(email="gaest@example.test")
    assert person.check_password("et langt kodeord 7")
    assert person.role_assignments.get().organisation == case.schools[0]
    assert guest.get(url).status_code == 404
    assert Invitation.objects.get().token_hash not in url
    assert {"network.invite", "network.accept_invitation"} <= set(
        AuditEvent.objects.values_list("verb", flat=True)
    )


def test_somebody_who_is_here_must_be_who_was_invited(
    case: RoundCase, keeper: Client, now: datetime
) -> None:
    known = case.people[1]
    keeper.post(
        f"/netvaerk/{case.network.pk}/inviter/",
        {"name": known.name, "email": known.email, "role": "reader"},
    )
    url = link_in(MailMessage.objects.get())
    stranger = Client()
    stranger.force_login(case.people[0])
    stranger.post(url)
    assert not RoleAssignment.objects.filter(network=case.network, role="reader").exists()
    stranger.force_login(known)
    stranger.post(url)
    assert RoleAssignment.objects.get(network=case.network, role="reader").person == known


def test_an_invitation_runs_out_and_is_taken_back(case: RoundCase, now: datetime) -> None:
    actor = case.secretariat
    first = people.invite(
        actor=actor, now=now, scope=case.network, email="a@example.test", name="A", role="reader"
    )
    token = link_in(MailMessage.objects.get()).rstrip("/").rpartition("/")[2]
    with pytest.raises(NotFound):
        people.open_invitation(token, now=now + timedelta(days=15))
    with pytest.raises(Invalid):
        people.invite(
            actor=actor,
            now=now,
            scope=case.network,
            email="a@example.test",
            name="A",
            role="reader",
        )
    people.withdraw_invitation(actor=actor, now=now, invitation=first)
    with pytest.raises(NotFound):
        people.open_invitation(token, now=now)


def test_roles_stay_within_their_scope(case: RoundCase, now: datetime) -> None:
    with pytest.raises(Invalid):
        people.invite(
            actor=case.secretariat,
            now=now,
            scope=case.network,
            email="a@example.test",
            name="A",
            role="platform_admin",
        )
    with pytest.raises(Forbidden):
        people.invite(
            actor=case.coordinator(0),
            now=now,
            scope=case.network,
            email="a@example.test",
            name="A",
            role="reader",
        )


def test_a_network_keeps_one_coordinator(case: RoundCase, now: datetime) -> None:
    role = case.secretariat_person.role_assignments.get()
    with pytest.raises(Conflict, match="mindst én koordinator"):
        people.end_role(actor=case.secretariat, now=now, assignment=role, on=now.date())


def test_pages_show_what_they_should(case: RoundCase, keeper: Client) -> None:
    page = keeper.get(f"/netvaerk/{case.network.pk}/").content.decode()
    assert case.schools[0].name in page
    assert "Tag en skole med" in page
    school = Client()
    school.force_login(case.people[0])
    assert "Tag en skole med" not in school.get(f"/netvaerk/{case.network.pk}/").content.decode()
    for url in (
        f"/netvaerk/{case.network.pk}/personer/",
        f"/netvaerk/organisation/{case.schools[0].pk}/",
    ):
        assert keeper.get(url).status_code == 200
        assert school.get(url).status_code == 200


def test_an_organisation_is_edited_with_its_version(case: RoundCase, keeper: Client) -> None:
    school: Any = case.schools[0]
    url = f"/netvaerk/organisation/{school.pk}/ret/"
    form = {
        "version": school.version,
        "kind": "school",
        "short_name": "Kort",
        "aliases": "Et navn\nEt til",
        "postcode": "8000",
    }
    assert keeper.post(url, form).status_code == 302
    assert "Nogen har rettet" in keeper.post(url, form).content.decode()
    school.refresh_from_db()
    assert (school.short_name, school.aliases) == ("Kort", ["Et navn", "Et til"])


class TestWhoIsToldOfALeader:
    """A leader signs for the school: those who answer for it hear when an outsider changes one."""

    @pytest.fixture
    def school(self, case: RoundCase) -> Organisation:
        """A member of the first network and a guest of a second, with a leader of its own."""
        school = case.schools[0]
        self.other = make_round(fkb="9333")
        Membership.objects.create(network=self.other.network, organisation=school, kind="invited")
        self.leader = make_person("Leder Lund", roles.SCHOOL_LEADER, organisation=school)
        make_person("Læser Lund", roles.READER, organisation=school)
        return school

    def told(self) -> list[str]:
        mails = MailMessage.objects.filter(category="network.leader_changed").order_by("pk")
        return sorted(mail.to for mail in mails)

    def test_the_school_and_its_other_networks(
        self, case: RoundCase, school: Organisation, now: datetime, smtp_server: Any
    ) -> None:
        expected = sorted(
            person.email for person in (self.leader, case.people[0], self.other.secretariat_person)
        )
        invitation = people.invite(
            actor=case.secretariat,
            now=now,
            scope=school,
            email="ny@example.test",
            name="Nora Ny",
            role="school_leader",
        )
        assert self.told() == expected
        outbox.run_due(now)
        (got,) = (
            mail for mail in smtp_server.inbox.received if mail.recipients == [self.leader.email]
        )
        text = got.message.get_body(("plain",)).get_content()
        assert "Sekretær Sørensen" in text
        assert f"har inviteret Nora Ny som skoleleder for {school.name}." in text
        assert f"/netvaerk/organisation/{school.pk}/" in text
        people.withdraw_invitation(actor=case.secretariat, now=now, invitation=invitation)
        assert self.told() == sorted(expected * 2)

    def test_a_leader_who_is_withdrawn_is_not_the_one_who_is_told(
        self, case: RoundCase, school: Organisation, now: datetime
    ) -> None:
        role = RoleAssignment.objects.get(person=self.leader)
        people.end_role(actor=case.secretariat, now=now, assignment=role, on=now.date())
        assert self.told() == sorted([case.people[0].email, self.other.secretariat_person.email])
        mail = MailMessage.objects.filter(category="network.leader_changed").order_by("pk")[0]
        assert "Leder Lund er ikke længere skoleleder" in mail.text

    def test_nobody_is_told_of_other_roles_or_of_the_schools_own_doing(
        self, case: RoundCase, school: Organisation, now: datetime
    ) -> None:
        for actor, role in (
            (case.secretariat, "school_coordinator"),
            (actor_for(self.leader, today=now.date()), "school_leader"),
        ):
            people.invite(
                actor=actor,
                now=now,
                scope=school,
                email=f"{role}@example.test",
                name="N",
                role=role,
            )
        assert self.told() == []
