"""One run, several announcements (R28): a school that follows announces the holder's run as it is.

The announcement is a row of its own with ``follows``. Where it differs from the holder's row is always
computed, so nobody has to remember to tell it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.kernel import clock, mail
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.tasks import Task, task_source
from samspil.kernel.transitions import transition
from samspil.network.domain.recipients import school_people
from samspil.network.models import Organisation
from samspil.runs import rules
from samspil.runs.domain import commitments, seats
from samspil.runs.enums import RUN_TRANSITIONS, RunStatus
from samspil.runs.models import CourseRun, RunDay, RunPeriod
from samspil.runs.notifications import HolderChanged
from samspil.ui.templatetags.ui import period

SHARED: Final = (
    "starts_on",
    "ends_on",
    "hours",
    "street",
    "postcode",
    "city",
    "teaching_form",
    "is_evening",
    "is_remote",
    "is_at_company",
    "company",
)
"""What an announcement says as the holder says it."""
COPIED: Final = (
    *SHARED,
    "duration_days",
    "title",
    "capacity",
    "minimum",
    "is_guaranteed",
    "decision_on",
    "deadline_on",
)
OUT: Final = (RunStatus.ANNOUNCED, RunStatus.CONFIRMED)


def facts_of(run: CourseRun) -> tuple[Any, ...]:
    """What schools and people must hear of when it changes: days, hours and place."""
    taught = tuple(run.days.order_by("on", "pk").values_list("on", flat=True)) if run.pk else ()
    return (*(getattr(run, name) for name in SHARED), taught)


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing in which an announcement differs from the run it announces, in words."""

    what: str
    here: str
    there: str


def drift(own: CourseRun, holder: CourseRun) -> list[Drift]:
    """Where ``own`` announces something else than ``holder`` says; empty when all is the same. No query."""
    found = []
    if holder.status == RunStatus.CANCELLED and own.status != RunStatus.CANCELLED:
        found.append(Drift(_("Status"), own.get_status_display(), holder.get_status_display()))
    if own.status == RunStatus.CANCELLED and holder.status in OUT:
        found.append(Drift(_("Status"), own.get_status_display(), holder.get_status_display()))
    if own.status in OUT and holder.status == RunStatus.PLANNED:
        found.append(Drift(_("Status"), own.get_status_display(), holder.get_status_display()))
    if (own.starts_on, own.ends_on) != (holder.starts_on, holder.ends_on):
        found.append(Drift(_("Dage"), _days(own), _days(holder)))
    if _squeezed(own.hours) != _squeezed(holder.hours) and holder.hours:
        found.append(Drift(_("Tidspunkt"), own.hours or "–", holder.hours))
    if _place(own).casefold() != _place(holder).casefold():
        found.append(Drift(_("Adresse"), _place(own) or "–", _place(holder) or "–"))
    return found


def _squeezed(hours: str) -> str:
    return hours.replace(" ", "").replace(".", ":").replace("til", "-")


def _days(run: CourseRun) -> str:
    return period(run.starts_on, run.ends_on)


def _place(run: CourseRun) -> str:
    if run.is_remote and not run.street:
        return str(_("fjernundervisning"))
    return ", ".join(
        part for part in (run.street, " ".join(p for p in (run.postcode, run.city) if p)) if part
    )


@action("runs.follow_run", permission=rules.may_keep, on="school")
def follow_run(
    *,
    actor: Actor,
    now: datetime,
    school: Organisation,
    run: CourseRun,
) -> CourseRun:
    """Plan to announce another school's run at ``school``, on its days and at its address (R28).

    Asked twice it is one announcement. Raises ``Invalid`` for one's own run and for an announcement of
    somebody else's; ``Conflict`` when the run is over.
    """
    holder = seats.lock_run(run.pk)
    if holder.organisation_id == school.pk:
        raise Invalid(_("Holdet er jeres eget."))
    if holder.follows_id is not None:
        raise Invalid(_("Det er en annoncering af et andet hold. Følg skolen, der afholder det."))
    if holder.status in (RunStatus.CANCELLED, RunStatus.HELD):
        raise Conflict(_("Holdet er aflyst eller afholdt."))
    made = (
        CourseRun.objects.filter(follows=holder, organisation=school)
        .exclude(status=RunStatus.CANCELLED)
        .first()
    )
    if made is not None:
        return made
    own = CourseRun.objects.create(
        course_id=holder.course_id,
        organisation=school,
        status=RunStatus.PLANNED,
        is_own=True,
        source="samspil",
        seen_on=clock.local_date(now),
        follows=holder,
        commitment_id=commitments.fulfilled_by(school, holder.course, holder.starts_on),
        **{name: getattr(holder, name) for name in COPIED},
    )
    _copy_days(holder, own)
    record(
        own,
        after={"follows": holder.pk, "holder": holder.organisation.key},
        summary=_("%(school)s følger holdet hos %(holder)s")
        % {"school": school.label, "holder": holder.organisation.label},
        organisation_id=school.pk,
    )
    return own


@action("runs.link_run", permission=rules.may_keep_run, on="run")
def link_run(*, actor: Actor, now: datetime, run: CourseRun, holder: CourseRun | None) -> CourseRun:
    """Say that a run which was read in announces the holder's run; ``None`` takes it back."""
    own = seats.lock_run(run.pk)
    if holder is not None and (
        holder.course_id != own.course_id
        or holder.organisation_id == own.organisation_id
        or holder.follows_id is not None
        or own.followers.exists()
    ):
        raise Invalid(_("Vælg et hold på samme mål, som en anden skole selv afholder."), "holder")
    was = own.follows_id
    own.follows = holder
    own.version += 1
    own.save(update_fields=["follows", "version"])
    record(
        own,
        before={"follows": was},
        after={"follows": own.follows_id},
        summary=_("Holdet annoncerer holdet hos %(holder)s") % {"holder": holder.organisation.label}
        if holder
        else _("Holdet er skolens eget"),
        organisation_id=own.organisation_id,
    )
    return own


@action("runs.take_over_changes", permission=rules.may_keep_run, on="run")
def take_over_changes(
    *, actor: Actor, now: datetime, run: CourseRun, version: int, holder_version: int
) -> CourseRun:
    """Announce what the holder now says, as it was seen. Raises ``Conflict`` when either changed since."""
    if run.follows_id is None:
        raise Invalid(_("Holdet følger ikke et andet."))
    rows = seats.lock_runs([run.pk, run.follows_id])
    own, holder = rows[run.pk], rows[run.follows_id]
    if not own.is_own:
        raise Conflict(
            _(
                "Holdet er læst ind fra en liste. Ret det i skolens eget system, og læs listen ind igen."
            )
        )
    if own.version != version or holder.version != holder_version:
        raise Conflict(_("Holdet er ændret igen imens. Se, hvad der nu står, og bekræft det."))
    found = drift(own, holder)
    before = {item.what: item.here for item in found}
    if holder.status == RunStatus.CANCELLED and own.status in (*OUT, RunStatus.PLANNED):
        own.reason = holder.reason
        transition(own, "cancel", table=RUN_TRANSITIONS, actor=actor, now=now, reason=holder.reason)
    for name in COPIED:
        setattr(own, name, getattr(holder, name))
    own.version += 1
    own.save(update_fields=[*COPIED, "reason", "version"])
    _copy_days(holder, own)
    record(
        own,
        before=before,
        after={item.what: item.there for item in found},
        summary=_("Annonceringen er rettet efter %(holder)s")
        % {"holder": holder.organisation.label},
        organisation_id=own.organisation_id,
    )
    return own


@action("runs.change_announcement", permission=rules.may_keep_run, on="run")
def change_announcement(
    *,
    actor: Actor,
    now: datetime,
    run: CourseRun,
    version: int,
    kviknummer: str,
    deadline_on: date | None,
    note: str,
) -> CourseRun:
    """Change what a school that follows decides itself: its kviknummer, its deadline, its note."""
    own = seats.lock_run(run.pk)
    if own.follows_id is None or not own.is_own:
        raise Conflict(_("Holdet kan ikke rettes her."))
    if own.version != version:
        raise Conflict(
            _("Nogen har rettet holdet imens. Se, hvad der nu står, og ret det så igen.")
        )
    if kviknummer and CourseRun.objects.filter(kviknummer=kviknummer).exclude(pk=own.pk).exists():
        raise Invalid(_("Kviknummeret bruges allerede af et andet hold."), "kviknummer")
    if deadline_on and deadline_on > own.starts_on:
        raise Invalid(_("Tilmeldingsfristen ligger efter holdets første dag."), "deadline_on")
    before = {"kviknummer": own.kviknummer, "deadline_on": str(own.deadline_on), "note": own.note}
    own.kviknummer, own.deadline_on, own.note = kviknummer, deadline_on, note
    own.version += 1
    own.save(update_fields=["kviknummer", "deadline_on", "note", "version"])
    record(
        own,
        before=before,
        after={"kviknummer": kviknummer, "deadline_on": str(deadline_on), "note": note},
        summary=_("Annonceringen er rettet"),
        organisation_id=own.organisation_id,
    )
    return own


def _copy_days(holder: CourseRun, own: CourseRun) -> None:
    """The announcement has the holder's days, without its rooms and teachers: those are the holder's."""
    RunDay.objects.filter(run=own).delete()
    RunPeriod.objects.filter(run=own).delete()
    RunDay.objects.bulk_create(
        RunDay(run=own, on=row.on, starts_at=row.starts_at, ends_at=row.ends_at)
        for row in holder.days.order_by("on", "starts_at", "pk")
    )


def tell(holder: CourseRun, *, now: datetime) -> None:
    """Mail every school whose announcement now differs from the run. Inside the action that changed it."""
    for own in (
        CourseRun.objects.filter(follows=holder)
        .exclude(status=RunStatus.HELD)
        .select_related("organisation", "course")
        .order_by("pk")
    ):
        found = drift(own, holder)
        if not found:
            continue
        for person in school_people(own.organisation, on=clock.local_date(now)):
            mail.send(
                HolderChanged(
                    holder=holder,
                    run=own,
                    drift=found,
                    person=person,
                    url=f"{settings.BASE_URL}{reverse('runs:run', args=[own.pk])}",
                ),
                to=person.email,
                now=now,
                subject_of=own,
                organisation_id=own.organisation_id,
                language=person.language,
            )


def drifting(schools: frozenset[int]) -> list[tuple[CourseRun, list[Drift]]]:
    """Announcements of some schools that differ from the run they announce. One query."""
    rows = (
        CourseRun.objects.filter(organisation_id__in=schools, follows__isnull=False)
        .exclude(status=RunStatus.HELD)
        .select_related("organisation", "course", "follows__organisation")
        .order_by("starts_on", "pk")
    )
    found = []
    for own in rows:
        assert own.follows is not None
        if differs := drift(own, own.follows):
            found.append((own, differs))
    return found


@task_source("runs.following")
def drift_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: announcements that say something else than the school that holds the run."""
    schools = rules.kept_schools(actor)
    if not schools:
        return
    for own, found in drifting(schools):
        assert own.follows is not None
        if own.ends_on < today and own.follows.ends_on < today:
            continue
        yield Task(
            title=_("Ret annonceringen af %(course)s efter %(holder)s")
            % {"course": own.course.number, "holder": own.follows.organisation.label},
            url=reverse("runs:run", args=[own.pk]),
            context=_("Hold"),
            due_on=min(own.starts_on, own.follows.starts_on),
            detail=", ".join(item.what for item in found),
        )
