"""One run, several announcements: the school that follows is told, sees the difference, and confirms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from samspil.coordination.models import Commitment
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import MailMessage
from samspil.kernel.tasks import tasks_for
from samspil.runs.domain import commitments, following, keeping, kept, queries
from samspil.runs.models import CourseRun
from tests.factories.board import RoundCase, make_round
from tests.factories.kept_runs import full, keep_run
from tests.factories.runs import make_runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def holder(case: RoundCase) -> CourseRun:
    return full(keep_run(case.coordinator(), case.schools[0], case.rows[0].course), 6)


@pytest.fixture
def own(case: RoundCase, holder: CourseRun) -> CourseRun:
    """The second school's announcement of the first school's run."""
    now = clock.now()
    made = following.follow_run(
        actor=case.coordinator(1), now=now, school=case.schools[1], run=holder
    )
    return keeping.announce_run(actor=case.coordinator(1), now=now, run=made, version=made.version)


def changed(case: RoundCase, holder: CourseRun, weeks: int = 1) -> CourseRun:
    holder.refresh_from_db()
    return keeping.move_run(
        actor=case.coordinator(),
        now=clock.now(),
        run=holder,
        version=holder.version,
        first_on=holder.starts_on + timedelta(weeks=weeks),
    )


def test_it_announces_the_same_days_at_the_holders_address(
    own: CourseRun, holder: CourseRun
) -> None:
    assert own.follows == holder
    assert not following.drift(own, holder)
    assert (own.street, own.city, own.hours) == (holder.street, holder.city, holder.hours)
    assert [row.on for row in kept.days_of_run(own)] == [row.on for row in kept.days_of_run(holder)]
    # Rooms and teachers are the holder's own business.
    assert {row.teacher for row in kept.days_of_run(own)} == {""}


def test_an_announcement_is_no_second_run_at_risk(own: CourseRun, holder: CourseRun) -> None:
    totals = queries.totals(queries.RunFilter())
    assert (totals.runs, totals.at_risk) == (2, 1)
    assert [run.pk for run in CourseRun.objects.at_risk()] == [holder.pk]


def test_asked_twice_it_follows_once(case: RoundCase, own: CourseRun, holder: CourseRun) -> None:
    again = following.follow_run(
        actor=case.coordinator(1), now=clock.now(), school=case.schools[1], run=holder
    )
    assert again.pk == own.pk


def test_whom_one_cannot_follow(case: RoundCase, own: CourseRun, holder: CourseRun) -> None:
    def follow(school: int, run: CourseRun) -> None:
        following.follow_run(
            actor=case.coordinator(school),
            now=clock.now(),
            school=case.schools[school],
            run=run,
        )

    with pytest.raises(Invalid, match="jeres eget"):
        follow(0, holder)
    with pytest.raises(Invalid, match="annoncering af et andet hold"):
        follow(2, own)
    with pytest.raises(Forbidden):
        following.follow_run(
            actor=case.coordinator(1), now=clock.now(), school=case.schools[2], run=holder
        )


def test_a_change_is_told_by_mail_and_task_and_confirmed(
    case: RoundCase, own: CourseRun, holder: CourseRun
) -> None:
    MailMessage.objects.all().delete()
    moved = changed(case, holder)
    mail = MailMessage.objects.get()
    assert mail.to == case.people[1].email
    assert "Dage" in mail.text
    assert f"/hold/{own.pk}/" in mail.text
    today = clock.today()
    tasks = [t for t in tasks_for(case.coordinator(1), today) if t.title.startswith("Ret annonc")]
    assert [task.detail for task in tasks] == ["Dage"]
    done = following.take_over_changes(
        actor=case.coordinator(1),
        now=clock.now(),
        run=own,
        version=own.version,
        holder_version=moved.version,
    )
    assert done.starts_on == moved.starts_on
    assert not following.drift(done, moved)
    assert not [
        t for t in tasks_for(case.coordinator(1), today) if t.title.startswith("Ret annonc")
    ]


def test_what_was_changed_again_meanwhile_is_not_confirmed(
    case: RoundCase, own: CourseRun, holder: CourseRun
) -> None:
    seen = changed(case, holder).version
    changed(case, holder, 2)
    with pytest.raises(Conflict, match="ændret igen"):
        following.take_over_changes(
            actor=case.coordinator(1),
            now=clock.now(),
            run=own,
            version=own.version,
            holder_version=seen,
        )


def test_a_change_of_seats_or_price_is_nothing_to_tell(
    case: RoundCase, own: CourseRun, holder: CourseRun
) -> None:
    MailMessage.objects.all().delete()
    holder.refresh_from_db()
    keeping.change_run(
        actor=case.coordinator(),
        now=clock.now(),
        run=holder,
        version=holder.version,
        facts=replace(keeping.facts_from(holder), capacity=30, prices=()),
    )
    assert not MailMessage.objects.exists()


def test_a_cancellation_at_the_holder_reaches_the_school_that_follows(
    case: RoundCase, own: CourseRun, holder: CourseRun
) -> None:
    MailMessage.objects.all().delete()
    holder.refresh_from_db()
    means = kept.consequences(holder)
    assert (means.enrolled, [run.pk for run in means.followers]) == (6, [own.pk])
    gone = keeping.cancel_run(
        actor=case.coordinator(),
        now=clock.now(),
        run=holder,
        version=holder.version,
        reason="For få tilmeldte",
    )
    assert MailMessage.objects.get().to == case.people[1].email
    done = following.take_over_changes(
        actor=case.coordinator(1),
        now=clock.now(),
        run=own,
        version=own.version,
        holder_version=gone.version,
    )
    assert (done.status, done.reason) == ("cancelled", "For få tilmeldte")


def test_the_one_who_follows_decides_its_kviknummer_and_no_days(
    case: RoundCase, own: CourseRun
) -> None:
    now = clock.now()
    with pytest.raises(Conflict, match="anden skole"):
        keeping.change_run(
            actor=case.coordinator(1),
            now=now,
            run=own,
            version=own.version,
            facts=replace(keeping.facts_from(own), capacity=30),
        )
    done = following.change_announcement(
        actor=case.coordinator(1),
        now=now,
        run=own,
        version=own.version,
        kviknummer="K2",
        deadline_on=None,
        note="",
    )
    assert done.kviknummer == "K2"


def test_a_run_that_was_read_in_can_be_said_to_announce_anothers(
    case: RoundCase, holder: CourseRun
) -> None:
    read_in = make_runs(holder.course, [case.schools[1]], [3])[0]
    linked = following.link_run(
        actor=case.coordinator(1), now=clock.now(), run=read_in, holder=holder
    )
    assert {item.what for item in following.drift(linked, holder)} >= {"Dage", "Adresse"}
    with pytest.raises(Conflict, match="læst ind"):
        following.take_over_changes(
            actor=case.coordinator(1),
            now=clock.now(),
            run=linked,
            version=linked.version,
            holder_version=holder.version,
        )
    free = following.link_run(actor=case.coordinator(1), now=clock.now(), run=linked, holder=None)
    assert free.follows is None


def test_runs_keep_what_the_round_promised(case: RoundCase) -> None:
    row = case.rows[0]
    first = clock.today() + timedelta(days=60)
    case.round.year = first.year
    case.round.save(update_fields=["year"])
    made = [
        Commitment.objects.create(
            round_course=row,
            organisation=case.schools[i],
            role=role,
            runs=runs,
            updated_at=clock.now(),
        )
        for i, (role, runs) in enumerate((("holder", 2), ("follower", None)))
    ]
    holder = keep_run(case.coordinator(), case.schools[0], row.course, days=60)
    assert holder.commitment_id == made[0].pk
    promise = commitments.promises(case.schools[0], first.year)[0]
    assert (promise.is_announced, promise.lacks) == (True, 1)
    waits = commitments.promises(case.schools[1], first.year)[0]
    assert (waits.is_announced, [run.pk for run in waits.to_follow]) == (False, [holder.pk])
    own = following.follow_run(
        actor=case.coordinator(1), now=clock.now(), school=case.schools[1], run=holder
    )
    assert own.commitment_id == made[1].pk
    assert not commitments.promises(case.schools[1], first.year)[0].to_follow
