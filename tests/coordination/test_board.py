"""Changing the board: who may, what is refused, what is undone."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from samspil.coordination.domain import board
from samspil.coordination.domain.board import CellChange, CellConflict
from samspil.coordination.models import (
    ChangeEntry,
    ChangeSet,
    Commitment,
    CourseComment,
    ExternalAgreement,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel.audit import history
from samspil.kernel.errors import Conflict, Forbidden, Invalid, UploadRefused
from samspil.kernel.models import StatusChange
from tests.factories.board import NOW, RoundCase, make_round

pytestmark = pytest.mark.django_db

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


@pytest.fixture
def case() -> RoundCase:
    return make_round()


def change(case: RoundCase, row: int = 0, school: int = 0, role: str = "own", **values):
    return CellChange(
        round_course_id=case.rows[row].pk,
        organisation_id=case.schools[school].pk,
        role=role,
        **values,
    )


def put(case: RoundCase, *changes: CellChange, actor=None, now=NOW):
    return board.apply_changes(
        actor=actor or case.secretariat,
        now=now,
        round=case.round,
        changes=changes,
        kind="cell",
        summary="prøve",
    )


def cell(case: RoundCase, row: int = 0, school: int = 0) -> Commitment:
    return Commitment.objects.get(round_course=case.rows[row], organisation=case.schools[school])


# ---------------------------------------------------------------- cells


def test_a_cell_is_set_and_the_row_tells_it_in_words(case):
    board.set_cell(
        actor=case.secretariat,
        now=NOW,
        round=case.round,
        change=change(case, runs=2, when_text="uge 37", guarantee=True),
    )
    made = cell(case)
    assert (made.role, made.runs, made.version, made.is_pinned) == ("own", 2, 1, True)
    assert made.updated_by_label == case.secretariat.label
    (event,) = history(case.rows[0])
    assert event.summary == "Østby SOSU ændret fra tom til 2 hold, uge 37, garanti."
    assert event.organisation_id == case.schools[0].pk
    assert ChangeSet.objects.get().summary == "92200, Østby SOSU: 2 hold, uge 37, garanti"


def test_what_is_already_so_makes_no_step(case):
    case.commit(case.rows[0], 0, runs=2, is_pinned=True)
    assert put(case, change(case, runs=2, expected_version=1)) is None
    assert put(case, change(case, school=1, role="none")) is None
    assert not ChangeSet.objects.exists()


def test_an_emptied_cell_counts_on_and_keeps_nothing(case):
    put(case, change(case, runs=2, when_text="uge 37", guarantee=True))
    put(case, change(case, role="none", runs=2, when_text="uge 37", expected_version=1))
    empty = cell(case)
    assert (empty.role, empty.runs, empty.when_text, empty.guarantee) == ("none", None, "", False)
    assert empty.version == 2
    put(case, change(case, runs=1, expected_version=2))
    assert cell(case).version == 3


def test_a_stale_cell_is_told_and_nothing_is_written(case):
    put(case, change(case, runs=2), actor=case.coordinator(0))
    with pytest.raises(CellConflict) as caught:
        put(case, change(case, runs=5), change(case, row=1, runs=1))
    assert caught.value.message == (
        "Koordinator Østby ændrede 92200 for Østby SOSU til »2 hold« kl. 10.00. Intet er gemt."
    )
    (stale,) = caught.value.cells
    assert (stale.text, stale.version, stale.changed_at) == ("2 hold", 1, NOW)
    assert cell(case).runs == 2
    assert Commitment.objects.count() == 1


def test_the_same_cell_twice_is_refused(case):
    with pytest.raises(Invalid):
        put(case, change(case, runs=1), change(case, runs=2))


def test_rows_of_another_round_are_not_reached(case):
    other = make_round(year=2028, fkb="9333")
    with pytest.raises(Invalid):
        put(case, change(other, role="own"))


# ---------------------------------------------------------------- who may


def test_a_school_writes_its_own_column_only(case):
    put(case, change(case, school=1, runs=1), actor=case.coordinator(1))
    with pytest.raises(Forbidden, match="egen skoles"):
        put(case, change(case, school=0, runs=1), actor=case.coordinator(1))
    assert Commitment.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "allowed"),
    [("draft", False), ("collecting", True), ("meeting", True), ("signing", False)],
)
def test_a_school_writes_while_the_round_collects_or_meets(status, allowed):
    case = make_round(status=status)
    if allowed:
        put(case, change(case), actor=case.coordinator(0))
    else:
        with pytest.raises(Forbidden):
            put(case, change(case), actor=case.coordinator(0))
        put(case, change(case))


def test_readers_admins_and_other_networks_write_nothing(case, actor_with):
    strangers = [
        actor_with("reader", network=case.network),
        actor_with("reader", organisation=case.schools[0]),
        actor_with("platform_admin"),
        make_round(year=2028, fkb="9333").secretariat,
    ]
    for actor in strangers:
        with pytest.raises(Forbidden):
            put(case, change(case), actor=actor)


# ---------------------------------------------------------------- rules


def test_a_follower_needs_a_holder_in_the_row(case):
    with pytest.raises(Invalid, match="ingen er udbydende skole"):
        put(case, change(case, role="follower"))
    put(case, change(case, role="follower"), change(case, school=1, role="holder"))
    with pytest.raises(Invalid, match="ingen er udbydende skole"):
        put(case, change(case, school=1, role="none", expected_version=1))


def test_a_row_has_one_holder_and_it_can_be_handed_over_in_one_step(case):
    put(case, change(case, role="holder", when_text="uge 37"))
    with pytest.raises(Invalid, match="Vestby SOSU og Østby SOSU kan ikke begge"):
        put(case, change(case, school=1, role="holder"))
    put(
        case,
        change(case, school=1, role="holder"),
        change(case, role="follower", expected_version=1),
    )
    assert [cell(case, school=s).role for s in (0, 1)] == ["follower", "holder"]


def test_only_schools_of_the_round_that_are_approved_and_have_not_left(case):
    case.add_fkb("9223", courses=1, approved=1)
    with pytest.raises(Invalid, match="ikke godkendt til FKB 9223"):
        put(case, change(case, row=3, school=1))
    RoundSchool.objects.filter(organisation=case.schools[2]).update(left_on=date(2026, 2, 1))
    with pytest.raises(Invalid, match="trådt ud"):
        put(case, change(case, school=2))
    stranger = make_round(year=2028, fkb="9333").schools[0]
    with pytest.raises(Invalid, match="ikke med i runden"):
        put(case, replace(change(case), organisation_id=stranger.pk))


@pytest.mark.parametrize("status", ["frozen", "agreed"])
def test_a_frozen_overview_and_a_closed_round_take_no_changes(case, status):
    RoundFkb.objects.filter(pk=case.fkb.pk).update(status=status)
    with pytest.raises(Conflict, match="låst"):
        put(case, change(case))
    RoundFkb.objects.filter(pk=case.fkb.pk).update(status="open")
    put(case, change(case))
    type(case.round).objects.filter(pk=case.round.pk).update(status="closed")
    with pytest.raises(Conflict, match="afsluttet"):
        put(case, change(case, school=1))


# ---------------------------------------------------------------- undo


def undo(case: RoundCase, change_set: ChangeSet, actor=None):
    board.undo_change(
        actor=actor or case.secretariat, now=NOW + timedelta(minutes=5), change_set=change_set
    )


def test_undo_puts_all_cells_back_as_one_step(case):
    case.commit(case.rows[0], 0, runs=2, when_text="uge 9", starts_on=date(2027, 3, 1))
    step = put(
        case,
        change(case, role="follower", expected_version=1),
        change(case, school=1, role="holder"),
    )
    undo(case, step)
    first, second = cell(case), cell(case, school=1)
    assert (first.role, first.runs, first.when_text, first.starts_on) == (
        "own", 2, "uge 9", date(2027, 3, 1),
    )  # fmt: skip
    assert (first.version, second.role, second.version) == (3, "none", 2)
    step.refresh_from_db()
    assert step.undone_by_label == case.secretariat.label
    with pytest.raises(Conflict, match="allerede fortrudt"):
        undo(case, step)


def test_steps_are_undone_one_after_the_other(case):
    steps = [put(case, change(case, runs=n, expected_version=n - 1)) for n in (1, 2, 3)]
    for step, left in zip(reversed(steps), (2, 1, None), strict=True):
        undo(case, step)
        assert cell(case).runs == left
    assert cell(case).role == "none"


def test_undo_is_refused_when_somebody_changed_the_cell_since(case):
    step = put(case, change(case, runs=1), change(case, row=1, runs=1))
    put(case, change(case, runs=4, expected_version=1), actor=case.coordinator(0))
    with pytest.raises(CellConflict, match=r"Koordinator Østby ændrede 92200 .* til »4 hold«"):
        undo(case, step)
    assert cell(case).runs == 4
    assert cell(case, row=1).runs == 1


def test_undo_may_not_leave_followers_alone(case):
    step = put(case, change(case, role="holder"))
    put(case, change(case, school=1, role="follower"))
    with pytest.raises(Invalid, match="ingen er udbydende skole"):
        undo(case, step)


def test_a_school_undoes_its_own_steps_only(case):
    own = put(case, change(case), actor=case.coordinator(0))
    other = put(case, change(case, row=1))
    undo(case, own, actor=case.coordinator(0))
    with pytest.raises(Forbidden):
        undo(case, other, actor=case.coordinator(0))


# ---------------------------------------------------------------- what is said about a course


def test_a_comment_is_kept_and_recorded(case):
    board.comment(
        actor=case.coordinator(0), now=NOW, round_course=case.rows[0], text=" Vi kan i uge 40. "
    )
    assert CourseComment.objects.get().text == "Vi kan i uge 40."
    assert history(case.rows[0])[0].summary == "Kommentar: Vi kan i uge 40."
    for text in ("  ", "x" * 2001):
        with pytest.raises(Invalid):
            board.comment(actor=case.coordinator(0), now=NOW, round_course=case.rows[0], text=text)


def test_a_comment_sent_twice_is_one(case):
    say = {"actor": case.coordinator(0), "round_course": case.rows[0], "text": "Vi kan i uge 40."}
    first = board.comment(now=NOW, **say)
    assert board.comment(now=NOW + timedelta(seconds=3), **say) == first
    assert CourseComment.objects.count() == 1
    board.comment(now=NOW, **{**say, "actor": case.coordinator(1)})  # somebody else says the same
    board.comment(now=NOW, **{**say, "round_course": case.rows[1]})
    board.comment(now=NOW, **{**say, "text": "Eller uge 41."})
    board.comment(now=NOW + timedelta(hours=1), **say)  # again, on purpose
    assert CourseComment.objects.count() == 5


def register(case: RoundCase, actor=None, **values):
    return board.register_external_agreement(
        **{
            "actor": actor or case.secretariat,
            "now": NOW,
            "round_course": case.rows[0],
            "school_name": "SOSU Nord",
            "content": PDF,
            "file_name": "aftale.pdf",
            **values,
        }
    )


def test_an_agreement_outside_the_circle_needs_its_document(case):
    with pytest.raises(UploadRefused):
        register(case, content=b"ikke en pdf", file_name="aftale.pdf")
    with pytest.raises(Invalid):
        register(case, school_name=" ")
    with pytest.raises(Invalid, match="selv med i runden"):
        register(case, organisation=case.schools[1])
    with pytest.raises(Forbidden):
        register(case, actor=case.coordinator(0))
    assert register(case).document.read() == PDF
    with pytest.raises(Conflict, match="allerede en aftale"):
        register(case)


def test_an_agreement_is_removed_with_a_reason(case):
    register(case)
    with pytest.raises(Invalid):
        board.remove_external_agreement(
            actor=case.secretariat, now=NOW, round_course=case.rows[0], reason=" "
        )
    board.remove_external_agreement(
        actor=case.secretariat, now=NOW, round_course=case.rows[0], reason="Udbydes selv"
    )
    assert not ExternalAgreement.objects.exists()
    assert history(case.rows[0])[0].summary == "Aftale med SOSU Nord fjernet: Udbydes selv"


def test_a_course_is_taken_out_of_the_duty_and_back(case):
    row = board.archive_course(
        actor=case.secretariat, now=NOW, round_course=case.rows[0], reason="Dispensation 2027"
    )
    assert (row.archived_reason, row.is_duty) == ("Dispensation 2027", False)
    put(case, change(case))  # it may still be offered (R24)
    with pytest.raises(Conflict):
        board.archive_course(
            actor=case.secretariat, now=NOW, round_course=case.rows[0], reason="igen"
        )
    row = board.bring_back_course(actor=case.secretariat, now=NOW, round_course=case.rows[0])
    assert (row.archived_reason, row.is_duty) == ("", True)


# ---------------------------------------------------------------- a school leaves


def test_a_school_that_leaves_empties_its_cells_and_its_followers(case):
    put(
        case,
        change(case, role="holder"),
        change(case, school=1, role="follower"),
        change(case, row=1, runs=2),
        change(case, row=1, school=1, runs=1),
        change(case, row=2, runs=1, starts_on=date(2027, 2, 1), ends_on=date(2027, 2, 3)),
    )
    RoundFkb.objects.filter(pk=case.fkb.pk).update(status="agreed")
    type(case.round).objects.filter(pk=case.round.pk).update(status="closed")
    board.school_leaves(
        actor=case.secretariat,
        now=NOW,
        round=case.round,
        organisation=case.schools[0],
        on=date(2027, 2, 11),
    )
    assert {
        (c.round_course.course.number, c.organisation.short_name): c.role
        for c in Commitment.objects.select_related("round_course__course", "organisation")
    } == {
        ("92200", "Østby SOSU"): "none",
        ("92200", "Vestby SOSU"): "none",
        ("92201", "Østby SOSU"): "none",
        ("92201", "Vestby SOSU"): "own",
        ("92202", "Østby SOSU"): "own",  # held before the school left
    }
    case.round.refresh_from_db()
    case.fkb.refresh_from_db()
    assert (case.round.status, case.fkb.status) == ("signing", "open")
    assert StatusChange.objects.filter(reason="Østby SOSU er trådt ud.").count() == 2
    entries = ChangeEntry.objects.count()
    board.school_leaves(
        actor=case.secretariat,
        now=NOW,
        round=case.round,
        organisation=case.schools[0],
        on=date(2027, 2, 11),
    )
    assert ChangeEntry.objects.count() == entries


def test_the_network_tells_that_a_school_left(case):
    from samspil.contracts.network import SchoolLeft
    from samspil.kernel.outbox import publish, run_due

    put(case, change(case, runs=2))
    event = SchoolLeft(
        network_id=case.network.pk,
        organisation_id=case.schools[0].pk,
        left_on="2027-02-11",
        reason="Konkurs",
    )
    publish(event, now=NOW)
    assert run_due(NOW) == 1
    assert cell(case).role == "none"
    assert RoundSchool.objects.get(organisation=case.schools[0]).left_on == date(2027, 2, 11)
    (newest, *_rest) = history(case.rows[0])
    assert newest.actor_label == "system:coordination.school_left"
    publish(event, now=NOW)  # delivered twice, done once
    assert run_due(NOW) == 1
    assert cell(case).version == 2


@pytest.mark.parametrize("seed", range(8))
def test_any_chain_of_changes_is_undone_to_where_it_began(case, seed):
    """Random changes, one or several cells at a time, then every step undone, newest first."""
    rng = random.Random(seed)
    for row in case.rows:
        case.commit(row, rng.randrange(3), runs=rng.randint(1, 4), when_text="uge 9")

    def state() -> dict[tuple[int, int], tuple]:
        return {
            (c.round_course_id, c.organisation_id): (c.role, c.runs, c.when_text, c.guarantee)
            for c in Commitment.objects.exclude(role="none")
        }

    states, steps = [state()], []
    while len(steps) < 12:
        versions = {
            (c.round_course_id, c.organisation_id): c.version for c in Commitment.objects.all()
        }
        wanted = {
            (rng.randrange(3), rng.randrange(3)): CellChange(
                0,
                0,
                rng.choice(["own", "own", "holder", "follower", "none"]),
                runs=rng.randint(1, 9),
                guarantee=rng.random() < 0.3,
            )
            for _cell in range(rng.randint(1, 4))
        }
        changes = []
        for (row, school), cell_change in wanted.items():
            key = case.rows[row].pk, case.schools[school].pk
            changes.append(
                replace(
                    cell_change,
                    round_course_id=key[0],
                    organisation_id=key[1],
                    expected_version=versions.get(key, 0),
                )
            )
        try:
            step = put(case, *changes)
        except Invalid:
            assert state() == states[-1]  # a broken rule leaves everything as it was
            continue
        if step is not None:
            steps.append(step)
            states.append(state())
    for step, before in zip(reversed(steps), reversed(states[:-1]), strict=True):
        undo(case, step)
        assert state() == before
