"""During and after the course: attendance, who stayed away, and what people thought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.enrolment import rules
from samspil.enrolment.domain import fees
from samspil.enrolment.domain.capacity import lock_run, settle
from samspil.enrolment.domain.sign_ups import lock_sign_up, pays_as_employer
from samspil.enrolment.domain.terms import charges_on, terms_of
from samspil.enrolment.enums import ENROLMENT_TRANSITIONS, EnrolmentStatus
from samspil.enrolment.models import Attendance, Enrolment, Evaluation, SignUp
from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_rows
from samspil.kernel.transitions import transition
from samspil.runs.models import CourseRun, RunDay

FEWEST_ANSWERS: Final = 3
"""Fewer answers than this are not shown: one could tell whose they are."""
EVALUATE_FOR: Final = timedelta(days=60)

_ON_THE_LIST: Final = (
    EnrolmentStatus.ENROLLED,
    EnrolmentStatus.ATTENDED,
    EnrolmentStatus.ABSENT,
)


def days_of(run: CourseRun) -> list[date]:
    """The days on which a run is taught: its own days, or Monday to Friday between its ends."""
    planned = sorted(set(RunDay.objects.filter(run=run).values_list("on", flat=True)))
    if planned:
        return planned
    length = (run.ends_on - run.starts_on).days + 1
    every = [run.starts_on + timedelta(days=i) for i in range(min(length, 366))]
    return [day for day in every if day.isoweekday() <= 5] or every


@dataclass(frozen=True, slots=True)
class Sheet:
    """Who was there: ``marks`` by enrolment and day; days without a mark are not noted yet."""

    days: list[date]
    marks: Mapping[tuple[int, date], bool]


def sheet_of(run: CourseRun) -> Sheet:
    """The attendance of a run. Two queries."""
    return Sheet(
        days_of(run),
        {
            (pk, day): there
            for pk, day, there in Attendance.objects.filter(enrolment__run=run).values_list(
                "enrolment_id", "day", "was_there"
            )
        },
    )


@action("enrolment.note_attendance", permission=rules.may_run, on="run")
def note_attendance(
    *, actor: Actor, now: datetime, run: CourseRun, day: date, present: Mapping[int, bool]
) -> int:
    """Write who was there on a day. Returns how many marks were new or changed.

    Who comes to any day has attended; who has stayed away from all days noted so far is absent, with
    the fee that follows (R73). Raises ``Invalid`` for a day that is not the run's, or not here yet.
    """
    locked = lock_run(run.pk)
    if day not in days_of(locked):
        raise Invalid(_("Holdet har ikke undervisning den dag."))
    if day > clock.local_date(now):
        raise Invalid(_("Dagen er ikke kommet endnu."))
    rows = {
        row.pk: row
        for row in lock_rows(
            Enrolment.objects.filter(run=locked, status__in=_ON_THE_LIST, pk__in=list(present))
        )
    }
    before = dict(
        Attendance.objects.filter(enrolment__in=rows, day=day).values_list(
            "enrolment_id", "was_there"
        )
    )
    changed = {pk: there for pk, there in present.items() if pk in rows and before.get(pk) != there}
    if not changed:
        return 0
    Attendance.objects.filter(enrolment__in=changed, day=day).delete()
    Attendance.objects.bulk_create(
        [
            Attendance(
                enrolment_id=pk,
                day=day,
                was_there=there,
                noted_at=now,
                noted_by_label=actor.label[:200],
            )
            for pk, there in changed.items()
        ]
    )
    _settle_states(locked, [rows[pk] for pk in changed], actor=actor, now=now)
    record(
        locked,
        before={"present": sum(before.get(pk, False) for pk in changed)},
        after={"day": day, "present": sum(changed.values()), "of": len(changed)},
        summary=ngettext(
            "Noterede fremmøde for %(n)s person den %(day)s.",
            "Noterede fremmøde for %(n)s personer den %(day)s.",
            len(changed),
        )
        % {"n": len(changed), "day": f"{day:%d-%m-%Y}"},
        organisation_id=locked.organisation_id,
    )
    settle(locked)
    return len(changed)


def _settle_states(run: CourseRun, rows: list[Enrolment], *, actor: Actor, now: datetime) -> None:
    seen: dict[int, list[bool]] = {row.pk: [] for row in rows}
    for pk, there in Attendance.objects.filter(enrolment__in=seen).values_list(
        "enrolment_id", "was_there"
    ):
        seen[pk].append(there)
    charges = charges_on(terms_of(run.organisation_id), run.starts_on)
    sign_ups = SignUp.objects.in_bulk({row.sign_up_id for row in rows})
    for row in rows:
        marks = seen[row.pk]
        target = EnrolmentStatus.ATTENDED if any(marks) else EnrolmentStatus.ABSENT
        if row.status != target:
            transition(
                row,
                "attend" if target == EnrolmentStatus.ATTENDED else "miss",
                table=ENROLMENT_TRANSITIONS,
                actor=actor,
                now=now,
            )
        found = fees.fee(
            fees.Case(
                leaving=fees.Leaving.NO_SHOW,
                on=run.starts_on,
                first_day=run.starts_on,
                lessons=fees.lessons_of(run.duration_days or run.course.duration_days),
                school_charges=charges,
                pays_as_employer=pays_as_employer(sign_ups[row.sign_up_id]),
                is_moved=row.previous_id is not None,
            )
        )
        owed = found.ore if target == EnrolmentStatus.ABSENT else 0
        if owed != row.fee_ore:
            Enrolment.objects.filter(pk=row.pk).update(
                fee_ore=owed, fee_why=found.why if owed else ""
            )


@action("enrolment.excuse", permission=rules.may_note, on="enrolment")
def excuse(*, actor: Actor, now: datetime, enrolment: Enrolment, reason: str) -> None:
    """Note that somebody had a lawful reason, or that another took the place: there is no fee (R76)."""
    if not reason.strip():
        raise Invalid(_("Skriv grunden."), "reason")
    lock_run(enrolment.run_id)
    (row,) = lock_rows(Enrolment.objects.filter(pk=enrolment.pk))
    if row.fee_ore == 0:
        raise Conflict(_("Der er ikke noget gebyr at fjerne."))
    Enrolment.objects.filter(pk=row.pk).update(fee_ore=0, fee_why=fees.Why.LAWFUL)
    record(
        row,
        before={"fee_ore": row.fee_ore},
        after={"fee_ore": 0},
        summary=_("Fjernede gebyret: %(reason)s") % {"reason": reason.strip()[:200]},
        organisation_id=enrolment.run.organisation_id,
    )


def to_evaluate(sign_up: SignUp, *, today: date) -> list[Enrolment]:
    """The people of a sign-up who may say how the course was: it is over, not too long ago, they
    were not away, and they have not answered."""
    return list(
        Enrolment.objects.filter(
            sign_up=sign_up,
            status__in=(EnrolmentStatus.ENROLLED, EnrolmentStatus.ATTENDED),
            has_evaluated=False,
            run__ends_on__lte=today,
            run__ends_on__gte=today - EVALUATE_FOR,
        )
        .exclude(run__status="cancelled")
        .select_related("learner", "run__course")
        .order_by("pk")
    )


@action("enrolment.evaluate", permission=rules.may_handle, on="sign_up")
def evaluate(
    *,
    actor: Actor,
    now: datetime,
    sign_up: SignUp,
    enrolment: Enrolment,
    content: int,
    teaching: int,
    usable: int,
    place: int,
    remark: str = "",
) -> None:
    """Take one answer about a run. Nothing ties the answer to a person: that somebody has
    answered is known, what is not."""
    lock_sign_up(sign_up)
    mine = {row.pk for row in to_evaluate(sign_up, today=clock.local_date(now))}
    if enrolment.pk not in mine:
        raise Conflict(_("Der er allerede svaret."))
    Enrolment.objects.filter(pk=enrolment.pk).update(has_evaluated=True)
    Evaluation.objects.create(
        run_id=enrolment.run_id,
        content=content,
        teaching=teaching,
        usable=usable,
        place=place,
        remark=remark.strip(),
    )
    record(enrolment.run, summary=_("Et svar på evalueringen er kommet."))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What people thought: how many answered of how many, averages from 1 to 5, and their words."""

    answers: int
    people: int
    averages: tuple[tuple[str, float], ...]
    remarks: tuple[str, ...]

    @property
    def is_shown(self) -> bool:
        return self.answers >= FEWEST_ANSWERS


def verdict_of(run: CourseRun) -> Verdict:
    """The answers about a run. Below ``FEWEST_ANSWERS`` only their number."""
    rows = list(Evaluation.objects.filter(run=run).order_by("pk"))
    people = Enrolment.objects.filter(
        run=run, status__in=(EnrolmentStatus.ENROLLED, EnrolmentStatus.ATTENDED)
    ).count()
    if len(rows) < FEWEST_ANSWERS:
        return Verdict(len(rows), people, (), ())
    return Verdict(
        len(rows),
        people,
        tuple(
            (name, fmean(getattr(row, name) for row in rows))
            for name in ("content", "teaching", "usable", "place")
        ),
        tuple(sorted(row.remark for row in rows if row.remark)),
    )
