"""The coordination meeting: begin, choose a gap, decide it, put it off, undo, end.

Every decision is one of the board's own actions and a row that says who took it and why. The
round is locked first, as the board does, so that of two who decide the same gap the second is
told; the same decision sent twice by one person is one decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from samspil.coordination import notifications, rules
from samspil.coordination.domain import meeting_queries
from samspil.coordination.domain.answers import When
from samspil.coordination.domain.board import (
    CellChange,
    and_list,
    apply_changes,
    archive_course,
    bring_back_course,
    cell_words,
    person_name,
    register_external_agreement,
    remove_external_agreement,
    undo_change,
)
from samspil.coordination.domain.recipients import secretariat_people
from samspil.coordination.domain.round_queries import gap_rows
from samspil.coordination.enums import ChangeKind, CommitmentRole, DecisionKind, RoundStatus
from samspil.coordination.models import (
    ChangeSet,
    Commitment,
    Meeting,
    MeetingDecision,
    MeetingTask,
    Round,
    RoundCourse,
    RoundSchool,
)
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row, lock_rows
from samspil.kernel.mail import send
from samspil.kernel.models import StoredFile
from samspil.kernel.outbox import enqueue
from samspil.network.domain.recipients import school_people
from samspil.network.models import Organisation

MAX_WHY: Final = 300
MAX_TASK: Final = 300
MAX_PARTICIPANTS: Final = 200


def _in_danish(message: str, **values: Any) -> str:
    """A sentence for history and minutes, in Danish whoever acts."""
    with translation.override("da"):
        return _(message) % values


def _short(text: str, most: int, field: str) -> str:
    text = " ".join(text.split())
    if len(text) > most:
        raise Invalid(_("Teksten må højst fylde %(most)s tegn.") % {"most": most}, field=field)
    return text


# ---------------------------------------------------------------- begin, look at


@action("coordination.begin_meeting", permission=rules.may_run_round, on="round")
def begin_meeting(*, actor: Actor, now: datetime, round: Round) -> Meeting:
    """Begin the round's meeting at its first gap; the one that is open when there is one.

    Raises ``Conflict`` when the round has not come to its meeting.
    """
    (round,) = lock_rows(Round.objects.filter(pk=round.pk))
    there = meeting_queries.newest_meeting(round)
    if there is not None and there.ended_at is None:
        return there
    if round.status != RoundStatus.MEETING:
        raise Conflict(_("Mødet kan først begynde, når runden er nået til mødet."))
    gaps = meeting_queries.gaps_in_order(round)
    meeting = Meeting.objects.create(
        round=round,
        number=there.number + 1 if there else 1,
        started_at=now,
        started_by_label=actor.label[:200],
        current_row_id=gaps[0].row_id if gaps else None,
        gaps_at_start=len(gaps),
    )
    record(
        meeting,
        after={"number": meeting.number, "gaps": len(gaps)},
        summary=_in_danish("Mødet er begyndt med %(count)s huller.", count=len(gaps)),
        network_id=round.network_id,
    )
    return meeting


def _locked(meeting: Meeting) -> Meeting:
    """The open meeting, locked after its round. Raises ``Conflict`` when it is over."""
    lock_rows(Round.objects.filter(pk=meeting.round_id))
    fresh = lock_row(Meeting.objects.select_related("round__network"), meeting.pk)
    if fresh.ended_at is not None:
        raise Conflict(
            _("%(who)s har afsluttet mødet. Intet er gemt.")
            % {"who": person_name(fresh.ended_by_label)}
        )
    return fresh


def _row_of(meeting: Meeting, row_id: int) -> RoundCourse:
    row = (
        RoundCourse.objects.filter(pk=row_id, round_fkb__round=meeting.round_id)
        .select_related("course", "round_fkb__round__network", "round_fkb__fkb")
        .first()
    )
    if row is None:
        raise Invalid(_("Målet findes ikke i runden."))
    return row


def _is_gap(row: RoundCourse) -> bool:
    return gap_rows(RoundCourse.objects.filter(pk=row.pk)).exists()


@action("coordination.show_gap", permission=rules.may_run_meeting, on="meeting")
def show_gap(*, actor: Actor, now: datetime, meeting: Meeting, row_id: int) -> None:
    """Let everybody look at another gap. Raises ``Conflict`` when the meeting is over or the
    course is no gap any more, ``Invalid`` when it is not in the round."""
    meeting = _locked(meeting)
    row = _row_of(meeting, row_id)
    if not _is_gap(row):
        raise Conflict(_covered(meeting, row))
    if meeting.current_row_id == row.pk:
        return
    before = meeting.current_row_id
    _move(meeting, row.pk)
    record(
        meeting,
        before={"row": before},
        after={"row": row.pk},
        summary=_in_danish("Mødet ser på %(number)s.", number=row.course.number),
        network_id=meeting.round.network_id,
    )


def _move(meeting: Meeting, row_id: int | None) -> None:
    meeting.current_row_id = row_id
    meeting.version += 1
    meeting.save(update_fields=["current_row", "version"])


# ---------------------------------------------------------------- decide


def _standing(meeting: Meeting, row: RoundCourse) -> MeetingDecision | None:
    """The newest decision on a course that has not been undone."""
    return (
        MeetingDecision.objects.filter(meeting=meeting, round_course=row, undone_at__isnull=True)
        .order_by("-at", "-pk")
        .first()
    )


def _covered(meeting: Meeting, row: RoundCourse) -> str:
    """Why a course is no gap any more, for whoever comes second."""
    last = _standing(meeting, row)
    if last is None or last.kind == DecisionKind.LATER:
        return _("%(number)s er ikke længere et hul. Intet er gemt.") % {
            "number": row.course.number
        }
    return _(
        "%(who)s har allerede besluttet %(number)s kl. %(time)s: %(words)s. Intet er gemt."
    ) % {
        "who": person_name(last.actor_label),
        "number": row.course.number,
        "time": timezone.localtime(last.at).strftime("%H.%M"),
        "words": last.words.rstrip("."),
    }


def _twice(
    meeting: Meeting,
    row: RoundCourse,
    actor: Actor,
    kind: str,
    organisation_id: int | None,
) -> MeetingDecision | None:
    """The same decision by the same person, when it stands already; ``None`` for an open gap.

    Raises ``Conflict`` when somebody else was first, or decided something else.
    """
    last = _standing(meeting, row)
    same = (
        last is not None
        and last.kind == kind
        and last.organisation_id == organisation_id
        and last.person_id == actor.person_id
    )
    if _is_gap(row):
        if kind != DecisionKind.LATER or last is None:
            return None
        if same:
            return last
        raise Conflict(
            _("%(who)s har allerede gemt %(number)s til senere.")
            % {"who": person_name(last.actor_label), "number": row.course.number}
        )
    if same:
        return last
    raise Conflict(_covered(meeting, row))


def _decide(
    meeting: Meeting,
    row: RoundCourse,
    *,
    actor: Actor,
    now: datetime,
    kind: str,
    words: str,
    why: str,
    then: int | None,
    organisation_id: int | None = None,
    change_set: ChangeSet | None = None,
) -> MeetingDecision:
    decision = MeetingDecision.objects.create(
        meeting=meeting,
        round_course=row,
        kind=kind,
        organisation_id=organisation_id,
        words=words[:500],
        why=why,
        change_set=change_set,
        at=now,
        actor_label=actor.label[:200],
        person_id=actor.person_id,
    )
    if kind != DecisionKind.LATER:
        MeetingTask.objects.filter(
            meeting=meeting,
            decision__round_course=row,
            decision__undone_at__isnull=True,
            done_at__isnull=True,
            settled_by__isnull=True,
        ).update(settled_by=decision)
    _move(meeting, then if meeting.current_row_id in (row.pk, None) else meeting.current_row_id)
    record(
        row,
        after={
            "meeting": meeting.pk,
            "decision": kind,
            "organisation_id": organisation_id,
            "words": words,
            "why": why,
        },
        summary=_in_danish("Besluttet på mødet: %(words)s", words=words)
        + (_in_danish(" Begrundelse: %(why)s", why=why) if why else ""),
        network_id=meeting.round.network_id,
        organisation_id=organisation_id,
    )
    return decision


def _next(meeting: Meeting, row: RoundCourse) -> int | None:
    """Where the meeting goes on once ``row`` is decided; to be asked before it is."""
    gaps = meeting_queries.gaps_in_order(meeting.round, meeting)
    return meeting_queries.following(gaps, row.pk)


def _version(row: RoundCourse, organisation_id: int) -> int:
    return (
        Commitment.objects.filter(round_course=row, organisation=organisation_id)
        .values_list("version", flat=True)
        .first()
        or 0
    )


def _school(meeting: Meeting, organisation_id: int, field: str | None = None) -> Organisation:
    place = (
        RoundSchool.objects.filter(
            round=meeting.round_id, organisation=organisation_id, left_on__isnull=True
        )
        .select_related("organisation")
        .first()
    )
    if place is None:
        raise Invalid(_("Skolen er ikke med i runden."), field=field)
    return place.organisation


@action("coordination.take_gap", permission=rules.may_run_meeting, on="meeting")
def take_gap(
    *,
    actor: Actor,
    now: datetime,
    meeting: Meeting,
    row_id: int,
    organisation_id: int,
    runs: int | None = None,
    when: When | None = None,
    guarantee: bool = False,
    why: str = "",
) -> MeetingDecision:
    """A school takes the gap as an offer of its own (ESØ principle 1).

    Raises ``Conflict`` when the gap is closed already, saying by whom, ``Invalid`` when the
    school is not in the round or not approved (R4).
    """
    meeting = _locked(meeting)
    row = _row_of(meeting, row_id)
    why = _short(why, MAX_WHY, "why")
    if again := _twice(meeting, row, actor, DecisionKind.OWN, organisation_id):
        return again
    then = _next(meeting, row)
    school = _school(meeting, organisation_id)
    change = _offer(row, organisation_id, CommitmentRole.OWN, runs, when, guarantee)
    said = _words_of(change)
    words = _in_danish("%(school)s: %(offer)s", school=school.label, offer=said)
    change_set = apply_changes(
        actor=actor,
        now=now,
        round=meeting.round,
        changes=[change],
        kind=ChangeKind.CELL,
        summary=_in_danish("Mødet, %(number)s: %(words)s", number=row.course.number, words=words),
    )
    return _decide(
        meeting,
        row,
        actor=actor,
        now=now,
        kind=DecisionKind.OWN,
        words=words,
        why=why,
        then=then,
        organisation_id=organisation_id,
        change_set=change_set,
    )


def _offer(
    row: RoundCourse,
    organisation_id: int,
    role: str,
    runs: int | None,
    when: When | None,
    guarantee: bool,
) -> CellChange:
    return CellChange(
        round_course_id=row.pk,
        organisation_id=organisation_id,
        role=role,
        runs=runs,
        when_text=when.text if when else "",
        starts_on=when.starts_on if when else None,
        ends_on=when.ends_on if when else None,
        guarantee=guarantee,
        expected_version=_version(row, organisation_id),
    )


def _words_of(change: CellChange) -> str:
    with translation.override("da"):
        return cell_words(
            role=change.role,
            runs=change.runs,
            when_text=change.when_text,
            guarantee=change.guarantee,
        )


@action("coordination.share_gap", permission=rules.may_run_meeting, on="meeting")
def share_gap(
    *,
    actor: Actor,
    now: datetime,
    meeting: Meeting,
    row_id: int,
    holder_id: int,
    follower_ids: Sequence[int],
    runs: int | None = None,
    when: When | None = None,
    guarantee: bool = False,
    why: str = "",
) -> MeetingDecision:
    """One school holds the course for the others, who announce its date (ESØ principle 2; R28).

    Raises as ``take_gap``, and ``Invalid`` when nobody follows.
    """
    meeting = _locked(meeting)
    row = _row_of(meeting, row_id)
    why = _short(why, MAX_WHY, "why")
    if again := _twice(meeting, row, actor, DecisionKind.JOINT, holder_id):
        return again
    then = _next(meeting, row)
    others = [pk for pk in dict.fromkeys(follower_ids) if pk != holder_id]
    if not others:
        raise Invalid(_("Vælg mindst én skole, der følger."), field="followers")
    holder = _school(meeting, holder_id, "holder")
    names = sorted(_school(meeting, pk, "followers").label for pk in others)
    hold = _offer(row, holder_id, CommitmentRole.HOLDER, runs, when, guarantee)
    with translation.override("da"):
        words = _("%(school)s: %(offer)s. %(others)s følger.") % {
            "school": holder.label,
            "offer": _words_of(hold),
            "others": and_list(names),
        }
    change_set = apply_changes(
        actor=actor,
        now=now,
        round=meeting.round,
        changes=[
            hold,
            *(_offer(row, pk, CommitmentRole.FOLLOWER, None, None, False) for pk in others),
        ],
        kind=ChangeKind.CELL,
        summary=_in_danish("Mødet, %(number)s: %(words)s", number=row.course.number, words=words),
    )
    return _decide(
        meeting,
        row,
        actor=actor,
        now=now,
        kind=DecisionKind.JOINT,
        words=words,
        why=why,
        then=then,
        organisation_id=holder_id,
        change_set=change_set,
    )


@action("coordination.place_gap_outside", permission=rules.may_run_meeting, on="meeting")
def place_gap_outside(
    *,
    actor: Actor,
    now: datetime,
    meeting: Meeting,
    row_id: int,
    school_name: str,
    organisation: Organisation | None,
    content: bytes,
    file_name: str,
    when_text: str = "",
    why: str = "",
) -> MeetingDecision:
    """A school outside the circle takes the gap under a binding agreement, with its document (R27).

    Raises as ``board.register_external_agreement``, and ``Conflict`` as ``take_gap``.
    """
    meeting = _locked(meeting)
    row = _row_of(meeting, row_id)
    why = _short(why, MAX_WHY, "why")
    outside_id = organisation.pk if organisation else None
    if again := _twice(meeting, row, actor, DecisionKind.OUTSIDE, outside_id):
        return again
    then = _next(meeting, row)
    agreement = register_external_agreement(
        actor=actor,
        now=now,
        round_course=row,
        school_name=school_name,
        content=content,
        file_name=file_name,
        organisation=organisation,
        when_text=when_text,
        note=why,
    )
    words = _in_danish("Aftale med %(school)s", school=agreement.school_name)
    if agreement.when_text:
        words += f", {agreement.when_text}"
    return _decide(
        meeting,
        row,
        actor=actor,
        now=now,
        kind=DecisionKind.OUTSIDE,
        words=words,
        why=why,
        then=then,
        organisation_id=outside_id,
    )


@action("coordination.archive_gap", permission=rules.may_run_meeting, on="meeting")
def archive_gap(
    *, actor: Actor, now: datetime, meeting: Meeting, row_id: int, reason: str
) -> MeetingDecision:
    """Take the course out of the round's duty, with a reason (R24). Raises as
    ``board.archive_course``, and ``Conflict`` as ``take_gap``."""
    meeting = _locked(meeting)
    row = _row_of(meeting, row_id)
    if again := _twice(meeting, row, actor, DecisionKind.ARCHIVE, None):
        return again
    then = _next(meeting, row)
    archive_course(actor=actor, now=now, round_course=row, reason=reason)
    return _decide(
        meeting,
        row,
        actor=actor,
        now=now,
        kind=DecisionKind.ARCHIVE,
        words=_in_danish("Taget ud af pligten"),
        why=_short(reason, MAX_WHY, "reason"),
        then=then,
    )


@action("coordination.put_off_gap", permission=rules.may_run_meeting, on="meeting")
def put_off_gap(
    *,
    actor: Actor,
    now: datetime,
    meeting: Meeting,
    row_id: int,
    text: str,
    organisation_id: int | None,
    due_on: date,
    why: str = "",
) -> MeetingDecision:
    """Leave the gap open, with who does what until when; ``organisation_id`` ``None`` is the
    secretariat. Raises ``Invalid`` without a text, ``Conflict`` when it is decided already."""
    meeting = _locked(meeting)
    row = _row_of(meeting, row_id)
    why = _short(why, MAX_WHY, "why")
    text = _task_text(text, due_on, now)
    if again := _twice(meeting, row, actor, DecisionKind.LATER, organisation_id):
        return again
    then = _next(meeting, row)
    who = _who(meeting, organisation_id)
    decision = _decide(
        meeting,
        row,
        actor=actor,
        now=now,
        kind=DecisionKind.LATER,
        words=_in_danish("Gemt til senere. %(who)s: %(text)s", who=who, text=text),
        why=why,
        then=then,
        organisation_id=organisation_id,
    )
    MeetingTask.objects.create(
        meeting=meeting,
        decision=decision,
        text=text,
        organisation_id=organisation_id,
        due_on=due_on,
        created_at=now,
        actor_label=actor.label[:200],
    )
    return decision


def _who(meeting: Meeting, organisation_id: int | None) -> str:
    if organisation_id is None:
        return _in_danish("Sekretariatet")
    return _school(meeting, organisation_id, "organisation").label


def _task_text(text: str, due_on: date, now: datetime) -> str:
    text = _short(text, MAX_TASK, "text")
    if not text:
        raise Invalid(_("Skriv, hvad der skal gøres."), field="text")
    if due_on < timezone.localtime(now).date():
        raise Invalid(_("Fristen ligger før i dag."), field="due_on")
    return text


@action("coordination.add_meeting_task", permission=rules.may_run_meeting, on="meeting")
def add_meeting_task(
    *,
    actor: Actor,
    now: datetime,
    meeting: Meeting,
    text: str,
    organisation_id: int | None,
    due_on: date,
) -> MeetingTask:
    """Write down a task that is about no gap. The same one sent twice is one task."""
    meeting = _locked(meeting)
    text = _task_text(text, due_on, now)
    who = _who(meeting, organisation_id)
    there = MeetingTask.objects.filter(
        meeting=meeting,
        decision__isnull=True,
        text=text,
        organisation=organisation_id,
        due_on=due_on,
    ).first()
    if there is not None:
        return there
    task = MeetingTask.objects.create(
        meeting=meeting,
        text=text,
        organisation_id=organisation_id,
        due_on=due_on,
        created_at=now,
        actor_label=actor.label[:200],
    )
    _move(meeting, meeting.current_row_id)
    record(
        meeting,
        after={"task": text, "organisation_id": organisation_id, "due_on": due_on},
        summary=_in_danish("Opgave til %(who)s: %(text)s", who=who, text=text),
        network_id=meeting.round.network_id,
        organisation_id=organisation_id,
    )
    return task


# ---------------------------------------------------------------- undo


def may_undo_decision(actor: Actor, decision: MeetingDecision) -> bool:
    """Whoever leads the meeting."""
    return rules.may_run_meeting(actor, decision.meeting)


@action("coordination.undo_decision", permission=may_undo_decision, on="decision")
def undo_decision(*, actor: Actor, now: datetime, decision: MeetingDecision) -> None:
    """Take a decision back, with what it did to the board; the meeting looks at its gap again.

    Raises ``Conflict`` when the meeting is over, somebody else has undone it, or the board has
    changed since.
    """
    meeting = _locked(decision.meeting)
    decision.refresh_from_db(fields=["undone_at", "undone_by_label", "undone_by_id"])
    row = _row_of(meeting, decision.round_course_id)
    if decision.undone_at is not None:
        if decision.undone_by_id == actor.person_id:
            return
        raise Conflict(
            _("%(who)s har allerede fortrudt beslutningen.")
            % {"who": person_name(decision.undone_by_label)}
        )
    match decision.kind:
        case DecisionKind.OUTSIDE:
            remove_external_agreement(
                actor=actor,
                now=now,
                round_course=row,
                reason=_in_danish("Beslutningen er fortrudt på mødet."),
            )
        case DecisionKind.ARCHIVE:
            bring_back_course(actor=actor, now=now, round_course=row)
        case DecisionKind.OWN | DecisionKind.JOINT if decision.change_set is not None:
            undo_change(actor=actor, now=now, change_set=decision.change_set)
    decision.undone_at = now
    decision.undone_by_label = actor.label[:200]
    decision.undone_by_id = actor.person_id
    decision.save(update_fields=["undone_at", "undone_by_label", "undone_by_id"])
    MeetingTask.objects.filter(settled_by=decision).update(settled_by=None)
    _move(meeting, row.pk)
    record(
        row,
        before={"decision": decision.kind, "words": decision.words},
        summary=_in_danish("Fortrudt på mødet: %(words)s", words=decision.words),
        network_id=meeting.round.network_id,
        organisation_id=decision.organisation_id,
    )


# ---------------------------------------------------------------- end


@action("coordination.end_meeting", permission=rules.may_run_meeting, on="meeting")
def end_meeting(
    *,
    actor: Actor,
    now: datetime,
    meeting: Meeting,
    participants: Iterable[str],
    expected_version: int,
) -> Meeting:
    """End the meeting and freeze its minutes; the worker writes the PDF and mails it.

    ``participants``: a name a line. Raises ``Conflict`` when something was decided since the
    leader looked (``expected_version``), or somebody else has ended it.
    """
    lock_rows(Round.objects.filter(pk=meeting.round_id))
    meeting = lock_row(Meeting.objects.select_related("round__network"), meeting.pk)
    if meeting.ended_at is not None:
        if meeting.ended_by_id == actor.person_id:
            return meeting
        raise Conflict(
            _("%(who)s har allerede afsluttet mødet.")
            % {"who": person_name(meeting.ended_by_label)}
        )
    if meeting.version != expected_version:
        raise Conflict(
            _("Der er sket noget på mødet, siden du åbnede siden. Se det igennem, og afslut igen.")
        )
    names = [name for name in (_short(line, 200, "participants") for line in participants) if name]
    if len(names) > MAX_PARTICIPANTS:
        raise Invalid(_("Skriv højst 200 deltagere."), field="participants")
    meeting.participants = names
    meeting.content = meeting_queries.minutes_of(meeting, at=now)
    meeting.ended_at = now
    meeting.ended_by_label = actor.label[:200]
    meeting.ended_by_id = actor.person_id
    meeting.version += 1
    meeting.save(
        update_fields=[
            "participants",
            "content",
            "ended_at",
            "ended_by_label",
            "ended_by_id",
            "version",
        ]
    )
    record(
        meeting,
        after={
            "decisions": len(meeting.content["decisions"]),
            "open_points": len(meeting.content["open_points"]),
            "tasks": len(meeting.content["tasks"]),
            "gaps": meeting.content["gaps_at_end"],
        },
        summary=_in_danish(
            "Mødet er afsluttet. %(count)s huller er tilbage.",
            count=meeting.content["gaps_at_end"],
        ),
        network_id=meeting.round.network_id,
    )
    enqueue(
        "coordination.write_protocol",
        {"meeting": meeting.pk},
        now=now,
        key=f"protocol:{meeting.pk}",
    )
    return meeting


def load_meeting(pk: int) -> Meeting:
    """A meeting for the worker."""
    return Meeting.objects.select_related("round__network").get(pk=pk)


@action("coordination.keep_protocol", permission=rules.is_worker, on="meeting")
def keep_protocol(*, actor: Actor, now: datetime, meeting: Meeting, pdf: StoredFile) -> None:
    """Tie the written minutes to the meeting and mail them to the round's schools.

    Done by the worker; a second time changes nothing.
    """
    if not Meeting.objects.filter(pk=meeting.pk, protocol=None).update(
        protocol=pdf, version=F("version") + 1
    ):
        return
    round = meeting.round
    record(
        meeting,
        after={"protocol": pdf.sha256},
        summary=_in_danish("Referatet er skrevet og sendt til skolerne."),
        network_id=round.network_id,
    )
    people = {p.pk: p for p in secretariat_people(round, on=now.date())}
    for place in (
        RoundSchool.objects.filter(round=round, left_on__isnull=True)
        .select_related("organisation")
        .order_by("pk")
    ):
        for leaders in (False, True):
            people |= {
                p.pk: p for p in school_people(place.organisation, on=now.date(), leaders=leaders)
            }
    url = settings.BASE_URL + reverse("coordination:minutes", args=[round.pk, meeting.number])
    for person in people.values():
        send(
            notifications.MeetingMinutes(meeting=meeting, person=person, url=url),
            to=person.email,
            now=now,
            subject_of=meeting,
            network_id=round.network_id,
            attachments=[pdf],
            language=person.language,
        )


@action("coordination.finish_meeting_task", permission=rules.may_finish_task, on="task")
def finish_meeting_task(*, actor: Actor, now: datetime, task: MeetingTask) -> None:
    """Say that a task of the meeting is done. A second time changes nothing."""
    lock_rows(Round.objects.filter(pk=task.meeting.round_id))
    task = MeetingTask.objects.select_related("meeting__round").get(pk=task.pk)
    if task.done_at is not None:
        return
    task.done_at = now
    task.done_by_label = actor.label[:200]
    task.save(update_fields=["done_at", "done_by_label"])
    record(
        task.meeting,
        after={"task": task.text, "done": True},
        summary=_in_danish("Klaret: %(text)s", text=task.text),
        network_id=task.meeting.round.network_id,
        organisation_id=task.organisation_id,
    )


@action("coordination.reopen_meeting_task", permission=rules.may_finish_task, on="task")
def reopen_meeting_task(*, actor: Actor, now: datetime, task: MeetingTask) -> None:
    """Say that a task of the meeting is not done after all. A second time changes nothing."""
    lock_rows(Round.objects.filter(pk=task.meeting.round_id))
    task = MeetingTask.objects.select_related("meeting__round").get(pk=task.pk)
    if task.done_at is None:
        return
    before = task.done_by_label.split(" <")[0]
    task.done_at = None
    task.done_by_label = ""
    task.save(update_fields=["done_at", "done_by_label"])
    record(
        task.meeting,
        before={"task": task.text, "done": True, "by": before},
        after={"task": task.text, "done": False},
        summary=_in_danish("Ikke klaret alligevel: %(text)s", text=task.text),
        network_id=task.meeting.round.network_id,
        organisation_id=task.organisation_id,
    )
