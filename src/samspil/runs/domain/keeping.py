"""Runs that are kept here: planned, changed, announced, confirmed, cancelled, held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.models import Course
from samspil.contracts.runs import RunRescheduled, RunStatusChanged
from samspil.kernel import clock
from samspil.kernel.actions import action, changes, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row
from samspil.kernel.outbox import publish
from samspil.kernel.transitions import transition
from samspil.lending.domain.queries import right_to_hold
from samspil.network.models import Organisation, Postcode
from samspil.runs import rules
from samspil.runs.domain import commitments, days, following, seats
from samspil.runs.enums import RUN_TRANSITIONS, RunStatus
from samspil.runs.models import CourseRun, RunDay, RunPeriod, RunPrice
from samspil.runs.models.runs import MOST_GUARANTEED
from samspil.ui.templatetags.ui import da_date

MOST_SEATS: Final = 999
CLOSED: Final = (RunStatus.CANCELLED, RunStatus.HELD)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """What a participant pays for, and how much, in øre."""

    label: str
    ore: int


@dataclass(frozen=True)
class RunFacts:
    """Everything that a school says of a run. ``minimum`` and ``capacity`` in people."""

    course: Course
    periods: tuple[days.Plan, ...]
    capacity: int
    minimum: int
    title: str = ""
    kviknummer: str = ""
    duration_days: Decimal | None = None
    deadline_on: date | None = None
    decision_on: date | None = None
    is_guaranteed: bool = False
    is_evening: bool = False
    is_remote: bool = False
    is_at_company: bool = False
    company: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    takes_sign_up: bool = False
    prices: tuple[PriceLine, ...] = ()
    part_goals: tuple[str, ...] = ()
    link: str = ""
    note: str = ""


@action("runs.plan_run", permission=rules.may_keep, on="school")
def plan_run(
    *,
    actor: Actor,
    now: datetime,
    school: Organisation,
    facts: RunFacts,
    form_key: str = "",
    series: str = "",
) -> CourseRun:
    """Plan a run at a school. The same ``form_key`` makes one run however often it is sent.

    Raises ``Invalid`` with the field that is wrong.
    """
    lock_row(Organisation.objects.all(), school.pk)  # the same form twice at once waits here
    if form_key:
        made = CourseRun.objects.filter(form_key=form_key, organisation=school).first()
        if made is not None:
            return made
    values, taught = _checked(facts, school)
    if taught[0].on < clock.local_date(now):
        raise Invalid(
            _("Holdets første dag er passeret. Vælg en dag fra i dag og frem."), "periods"
        )
    run = CourseRun.objects.create(
        organisation=school,
        status=RunStatus.PLANNED,
        is_own=True,
        source="samspil",
        seen_on=clock.local_date(now),
        form_key=form_key,
        series=series,
        **values,
    )
    _write_parts(run, facts, taught)
    record(
        run,
        after=_told(run),
        summary=_("Hold på %(course)s er planlagt til %(day)s")
        % {"course": run.course.number, "day": _day(run.starts_on)},
        organisation_id=school.pk,
    )
    return run


@action("runs.adopt_run", permission=rules.may_keep_run, on="run")
def adopt_run(*, actor: Actor, now: datetime, run: CourseRun, version: int) -> CourseRun:
    """Keep a run that was read in: from now on it is changed here, and lists only count its people.

    Raises ``Conflict`` when it is kept already or was changed since ``version``.
    """
    fresh = seats.lock_run(run.pk)
    if fresh.is_own:
        raise Conflict(_("Holdet passes allerede her."))
    if fresh.version != version:
        raise Conflict(
            _("Nogen har rettet holdet imens. Se, hvad der nu står, og ret det så igen.")
        )
    fresh.is_own = True
    fresh.version += 1
    fresh.save(update_fields=["is_own", "version"])
    facts = facts_from(fresh)
    price = (PriceLine(_("Pris"), int(fresh.price * 100)),) if fresh.price else ()
    taught, _skipped = days.all_days(facts.periods)
    _write_parts(fresh, replace(facts, prices=price), taught)
    record(
        fresh,
        before={"is_own": False, "source": fresh.source},
        after={"is_own": True},
        summary=_("Holdet passes fra nu af i Samspil"),
        organisation_id=fresh.organisation_id,
    )
    return fresh


@action("runs.change_run", permission=rules.may_keep_run, on="run")
def change_run(
    *, actor: Actor, now: datetime, run: CourseRun, facts: RunFacts, version: int
) -> CourseRun:
    """Change a run that is kept here. Schools that announce it too are told when its days or place change.

    Raises ``Conflict`` when somebody changed it since ``version``, or it is over; ``Invalid``.
    """
    fresh = _own(run, version)
    if fresh.status in CLOSED:
        raise Conflict(
            _("Holdet er %(status)s og kan ikke rettes.")
            % {"status": fresh.get_status_display().lower()}
        )
    if fresh.follows_id is not None:
        raise Conflict(_("Holdet afholdes af en anden skole, som bestemmer dage, sted og pladser."))
    values, taught = _checked(facts, fresh.organisation, fresh)
    today = clock.local_date(now)
    if values["starts_on"] != fresh.starts_on and values["starts_on"] < today:
        raise Invalid(
            _("Holdets første dag er passeret. Vælg en dag fra i dag og frem."), "periods"
        )
    if fresh.status != RunStatus.PLANNED:
        _insist_complete(values)
    earlier = following.facts_of(fresh)
    parts_before = _parts(fresh)
    before, after = changes(fresh, values)
    parts_after = _parts_of(facts, taught)
    is_said_otherwise = periods_of(fresh) != facts.periods
    if not after and parts_before == parts_after and not is_said_otherwise:
        return fresh
    if parts_before != parts_after or is_said_otherwise:
        before["parts"], after["parts"] = parts_before, parts_after
        _write_parts(fresh, facts, taught)
    fresh.version += 1
    fresh.seen_on = today
    fresh.save(update_fields=[name for name in after if name != "parts"] + ["version", "seen_on"])
    record(
        fresh,
        before=_plain(before),
        after=_plain(after),
        summary=_("Holdet er rettet: %(what)s") % {"what": ", ".join(_names(after))},
        organisation_id=fresh.organisation_id,
    )
    if following.facts_of(fresh) != earlier and fresh.status != RunStatus.PLANNED:
        publish(
            RunRescheduled(
                fresh.pk,
                fresh.organisation_id,
                fresh.starts_on.isoformat(),
                fresh.ends_on.isoformat(),
                fresh.version,
            ),
            now=now,
        )
        following.tell(fresh, now=now)
    return fresh


@action("runs.announce_run", permission=rules.may_keep_run, on="run")
def announce_run(*, actor: Actor, now: datetime, run: CourseRun, version: int) -> CourseRun:
    """Make a planned run public. Raises ``Invalid`` for what an announcement must say and lacks (R17)."""
    fresh = _own(run, version)
    if fresh.starts_on <= clock.local_date(now):
        raise Invalid(_("Holdet begynder i dag eller er begyndt, så det kan ikke annonceres."))
    if fresh.follows is not None and fresh.follows.status not in (
        RunStatus.ANNOUNCED,
        RunStatus.CONFIRMED,
    ):
        raise Invalid(
            _("%(school)s har ikke annonceret holdet endnu. Vent, til det er sket.")
            % {"school": fresh.follows.organisation.label}
        )
    if fresh.follows_id is None:
        _insist_right(fresh.organisation, fresh.course, fresh.starts_on, fresh.ends_on)
    _insist_complete({name: getattr(fresh, name) for name in _MUST_SAY})
    return _go(actor, now, fresh, "announce", _("Holdet er annonceret"))


@action("runs.confirm_run", permission=rules.may_keep_run, on="run")
def confirm_run(*, actor: Actor, now: datetime, run: CourseRun, version: int) -> CourseRun:
    """Promise that an announced run is held, whatever becomes of the number (R37)."""
    fresh = _own(run, version)
    return _go(
        actor,
        now,
        fresh,
        "confirm",
        _("Det er besluttet, at holdet gennemføres. %(number)s er tilmeldt, mindst %(minimum)s")
        % {"number": fresh.used, "minimum": fresh.minimum},
    )


@action("runs.cancel_run", permission=rules.may_keep_run, on="run")
def cancel_run(
    *, actor: Actor, now: datetime, run: CourseRun, version: int, reason: str
) -> CourseRun:
    """Cancel a run, with a reason that schools and people are told. Raises ``Invalid`` without one."""
    return _call_off(actor, now, _own(run, version), reason)


def _call_off(actor: Actor, now: datetime, run: CourseRun, reason: str) -> CourseRun:
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(_("Skriv, hvorfor holdet aflyses. Det får de tilmeldte at vide."), "reason")
    run.reason = reason[:500]
    run.takes_sign_up = False
    run.save(update_fields=["reason", "takes_sign_up"])
    return _go(
        actor,
        now,
        run,
        "cancel",
        _("Holdet er aflyst: %(reason)s") % {"reason": run.reason},
        run.reason,
    )


def _lost(run: CourseRun) -> CourseRun:
    """The run with its row locked, as long as it belongs to the lists and is announced in none."""
    fresh = seats.lock_run(run.pk)
    if fresh.is_own or fresh.status not in (RunStatus.PLANNED, RunStatus.CANCELLED):
        raise Conflict(_("Holdet er annonceret igen. Hent siden igen."))
    return fresh


@action("runs.cancel_lost_run", permission=rules.may_keep_run, on="run")
def cancel_lost_run(*, actor: Actor, now: datetime, run: CourseRun, reason: str) -> CourseRun:
    """Say that a run that was read in, and is gone from the search, is cancelled; its people are told why.

    Twice is once. Raises ``Invalid`` without a reason, ``Conflict`` when it is announced again.
    """
    fresh = _lost(run)
    if fresh.status == RunStatus.CANCELLED:
        return fresh
    return _call_off(actor, now, fresh, reason)


@action("runs.keep_lost_run", permission=rules.may_keep_run, on="run")
def keep_lost_run(*, actor: Actor, now: datetime, run: CourseRun) -> CourseRun:
    """Say that a run that is gone from the search is held all the same. Raises ``Conflict`` when it is cancelled."""
    fresh = _lost(run)
    if fresh.status == RunStatus.CANCELLED:
        raise Conflict(_("Holdet er allerede aflyst."))
    return _go(
        actor, now, fresh, "announce", _("Holdet findes stadig, selv om det ikke står i søgningen")
    )


@action("runs.reopen_run", permission=rules.may_keep_run, on="run")
def reopen_run(*, actor: Actor, now: datetime, run: CourseRun, version: int) -> CourseRun:
    """Take a cancelled run back to the plan; it must be announced anew."""
    fresh = _own(run, version)
    if fresh.ends_on < clock.local_date(now):
        raise Invalid(_("Holdets dage er passeret. Kopiér holdet, og vælg nye dage."))
    return _go(actor, now, fresh, "reopen", _("Holdet er planlagt igen efter en aflysning"))


@action("runs.hold_run", permission=rules.may_keep_run, on="run")
def hold_run(
    *, actor: Actor, now: datetime, run: CourseRun, version: int, taught: int
) -> CourseRun:
    """Say that a run was held, and how many took part. Raises ``Invalid`` before its first day."""
    fresh = _own(run, version)
    if fresh.starts_on > clock.local_date(now):
        raise Invalid(
            _("Holdet begynder først %(day)s.") % {"day": _day(fresh.starts_on)}, "taught"
        )
    if not 0 <= taught <= MOST_SEATS:
        raise Invalid(_("Skriv et antal fra 0 til %(most)s.") % {"most": MOST_SEATS}, "taught")
    fresh.taught = taught
    fresh.save(update_fields=["taught"])
    return _go(
        actor,
        now,
        fresh,
        "hold",
        ngettext(
            "Holdet er afholdt med %(count)s deltager",
            "Holdet er afholdt med %(count)s deltagere",
            taught,
        )
        % {"count": taught},
    )


@action("runs.move_run", permission=rules.may_keep_run, on="run")
def move_run(
    *, actor: Actor, now: datetime, run: CourseRun, version: int, first_on: date
) -> CourseRun:
    """Move a run to another first day with as many days of teaching; its deadlines move along."""
    facts = facts_from(run)
    shift = first_on - run.starts_on
    if not shift:
        raise Invalid(_("Holdet begynder allerede den dag."), "first_on")
    return change_run(
        actor=actor, now=now, run=run, version=version, facts=_shifted(facts, first_on, run)
    )


def _shifted(facts: RunFacts, first_on: date, run: CourseRun) -> RunFacts:
    shift = first_on - run.starts_on
    return replace(
        facts,
        periods=tuple(days.moved(facts.periods, first_on)),
        deadline_on=facts.deadline_on + shift if facts.deadline_on else None,
        decision_on=facts.decision_on + shift if facts.decision_on else None,
    )


MOST_IN_SERIES: Final = 30


@dataclass(frozen=True)
class Planned:
    """One run of a series before it is made: its days, holidays passed over, and whether it is there."""

    number: int
    first_on: date
    facts: RunFacts
    taught: list[days.Day]
    skipped: list[days.Skipped]
    is_made: bool

    @property
    def last_on(self) -> date:
        return self.taught[-1].on


def series_of(run: CourseRun, *, weeks: int, times: int) -> list[Planned]:
    """The runs that a series would make after ``run``: every ``weeks`` weeks, ``times`` times.

    Raises ``Invalid`` for a series that cannot be.
    """
    if not 1 <= weeks <= 52:
        raise Invalid(_("Skriv et antal uger fra 1 til 52."), "weeks")
    if not 1 <= times <= MOST_IN_SERIES:
        raise Invalid(
            _("Skriv et antal hold fra 1 til %(most)s.") % {"most": MOST_IN_SERIES}, "times"
        )
    facts = facts_from(run)
    there = set(
        CourseRun.objects.filter(course_id=run.course_id, organisation_id=run.organisation_id)
        .exclude(status=RunStatus.CANCELLED)
        .values_list("starts_on", flat=True)
    )
    found = []
    for number in range(1, times + 1):
        moved = _shifted(facts, run.starts_on + timedelta(weeks=weeks * number), run)
        taught, skipped = days.all_days(moved.periods)
        found.append(
            Planned(number, taught[0].on, moved, taught, skipped, is_made=taught[0].on in there)
        )
    return found


@action("runs.plan_series", permission=rules.may_keep_run, on="run")
def plan_series(
    *,
    actor: Actor,
    now: datetime,
    run: CourseRun,
    weeks: int,
    times: int,
    wanted: frozenset[int],
    form_key: str,
) -> list[CourseRun]:
    """Plan the runs of a series that were ``wanted`` (their numbers). All or none; sent twice, once made.

    Each becomes a planned run without a kviknummer.
    """
    run = seats.lock_run(run.pk)  # the run before its school, as whoever enrols does
    chosen = [line for line in series_of(run, weeks=weeks, times=times) if line.number in wanted]
    if not chosen:
        raise Invalid(_("Vælg mindst ét hold."))
    name = run.series or f"{run.pk}"
    made = [
        plan_run(
            actor=actor,
            now=now,
            school=run.organisation,
            facts=replace(line.facts, kviknummer=""),
            form_key=f"{form_key}-{line.number}",
            series=name,
        )
        for line in chosen
    ]
    if not run.series:
        CourseRun.objects.filter(pk=run.pk).update(series=name)
    record(
        run,
        after={"runs": [item.pk for item in made]},
        summary=ngettext(
            "En serie på %(count)s hold er planlagt ud fra dette",
            "En serie på %(count)s hold er planlagt ud fra dette",
            len(made),
        )
        % {"count": len(made)},
        organisation_id=run.organisation_id,
    )
    return made


def facts_from(run: CourseRun) -> RunFacts:
    """What stands of a run, as facts to change or copy. Two queries."""
    return RunFacts(
        course=run.course,
        periods=periods_of(run),
        prices=tuple(PriceLine(line.label, line.ore) for line in run.prices.order_by("position")),
        part_goals=tuple(run.part_goals),
        **{
            name: getattr(run, name)
            for name in (
                "capacity",
                "minimum",
                "title",
                "kviknummer",
                "duration_days",
                "deadline_on",
                "decision_on",
                "is_guaranteed",
                "is_evening",
                "is_remote",
                "is_at_company",
                "company",
                "street",
                "postcode",
                "city",
                "takes_sign_up",
                "link",
                "note",
            )
        },
    )


def periods_of(run: CourseRun) -> tuple[days.Plan, ...]:
    """The periods of a run; of one that was read in, the weekdays from its first to its last day."""
    found = tuple(
        days.Plan(
            kind=row.kind,
            first_on=row.first_on,
            last_on=row.last_on,
            weekdays=tuple(row.weekdays),
            dates=tuple(date.fromisoformat(text) for text in row.dates),
            skips_holidays=row.skips_holidays,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            room=row.room,
            teacher=row.teacher,
        )
        for row in run.periods.order_by("position")
    )
    if found:
        return found
    ends = (run.starts_on, run.ends_on)
    return (
        days.Plan(
            first_on=run.starts_on,
            last_on=run.ends_on,
            weekdays=tuple(sorted({*days.WORKWEEK, *(day.isoweekday() for day in ends)})),
            skips_holidays=not any(days.holiday(day) for day in ends),
        ),
    )


def _own(run: CourseRun, version: int) -> CourseRun:
    """The run with its row locked, as long as it is kept here and ``version`` still stands."""
    fresh = seats.lock_run(run.pk)
    if not fresh.is_own:
        raise Conflict(
            _(
                "Holdet er læst ind fra en liste. Ret det i skolens eget system, og læs listen ind igen."
            )
        )
    if fresh.version != version:
        raise Conflict(
            _("Nogen har rettet holdet imens. Se, hvad der nu står, og ret det så igen.")
        )
    return fresh


def _go(
    actor: Actor, now: datetime, run: CourseRun, verb: str, summary: str, reason: str = ""
) -> CourseRun:
    was = transition(run, verb, table=RUN_TRANSITIONS, actor=actor, now=now, reason=reason)
    run.version += 1
    run.seen_on = clock.local_date(now)
    run.save(update_fields=["version", "seen_on"])
    record(
        run,
        before={"status": was},
        after={"status": run.status} | ({"reason": reason} if reason else {}),
        summary=summary,
        organisation_id=run.organisation_id,
    )
    publish(RunStatusChanged(run.pk, run.organisation_id, verb, run.status, reason), now=now)
    following.tell(run, now=now)
    return run


_MUST_SAY = ("street", "postcode", "city", "is_remote", "deadline_on")


def lacks(run: CourseRun) -> list[str]:
    """What a run must still say before it can be announced, a sentence each."""
    return [text for text, _field in _lacks({name: getattr(run, name) for name in _MUST_SAY})]


def _lacks(values: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    if not values["is_remote"] and not (values["street"] and values["postcode"] and values["city"]):
        found.append(
            (
                _("Skriv adressen, hvor holdet afholdes, eller at det er fjernundervisning."),
                "street",
            )
        )
    if values["deadline_on"] is None:
        found.append((_("Skriv tilmeldingsfristen."), "deadline_on"))
    return found


def _insist_complete(values: dict[str, Any]) -> None:
    found = _lacks(values)
    if found:
        raise Invalid(" ".join(text for text, _field in found), found[0][1])


def _insist_right(school: Organisation, course: Course, first: date, last: date) -> None:
    """A school holds what it is approved for, or has borrowed on a loan in force on every day (R4, R48–R51)."""
    right = right_to_hold(school, course, first, last)
    if not right.holds:
        raise Invalid(right.why_not, "periods")


def _checked(
    facts: RunFacts, school: Organisation, run: CourseRun | None = None
) -> tuple[dict[str, Any], list[days.Day]]:
    """The columns of the run and its days. Raises ``Invalid`` with the first thing that is wrong."""
    taught, _skipped = days.all_days(facts.periods)
    if not taught:
        raise Invalid(
            _("Holdet har ingen dage. Vælg enkelte dage, eller ugedage mellem to datoer."),
            "periods",
        )
    first, last = taught[0].on, taught[-1].on
    if run is None or run.follows_id is None:
        _insist_right(school, facts.course, first, last)
    if not 1 <= facts.capacity <= MOST_SEATS:
        raise Invalid(
            _("Skriv, hvor mange pladser der er: fra 1 til %(most)s.") % {"most": MOST_SEATS},
            "capacity",
        )
    used = run.used if run is not None else 0
    if facts.capacity < used:
        raise Invalid(
            ngettext(
                "Der er allerede %(count)s tilmeldt, så holdet kan ikke have færre pladser.",
                "Der er allerede %(count)s tilmeldte, så holdet kan ikke have færre pladser.",
                used,
            )
            % {"count": used},
            "capacity",
        )
    if not 1 <= facts.minimum <= facts.capacity:
        raise Invalid(
            _("Minimum skal være mindst 1 og højst antallet af pladser, %(capacity)s.")
            % {"capacity": facts.capacity},
            "minimum",
        )
    if facts.is_guaranteed and facts.minimum > MOST_GUARANTEED:
        raise Invalid(
            _(
                "Et garantihold må højst have et minimum på %(most)s. Sæt minimum ned, eller fjern garantien."
            )
            % {"most": MOST_GUARANTEED},
            "minimum",
        )
    if facts.deadline_on and facts.deadline_on > first:
        raise Invalid(
            _("Tilmeldingsfristen ligger efter holdets første dag, %(day)s.")
            % {"day": _day(first)},
            "deadline_on",
        )
    decision = facts.decision_on or facts.deadline_on
    if decision and decision > first:
        raise Invalid(
            _("Beslutningsdagen ligger efter holdets første dag, %(day)s.") % {"day": _day(first)},
            "decision_on",
        )
    if facts.is_at_company and not facts.company:
        raise Invalid(_("Skriv, hvilken virksomhed holdet er hos."), "company")
    if facts.kviknummer:
        taken = CourseRun.objects.filter(kviknummer=facts.kviknummer)
        if run is not None:
            taken = taken.exclude(pk=run.pk)
        if taken.exists():
            raise Invalid(_("Kviknummeret bruges allerede af et andet hold."), "kviknummer")
    city = facts.city
    if facts.postcode:
        known = Postcode.objects.filter(code=facts.postcode).first()
        if known is None:
            raise Invalid(
                _("Postnummeret %(code)s findes ikke.") % {"code": facts.postcode}, "postcode"
            )
        city = city or known.city
    return {
        "course": facts.course,
        "title": facts.title or facts.course.title,
        "kviknummer": facts.kviknummer,
        "starts_on": first,
        "ends_on": last,
        "deadline_on": facts.deadline_on,
        "decision_on": decision,
        "duration_days": facts.duration_days or Decimal(days.length(taught)),
        "hours": hours_of(taught),
        "teaching_form": form_of(facts),
        "is_evening": facts.is_evening,
        "is_remote": facts.is_remote,
        "is_at_company": facts.is_at_company,
        "company": facts.company if facts.is_at_company else "",
        "street": facts.street,
        "postcode": facts.postcode,
        "city": city,
        "capacity": facts.capacity,
        "minimum": facts.minimum,
        "is_guaranteed": facts.is_guaranteed,
        "takes_sign_up": facts.takes_sign_up,
        "price": Decimal(sum(line.ore for line in facts.prices)) / 100 if facts.prices else None,
        "part_goals": list(facts.part_goals),
        "link": facts.link,
        "note": facts.note,
        "commitment_id": commitments.fulfilled_by(school, facts.course, first),
    }, taught


def hours_of(taught: Sequence[days.Day]) -> str:
    """``08:00-15:24`` where it is so on all days, several where it is not; empty when not said."""
    spans = dict.fromkeys(
        f"{_clock(day.starts_at)}-{_clock(day.ends_at)}"
        for day in taught
        if day.starts_at and day.ends_at
    )
    return ", ".join(spans)[:120]


def _clock(value: time | None) -> str:
    return value.strftime("%H:%M") if value else ""


def form_of(facts: RunFacts) -> str:
    """The teaching form, in the words of the national search (R20)."""
    if facts.is_remote:
        return "Fjernundervisning"
    if facts.is_at_company:
        return "Virksomhedsforlagt undervisning"
    return "Aftenundervisning" if facts.is_evening else "Dagundervisning"


def _write_parts(run: CourseRun, facts: RunFacts, taught: Sequence[days.Day]) -> None:
    RunPeriod.objects.filter(run=run).delete()
    RunDay.objects.filter(run=run).delete()
    RunPrice.objects.filter(run=run).delete()
    RunPeriod.objects.bulk_create(
        RunPeriod(
            run=run,
            position=position,
            kind=plan.kind,
            first_on=plan.first_on,
            last_on=plan.last_on,
            weekdays=list(plan.weekdays),
            dates=[day.isoformat() for day in plan.dates],
            skips_holidays=plan.skips_holidays,
            starts_at=plan.starts_at,
            ends_at=plan.ends_at,
            room=plan.room,
            teacher=plan.teacher,
        )
        for position, plan in enumerate(facts.periods)
    )
    RunDay.objects.bulk_create(
        RunDay(
            run=run,
            on=day.on,
            starts_at=day.starts_at,
            ends_at=day.ends_at,
            room=day.room,
            teacher=day.teacher,
        )
        for day in taught
    )
    RunPrice.objects.bulk_create(
        RunPrice(run=run, position=position, label=line.label, ore=line.ore)
        for position, line in enumerate(facts.prices)
    )


def _parts(run: CourseRun) -> dict[str, Any]:
    """Periods and price lines, to see whether they changed."""
    return {
        "days": [
            [row.on.isoformat(), _clock(row.starts_at), _clock(row.ends_at), row.room, row.teacher]
            for row in run.days.order_by("on", "starts_at", "pk")
        ],
        "prices": [[row.label, row.ore] for row in run.prices.order_by("position")],
    }


def _parts_of(facts: RunFacts, taught: Sequence[days.Day]) -> dict[str, Any]:
    """What ``_parts`` will say once the facts are written."""
    return {
        "days": [
            [day.on.isoformat(), _clock(day.starts_at), _clock(day.ends_at), day.room, day.teacher]
            for day in taught
        ],
        "prices": [[line.label, line.ore] for line in facts.prices],
    }


_TOLD = (
    "starts_on",
    "ends_on",
    "capacity",
    "minimum",
    "is_guaranteed",
    "street",
    "city",
    "kviknummer",
)


def _told(run: CourseRun) -> dict[str, Any]:
    return _plain({name: getattr(run, name) for name in _TOLD} | {"course": run.course.number})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: str(value)
        if isinstance(value, (date, Decimal))
        else getattr(value, "number", value)
        if isinstance(value, Course)
        else value
        for name, value in values.items()
    }


def _names(after: dict[str, Any]) -> list[str]:
    """What was changed, in words, each once."""
    words = {
        "course": _("mål"),
        "starts_on": _("dage"),
        "ends_on": _("dage"),
        "parts": _("dage eller pris"),
        "hours": _("tidspunkt"),
        "street": _("adresse"),
        "postcode": _("adresse"),
        "city": _("adresse"),
        "capacity": _("pladser"),
        "minimum": _("minimum"),
        "is_guaranteed": _("garanti"),
        "deadline_on": _("frist"),
        "decision_on": _("beslutningsdag"),
        "kviknummer": _("kviknummer"),
        "price": _("pris"),
        "takes_sign_up": _("tilmelding i Samspil"),
    }
    return list(dict.fromkeys(words.get(name, _("oplysninger")) for name in after))


def _day(day: date) -> str:
    return da_date(day)
