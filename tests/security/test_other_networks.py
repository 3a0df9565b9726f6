"""A secretariat gets no hold on the schools of another network."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from samspil.kernel.errors import Forbidden, Invalid
from samspil.network.domain import organisations, people
from samspil.network.enums import MembershipKind
from samspil.network.models import Invitation, Membership
from tests.factories.board import RoundCase, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours() -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def theirs() -> RoundCase:
    return make_round(fkb="9333")


def invite_a_leader(case: RoundCase, school, now: datetime) -> Invitation:
    return people.invite(
        actor=case.secretariat,
        now=now,
        scope=school,
        email="mig@example.test",
        name="Mig Selv",
        role="school_leader",
    )


def test_a_guest_school_keeps_its_own_leaders(ours, theirs, now):
    """Who may appoint a leader may sign: inviting a school as a guest must not be enough."""
    school = ours.schools[0]
    organisations.add_member(
        actor=theirs.secretariat,
        now=now,
        network=theirs.network,
        organisation=school,
        kind=MembershipKind.INVITED,
    )
    with pytest.raises(Forbidden):
        invite_a_leader(theirs, school, now)
    with pytest.raises(Forbidden):
        organisations.rename_organisation(
            actor=theirs.secretariat,
            now=now,
            organisation=school,
            name="Vores",
            on=date(2026, 8, 1),
        )
    with pytest.raises(Forbidden):
        organisations.merge_organisations(
            actor=theirs.secretariat,
            now=now,
            organisation=school,
            successor=theirs.schools[0],
            on=date(2026, 8, 1),
        )
    assert invite_a_leader(ours, school, now).organisation == school


def test_a_guest_without_a_network_is_looked_after(ours, now):
    school = ours.schools[0]
    Membership.objects.filter(organisation=school).update(kind=MembershipKind.INVITED)
    assert invite_a_leader(ours, school, now).organisation == school


def test_another_networks_member_is_not_taken_in_as_member(ours, theirs, now):
    with pytest.raises(Invalid, match="andet samarbejde"):
        organisations.add_member(
            actor=theirs.secretariat, now=now, network=theirs.network, organisation=ours.schools[0]
        )
    with pytest.raises(Invalid, match="andet samarbejde"):
        organisations.merge_organisations(
            actor=theirs.secretariat,
            now=now,
            organisation=theirs.schools[0],
            successor=ours.schools[0],
            on=date(2026, 8, 1),
        )


def test_a_school_that_left_is_out_of_reach(ours, now):
    school = ours.schools[0]
    Membership.objects.filter(organisation=school).update(valid_to=date(2020, 12, 31))
    with pytest.raises(Forbidden):
        invite_a_leader(ours, school, now)
