"""A merger in the middle of a round: taken over, told, never lost (R125)."""

from __future__ import annotations

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps

from samspil.catalogue.models import Approval
from samspil.contracts.network import SchoolsMerged
from samspil.coordination.domain.board import undo_change
from samspil.coordination.domain.mergers import merge_schools
from samspil.coordination.models import (
    ChangeSet,
    Commitment,
    CourseComment,
    Form,
    Intent,
    Round,
    RoundFkb,
    RoundSchool,
    Signature,
)
from samspil.kernel.audit import history
from samspil.kernel.errors import Forbidden
from samspil.kernel.models import Job
from samspil.kernel.outbox import publish, run_due
from samspil.network.domain.organisations import merge_organisations
from samspil.network.models import Membership
from tests.factories.agreements import make_agreement_case
from tests.factories.board import NOW, RoundCase, make_round

pytestmark = pytest.mark.django_db

ON = date(2027, 1, 1)


@pytest.fixture
def case() -> RoundCase:
    """Østby (0) becomes part of Vestby (1)."""
    return make_round()


def merge(case: RoundCase, actor=None, on: date = ON) -> bool:
    return merge_schools(
        actor=actor or case.secretariat,
        now=NOW,
        round=case.round,
        organisation=case.schools[0],
        successor=case.schools[1],
        on=on,
    )


def cells(case: RoundCase, row: int = 0) -> dict[int, tuple[str, int | None]]:
    """Role and runs by number of the school; empty cells left out."""
    index = {school.pk: number for number, school in enumerate(case.schools)}
    return {
        index[cell.organisation_id]: (cell.role, cell.runs)
        for cell in Commitment.objects.filter(round_course=case.rows[row])
        if cell.role != "none"
    }


def comment(case: RoundCase, row: int = 0) -> str:
    return CourseComment.objects.get(round_course=case.rows[row]).text


def test_the_successor_takes_over_what_it_has_not_itself(case):
    case.commit(case.rows[0], 0, runs=2, when_text="uge 37", guarantee=True)
    assert merge(case) is True
    assert cells(case) == {1: ("own", 2)}
    taken = Commitment.objects.get(round_course=case.rows[0], organisation=case.schools[1])
    assert (taken.when_text, taken.guarantee) == ("uge 37", True)
    assert RoundSchool.objects.get(organisation=case.schools[0]).left_on == date(2026, 12, 31)
    assert not CourseComment.objects.exists()
    assert history(case.round)[0].summary == "Østby SOSU er blevet en del af Vestby SOSU."


def test_a_successor_from_outside_gets_place_and_form(case):
    RoundSchool.objects.filter(organisation=case.schools[1]).delete()
    Form.objects.filter(organisation=case.schools[1]).delete()
    case.commit(case.rows[0], 0, runs=2)
    case.intend(case.rows[1], 0, offers=True, runs=3)
    merge(case)
    assert RoundSchool.objects.get(organisation=case.schools[1]).left_on is None
    form = Form.objects.get(organisation=case.schools[1])
    assert form.status == "returned"
    assert (form.intents.get().runs, cells(case)) == (3, {1: ("own", 2)})


def test_answers_are_taken_over_and_two_answers_are_a_question(case):
    case.intend(case.rows[0], 0, offers=True, runs=3)
    case.intend(case.rows[1], 0, offers=True, runs=2, when_text="uge 9")
    case.intend(case.rows[1], 1, offers=False)
    case.intend(case.rows[2], 0, offers=True)
    case.intend(case.rows[2], 1)
    merge(case)
    mine = Intent.objects.filter(form__organisation=case.schools[1])
    assert [(i.offers, i.runs) for i in mine.order_by("round_course__course__number")] == [
        (True, 3),
        (False, None),
        (True, None),
    ]
    assert Intent.objects.filter(form__organisation=case.schools[0]).count() == 3
    assert comment(case, 1) == (
        "Østby SOSU er blevet en del af Vestby SOSU. Vestby SOSU har selv svaret, og det svar "
        "gælder. Østby SOSU svarede: udbyder, 2 hold, uge 9."
    )


def test_two_offers_are_a_question_and_none_is_lost(case):
    case.commit(case.rows[0], 0, runs=2, when_text="uge 37")
    case.commit(case.rows[0], 1, runs=5)
    merge(case)
    assert cells(case) == {1: ("own", 5)}
    assert comment(case) == (
        "Østby SOSU er blevet en del af Vestby SOSU. Vestby SOSU beholder sit eget. "
        "Østby SOSU stod med: 2 hold, uge 37."
    )


@pytest.mark.parametrize(
    ("old", "new", "third", "after", "asks"),
    [
        ("holder", "follower", None, {1: "holder"}, False),
        ("holder", "follower", "follower", {1: "holder", 2: "follower"}, False),
        ("holder", None, "follower", {1: "holder", 2: "follower"}, False),
        ("holder", "own", "follower", {1: "holder", 2: "follower"}, True),
        ("holder", "own", None, {1: "own"}, True),
        ("follower", "holder", None, {1: "holder"}, False),
        ("follower", None, "holder", {1: "follower", 2: "holder"}, False),
        ("own", "follower", "holder", {1: "follower", 2: "holder"}, True),
        ("own", "own", None, {1: "own"}, False),
    ],
)
def test_joint_runs_keep_one_holder(case, old, new, third, after, asks):
    for school, role in enumerate((old, new, third)):
        if role:
            case.commit(case.rows[0], school, role)
    merge(case)
    assert {school: role for school, (role, _runs) in cells(case).items()} == after
    assert CourseComment.objects.exists() is asks


def test_without_approval_it_becomes_a_gap_with_a_comment(case):
    Approval.objects.filter(organisation=case.schools[1]).delete()
    case.commit(case.rows[0], 0, "holder", when_text="uge 37")
    case.commit(case.rows[0], 2, "follower")
    merge(case)
    assert cells(case) == {}
    assert comment(case) == (
        "Østby SOSU er blevet en del af Vestby SOSU. Østby SOSU stod med: udbyder, uge 37. "
        "Vestby SOSU er ikke godkendt til FKB'en og har ikke overtaget det."
    )


def test_what_is_over_before_stays(case):
    case.commit(case.rows[0], 0, runs=1, starts_on=date(2027, 2, 1), ends_on=date(2027, 2, 3))
    merge(case, on=date(2027, 3, 1))
    assert cells(case) == {0: ("own", 1)}


def test_a_frozen_overview_and_its_signatures_stay():
    made = make_agreement_case()
    made.freeze()
    agreement = made.make()
    made.sign(agreement, 0)
    before = list(Signature.objects.order_by("pk").values())
    held = list(Commitment.objects.order_by("pk").values())
    content = type(agreement).objects.values().get(pk=agreement.pk)
    assert merge(made.case) is True
    assert list(Signature.objects.order_by("pk").values()) == before
    assert list(Commitment.objects.order_by("pk").values()) == held
    assert type(agreement).objects.values().get(pk=agreement.pk) == content
    assert RoundFkb.objects.get().status == "frozen"
    assert "Oversigten er låst, så det er ikke flyttet." in CourseComment.objects.first().text


def test_a_closed_round_stays(case):
    case.commit(case.rows[0], 0, runs=2)
    Round.objects.update(status="closed")
    assert merge(case) is False
    assert cells(case) == {0: ("own", 2)}


def test_only_those_who_run_the_round_may(case):
    with pytest.raises(Forbidden):
        merge(case, actor=case.coordinator(0))


def test_the_network_tells_and_twice_is_harmless(case, system_actor):
    case.commit(case.rows[0], 0, runs=2)
    case.commit(case.rows[1], 0, runs=2)
    case.commit(case.rows[1], 1, runs=1)
    merge_organisations(
        actor=system_actor,
        now=NOW,
        organisation=case.schools[0],
        successor=case.schools[1],
        on=ON,
    )
    run_due(NOW)
    assert not Job.objects.exclude(state="done").exists()
    assert cells(case) == {1: ("own", 2)}
    assert not Membership.objects.filter(organisation=case.schools[0], valid_to=None).exists()

    def state() -> list[list[dict[str, object]]]:
        return [
            list(model.objects.order_by("pk").values())
            for model in (Commitment, CourseComment, RoundSchool, Form, Intent, ChangeSet)
        ]

    before = state()
    publish(
        SchoolsMerged(
            organisation_id=case.schools[0].pk,
            successor_id=case.schools[1].pk,
            merged_on=ON.isoformat(),
        ),
        now=NOW,
    )
    run_due(NOW)
    assert not Job.objects.exclude(state="done").exists()
    assert state() == before
    assert merge(case) is False


def test_a_merger_is_a_change_of_its_own_that_nobody_undoes(case: RoundCase) -> None:
    case.commit(case.rows[0], 0, "own", runs=2)
    merge(case)
    made = ChangeSet.objects.get(round=case.round)
    assert made.get_kind_display() == "Skoler lagt sammen"
    with pytest.raises(Forbidden):
        undo_change(actor=case.secretariat, now=NOW, change_set=made)
    assert cells(case) == {1: ("own", 2)}


def test_mergers_of_before_get_the_kind_and_schools_that_left_keep_theirs(case: RoundCase) -> None:
    migration = import_module("samspil.coordination.migrations.0005_changeset_merger")
    for label in (migration.MERGED_BY, "system:coordination.school_left"):
        ChangeSet.objects.create(
            round=case.round, kind="leave", summary="X", actor_label=label, at=NOW
        )
    migration.forwards(apps, None)
    kinds = ChangeSet.objects.order_by("actor_label").values_list("kind", flat=True)
    assert list(kinds) == ["leave", "merger"]
    migration.backwards(apps, None)
    assert set(ChangeSet.objects.values_list("kind", flat=True)) == {"leave"}
