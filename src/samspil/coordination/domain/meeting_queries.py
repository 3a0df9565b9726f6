"""What the coordination meeting shows: the gaps in their order, who could take one, what is decided.

The same for everybody who sees the round, so that one answer can be given to all who look. It
holds nothing of what a school wrote in free text (``rules.may_see_form``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.enums import RelationKind
from samspil.catalogue.models import Approval
from samspil.coordination import rules
from samspil.coordination.domain.answers import decimal_text
from samspil.coordination.domain.board import person_name
from samspil.coordination.domain.board_queries import answer_words
from samspil.coordination.domain.round_queries import gap_rows, get_round
from samspil.coordination.enums import DecisionKind, RoundStatus
from samspil.coordination.models import (
    Intent,
    Meeting,
    MeetingDecision,
    MeetingTask,
    Round,
    RoundCourse,
    RoundSchool,
)
from samspil.kernel.actor import Actor
from samspil.kernel.audit import stream_of
from samspil.kernel.errors import Forbidden, NotFound
from samspil.kernel.models import AuditStream, StoredFile
from samspil.network.domain.recipients import school_people

LOOK_BACK: Final = 5
"""How many earlier rounds are looked through for the same gap."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A course that nobody offers, with what puts it where it stands in the order.

    ``activity`` is learners of all schools in ``activity_year`` (``None``: nobody has told);
    ``uncovered`` how many rounds before this one it was a gap without a break.
    """

    row_id: int
    number: str
    title: str
    fkb: str
    fkb_title: str
    days: Decimal | None
    is_core: bool
    activity: int | None
    activity_year: int | None
    uncovered: int
    is_constructed: bool
    is_put_off: bool

    @property
    def days_words(self) -> str:
        """``3 dage``; empty when the duration is unknown."""
        if self.days is None:
            return ""
        return ngettext("%(days)s dag", "%(days)s dage", 1 if self.days == 1 else 2) % {
            "days": decimal_text(self.days)
        }

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it stands where it does, in words, in the order of their weight."""
        found = [_("Kernemål") if self.is_core else _("Samarbejdet har selv valgt pligten")]
        if self.activity is not None:
            found.append(
                ngettext("%(count)s kursist", "%(count)s kursister", self.activity)
                % {"count": self.activity}
                + (f" {self.activity_year}" if self.activity_year else "")
            )
        if self.uncovered:
            found.append(_("uden udbyder %(count)s. runde i træk") % {"count": self.uncovered + 1})
        return tuple(found)


def gaps_in_order(round: Round, meeting: Meeting | None = None) -> list[Gap]:
    """The gaps of a round, the one to talk about first at the top.

    1. The legal duty: core courses before those that the network took under the duty itself
       (R5, R22, R26). 2. Demand: most learners first; unknown counts as none (R25). 3. How many
    rounds in a row it has had no provider. Then FKB and number, so that the order is the same
    for everybody. What ``meeting`` has put off is marked and keeps its place.
    """
    put_off: set[int] = set()
    if meeting is not None:
        put_off = set(
            MeetingDecision.objects.filter(
                meeting=meeting, kind=DecisionKind.LATER, undone_at__isnull=True
            ).values_list("round_course_id", flat=True)
        )
    rows = list(
        gap_rows(RoundCourse.objects.filter(round_fkb__round=round))
        .order_by("pk")
        .values_list(
            "pk",
            "course_id",
            "course__number",
            "course__title",
            "round_fkb__fkb_id",
            "round_fkb__fkb__number",
            "round_fkb__fkb__title",
            "course__duration_days",
            "relation",
            "activity",
            "activity_year",
            "course__is_constructed",
        )
    )
    before = _uncovered(round, {(row[4], row[1]) for row in rows})
    gaps = [
        Gap(
            row_id=row[0],
            number=row[2],
            title=row[3],
            fkb=row[5],
            fkb_title=row[6],
            days=row[7],
            is_core=row[8] == RelationKind.CORE,
            activity=row[9],
            activity_year=row[10],
            uncovered=before.get((row[4], row[1]), 0),
            is_constructed=row[11],
            is_put_off=row[0] in put_off,
        )
        for row in rows
    ]
    gaps.sort(key=lambda g: (not g.is_core, -(g.activity or 0), -g.uncovered, g.fkb, g.number))
    return gaps


def _uncovered(round: Round, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """How many rounds in a row before this one each (FKB, course) was a gap.

    Goes back by ``copied_from``, or where a round was not copied by the network's year before.
    """
    found: dict[tuple[int, int], int] = {}
    left = set(wanted)
    at = round
    for _step in range(LOOK_BACK):
        earlier = (
            Round.objects.filter(pk=at.copied_from_id).first()
            if at.copied_from_id
            else Round.objects.filter(network_id=at.network_id, year=at.year - 1).first()
        )
        if earlier is None or not left:
            break
        left &= set(
            gap_rows(RoundCourse.objects.filter(round_fkb__round=earlier))
            .order_by()
            .values_list("round_fkb__fkb_id", "course_id")
        )
        for key in left:
            found[key] = found.get(key, 0) + 1
        at = earlier
    return found


def following(gaps: list[Gap], row_id: int | None) -> int | None:
    """The row to go on with after ``row_id``: the next that is not put off, then the first such,
    then the first that is. ``None`` when no other gap is left."""
    others = [gap for gap in gaps if gap.row_id != row_id]
    place = next((i for i, gap in enumerate(gaps) if gap.row_id == row_id), 0)
    later = [gap for gap in gaps[place + 1 :] if not gap.is_put_off]
    fresh = later or [gap for gap in others if not gap.is_put_off] or others
    return fresh[0].row_id if fresh else None


# ---------------------------------------------------------------- who could take it


@dataclass(frozen=True, slots=True)
class Able:
    """A school that is approved for the gap's FKB, with what its form said about the course."""

    organisation_id: int
    label: str
    name: str
    said: str
    can: bool
    would_follow: bool


def able_schools(round: Round, row_id: int) -> list[Able]:
    """Schools that may offer the course (R4), most able first: capacity, then those that would
    follow another, then the rest by name."""
    row = RoundCourse.objects.select_related("round_fkb").get(pk=row_id)
    approved = set(
        Approval.objects.filter(rules.approved_in(round.year), fkb=row.round_fkb.fkb_id)
        .order_by()
        .values_list("organisation_id", flat=True)
    )
    intents = {
        intent.form.organisation_id: intent
        for intent in Intent.objects.filter(round_course=row).select_related("form").order_by("pk")
    }
    found: list[tuple[tuple[Any, ...], Able]] = []
    for place in (
        RoundSchool.objects.filter(round=round, left_on__isnull=True, organisation__in=approved)
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    ):
        intent = intents.get(place.organisation_id)
        days = intent.take_on_days if intent and intent.take_on_days else Decimal(0)
        follows = bool(intent and intent.will_follow)
        found.append(
            (
                (-days, not follows, place.organisation.label),
                Able(
                    organisation_id=place.organisation_id,
                    label=place.organisation.label,
                    name=place.organisation.name,
                    said=answer_words(intent),
                    can=days > 0,
                    would_follow=follows,
                ),
            )
        )
    return [able for _key, able in sorted(found, key=lambda pair: pair[0])]


# ---------------------------------------------------------------- the meeting as it stands


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that stands, in words."""

    pk: int
    row_id: int
    number: str
    title: str
    fkb: str
    kind: str
    kind_label: str
    words: str
    why: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sitting:
    """The meeting as everybody sees it. ``meeting`` is ``None`` until one has begun."""

    round: Round
    meeting: Meeting | None
    gaps: list[Gap]
    current: Gap | None
    place: int
    schools: list[Able]
    decided: list[Decided]
    tasks: list[MeetingTask]

    @property
    def is_open(self) -> bool:
        return self.meeting is not None and self.meeting.ended_at is None

    @property
    def closed(self) -> int:
        """How many gaps the meeting has closed."""
        return sum(one.kind != DecisionKind.LATER for one in self.decided)

    @property
    def put_off(self) -> int:
        return sum(gap.is_put_off for gap in self.gaps)

    def neighbour(self, step: int) -> int | None:
        """The row before (-1) or after (1) the current one, round the ends."""
        if not self.gaps:
            return None
        if self.current is None:
            return self.gaps[0].row_id
        return self.gaps[(self.place + step) % len(self.gaps)].row_id

    @property
    def next_row(self) -> int | None:
        return self.neighbour(1)

    @property
    def previous_row(self) -> int | None:
        return self.neighbour(-1)


def newest_meeting(round: Round) -> Meeting | None:
    """The meeting that is open, else the last one."""
    return (
        Meeting.objects.filter(round=round)
        .select_related("round__network", "protocol")
        .order_by("-number", "-pk")
        .first()
    )


def sitting(round: Round) -> Sitting:
    """The newest meeting of a round that the caller has been let in to see."""
    meeting = newest_meeting(round)
    gaps = gaps_in_order(round, meeting)
    current = None
    place = 0
    if meeting is not None and meeting.ended_at is None:
        for index, gap in enumerate(gaps):
            if gap.row_id == meeting.current_row_id:
                current, place = gap, index
        if current is None and gaps:
            # It got a provider on the board meanwhile: go on with the first that is left.
            current = next((gap for gap in gaps if not gap.is_put_off), gaps[0])
            place = gaps.index(current)
    return Sitting(
        round=round,
        meeting=meeting,
        gaps=gaps,
        current=current,
        place=place,
        schools=able_schools(round, current.row_id) if current else [],
        decided=decided(meeting) if meeting else [],
        tasks=list(open_tasks(meeting)) if meeting else [],
    )


def decided(meeting: Meeting) -> list[Decided]:
    """The decisions that stand, newest first."""
    return [
        Decided(
            pk=one.pk,
            row_id=one.round_course_id,
            number=one.round_course.course.number,
            title=one.round_course.course.title,
            fkb=one.round_course.round_fkb.fkb.number,
            kind=one.kind,
            kind_label=str(DecisionKind(one.kind).label),
            words=one.words,
            why=one.why,
            who=person_name(one.actor_label),
            at=one.at,
        )
        for one in MeetingDecision.objects.filter(meeting=meeting, undone_at__isnull=True)
        .select_related("round_course__course", "round_course__round_fkb__fkb")
        .order_by("-at", "-pk")
    ]


def tasks_of(meeting: Meeting) -> QuerySet[MeetingTask]:
    """The meeting's tasks that count: neither undone nor settled later in the same meeting."""
    return (
        MeetingTask.objects.filter(meeting=meeting, settled_by__isnull=True)
        .exclude(decision__undone_at__isnull=False)
        .select_related(
            "organisation",
            "decision__round_course__course",
            "decision__round_course__round_fkb__fkb",
        )
        .order_by("due_on", "pk")
    )


def open_tasks(meeting: Meeting) -> QuerySet[MeetingTask]:
    """Those of ``tasks_of`` that nobody has done."""
    return tasks_of(meeting).filter(done_at__isnull=True)


# ---------------------------------------------------------------- by the actor


def meeting_to_lead(actor: Actor, round_id: int) -> Meeting:
    """The open meeting of a round, for those who lead it.

    Raises ``NotFound`` when there is none, ``Forbidden`` for others who see the round.
    """
    round = round_to_lead(actor, round_id)
    found = newest_meeting(round)
    if found is None or found.ended_at is not None:
        raise NotFound(_("Mødet er ikke i gang."))
    return found


def round_to_lead(actor: Actor, round_id: int) -> Round:
    """The round, for those who lead its meetings. Raises ``NotFound``, ``Forbidden``."""
    round = get_round(actor, round_id)
    if not rules.may_run_round(actor, round):
        raise Forbidden(_("Det kan kun sekretariatet."))
    return round


def ended_meeting(actor: Actor, round_id: int, number: int) -> Meeting:
    """A meeting that is over, for everybody who sees the round. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    found = (
        Meeting.objects.filter(round=round, number=number, ended_at__isnull=False)
        .select_related("round__network", "protocol")
        .first()
    )
    if found is None:
        raise NotFound(_("Mødet findes ikke."))
    return found


def protocol_of(actor: Actor, round_id: int, number: int) -> StoredFile:
    """The minutes as PDF. Raises ``NotFound`` until they are written."""
    meeting = ended_meeting(actor, round_id, number)
    if meeting.protocol is None:
        raise NotFound(_("Referatet er ikke skrevet endnu."))
    return meeting.protocol


def ended_meetings(round: Round) -> list[Meeting]:
    """The meetings that are over, newest first."""
    return list(
        Meeting.objects.filter(round=round, ended_at__isnull=False)
        .select_related("protocol")
        .order_by("-number", "-pk")
    )


def get_decision(actor: Actor, round_id: int, decision_id: int) -> MeetingDecision:
    """A decision of a round that the actor leads. Raises ``NotFound``, ``Forbidden``."""
    round = round_to_lead(actor, round_id)
    found = (
        MeetingDecision.objects.filter(pk=decision_id, meeting__round=round)
        .select_related("meeting__round__network", "round_course__course", "change_set__round")
        .first()
    )
    if found is None:
        raise NotFound(_("Beslutningen findes ikke."))
    return found


def get_task(actor: Actor, round_id: int, task_id: int) -> MeetingTask:
    """A task of a round that the actor sees. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    found = (
        MeetingTask.objects.filter(pk=task_id, meeting__round=round)
        .select_related("meeting__round__network", "organisation")
        .first()
    )
    if found is None:
        raise NotFound(_("Opgaven findes ikke."))
    return found


def schools_of(round: Round) -> list[tuple[int, str]]:
    """The schools that are in the round, for a choice."""
    return [
        (place.organisation_id, place.organisation.label)
        for place in RoundSchool.objects.filter(round=round, left_on__isnull=True)
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    ]


def may_be_begun(actor: Actor, round: Round) -> bool:
    """Whether the actor could begin a meeting now."""
    return rules.may_run_round(actor, round) and round.status == RoundStatus.MEETING


def likely_participants(round: Round, *, on: date) -> list[str]:
    """Who will have been there: the schools' coordinators, one line each, to be corrected."""
    lines = []
    for place in (
        RoundSchool.objects.filter(round=round, left_on__isnull=True)
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    ):
        lines += [
            f"{person.name}, {place.organisation.label}"
            for person in school_people(place.organisation, on=on)
        ]
    return lines


def stamp(round_id: int, network_id: int) -> str:
    """Changes whenever something of the network is recorded: one indexed row, nothing else."""
    head = (
        AuditStream.objects.filter(name=stream_of(network_id))
        .values_list("length", "head_hash")
        .first()
    )
    return f"{round_id}-{head}"


def round_for_all(round_id: int) -> Round | None:
    """A round for the one answer that all get who were let in before; ``None`` when it is gone."""
    return Round.objects.select_related("network").filter(pk=round_id).first()


# ---------------------------------------------------------------- the minutes


def minutes_of(meeting: Meeting, *, at: datetime) -> dict[str, Any]:
    """What the minutes say, in Danish and in JSON's own types, as it stands at ``at``."""
    with translation.override("da"):
        now = sitting(meeting.round)
        closed = sorted(
            (one for one in now.decided if one.kind != DecisionKind.LATER),
            key=lambda one: (one.at, one.pk),
        )
        waiting = {task.decision_id: task for task in now.tasks if task.decision_id}
        left = {gap.row_id for gap in now.gaps}
        put_off = sorted(
            (one for one in now.decided if one.kind == DecisionKind.LATER and one.row_id in left),
            key=lambda one: (one.fkb, one.number, one.pk),
        )
        network = meeting.round.network
        return {
            "title": _("Referat af koordineringsmødet %(year)s") % {"year": meeting.round.year},
            "network": network.name,
            "year": meeting.round.year,
            "number": meeting.number,
            "constructed": network.is_constructed
            or RoundCourse.objects.filter(
                round_fkb__round=meeting.round, course__is_constructed=True
            ).exists(),
            "started": day_and_time(meeting.started_at),
            "ended": day_and_time(at),
            "leader": person_name(meeting.started_by_label),
            "participants": list(meeting.participants),
            "gaps_at_start": meeting.gaps_at_start,
            "gaps_at_end": len(now.gaps),
            "decisions": [_decision(one) for one in closed],
            "open_points": [{**_decision(one), **_task(waiting.get(one.pk))} for one in put_off],
            "not_reached": [
                {"fkb": gap.fkb, "number": gap.number, "title": gap.title}
                for gap in now.gaps
                if not gap.is_put_off
            ],
            "tasks": [
                {
                    "about": (
                        f"{task.decision.round_course.course.number} "
                        f"{task.decision.round_course.course.title}"
                        if task.decision
                        else ""
                    ),
                    **_task(task),
                }
                for task in now.tasks
            ],
        }


def _decision(one: Decided) -> dict[str, str]:
    return {
        "fkb": one.fkb,
        "number": one.number,
        "title": one.title,
        "kind": one.kind_label,
        "words": one.words,
        "why": one.why,
        "who": one.who,
        "at": timezone.localtime(one.at).strftime("%H.%M"),
    }


def _task(task: MeetingTask | None) -> dict[str, str]:
    if task is None:
        return {"text": "", "school": "", "due": ""}
    return {
        "text": task.text,
        "school": task.organisation.label if task.organisation else _("Sekretariatet"),
        "due": date_format(task.due_on, "j. F Y"),
    }


def day_and_time(at: datetime) -> str:
    """``18. marts 2026 kl. 12.00``."""
    return date_format(timezone.localtime(at), r"j. F Y \k\l. H.i")
