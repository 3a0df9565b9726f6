"""Announced runs as they come in from the national search: asked for, taken in whole, or not at all.

Who fetches is ``interfaces.harvest_client``; the worker calls it (``receivers``). An answer counts
for whole courses: what it lacks of a course isn't announced any more. Whatever is wrong with an
answer, the last good one stays, and the harvest says what was wrong.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from samspil.catalogue.models import Course
from samspil.contracts.runs import RunsHarvested
from samspil.coordination.enums import RoundStatus
from samspil.coordination.models import RoundCourse
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.imports import engine
from samspil.kernel.imports.actions import spec_of
from samspil.kernel.imports.declare import Change, plain_value
from samspil.kernel.imports.tables import Table
from samspil.kernel.locking import lock_row, lock_rows
from samspil.kernel.outbox import enqueue, publish
from samspil.kernel.spreadsheets.reader import CellValue, Sheet
from samspil.network.models import Organisation
from samspil.runs import rules
from samspil.runs.enums import HarvestOrigin, HarvestStatus, RunChangeKind, RunStatus
from samspil.runs.models import (
    CourseLook,
    CourseRun,
    Harvest,
    HarvestPage,
    RunChange,
    RunTrace,
)
from samspil.runs.models.harvest import ONGOING

SPEC: Final = "runs.course_runs"
LEASE: Final = timedelta(minutes=5)
"""How long a worker that fetches may be silent before another takes over."""
ATTEMPTS: Final = 3
"""How often a night's harvest is tried."""
MOST_NOTES: Final = 50
FEW: Final = 20
"""So many runs may go at once without anybody asking."""
PAGES_KEPT: Final = timedelta(days=60)
NUMBERS: Final = frozenset({"enrolled"})
"""What changes every day, and is told apart."""
_QUIET: Final = frozenset({"seen_on", "source"})
_CHUNK: Final = 5_000
_ACTIVE: Final = (RunStatus.ANNOUNCED, RunStatus.CONFIRMED)


class Pause(Exception):
    """Enough for now: the harvest goes on from here in a moment."""


class Trouble(Exception):
    """A harvest that can't go on: ``code`` and values for a sentence, and when to try again."""

    def __init__(self, code: str, *, retry_at: datetime | None = None, **values: Any) -> None:
        super().__init__(code, values)
        self.problem: dict[str, Any] = {"code": code, **values}
        self.retry_at = retry_at


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the server gave it, with what makes the next question conditional. Once it is read
    and kept, the body is left out."""

    address: str
    body: bytes
    etag: str = ""
    last_modified: str = ""
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """All runs of some courses on one day. ``rows``: values by column of the kind of list ``SPEC``.

    ``is_whole``: what isn't there isn't announced. ``courses``: the numbers that it tells about.
    """

    looked_on: date
    courses: tuple[str, ...]
    rows: Sequence[Mapping[str, CellValue]]
    pages: Sequence[Page] = ()
    is_whole: bool = True


@dataclass(slots=True)
class _Found:
    """What an answer changes, while it is taken in."""

    changes: list[RunChange] = field(default_factory=list)
    new: int = 0
    gone: int = 0
    changed: int = 0


# ---------------------------------------------------------------- asking


def courses_to_follow(today: date) -> list[str]:
    """Numbers of the courses to look for: those of this year's rounds and later ones, and those
    that have a run that hasn't begun."""
    rounds = RoundCourse.objects.filter(round_fkb__round__year__gte=today.year).exclude(
        round_fkb__round__status=RoundStatus.DRAFT
    )
    runs = CourseRun.objects.filter(starts_on__gte=today)
    return list(
        Course.objects.filter(Q(pk__in=rounds.values("course")) | Q(pk__in=runs.values("course")))
        .order_by("number", "pk")
        .values_list("number", flat=True)
    )


@action("runs.request_harvest", permission=rules.may_read_runs_in)
def request_harvest(
    *, actor: Actor, now: datetime, accepts_fewer: bool = False, attempt: int = 1
) -> Harvest:
    """Have the announced runs fetched by the worker.

    ``accepts_fewer``: take the answer in even if most runs are gone. Raises ``Invalid`` when no
    address is set, ``Conflict`` when they are being fetched already.
    """
    if not settings.SAMSPIL_HARVEST_URL:
        raise Invalid(_("Der er ikke angivet en adresse for den landsdækkende søgning."))
    _let_go_of_the_dead(now)
    try:
        with transaction.atomic():
            harvest = Harvest.objects.create(
                asked_by=actor.label[:200],
                asked_at=now,
                lease_until=now + LEASE * 3,
                accepts_fewer=accepts_fewer,
                attempt=attempt,
            )
    except IntegrityError as error:
        raise Conflict(_("Holdene bliver hentet allerede.")) from error
    enqueue("runs.harvest", {"harvest": harvest.pk}, now=now, key=f"harvest:{harvest.pk}")
    record(harvest, after={"status": harvest.status}, summary=_("Hold skal hentes"))
    return harvest


def _let_go_of_the_dead(now: datetime) -> None:
    """A harvest whose worker is long gone keeps nobody else from trying."""
    Harvest.objects.filter(
        origin=HarvestOrigin.SEARCH, status__in=ONGOING, lease_until__lt=now
    ).update(status=HarvestStatus.FAILED, finished_at=now, problem={"code": "lost"})


@action("runs.begin_harvest", permission=rules.is_worker)
def begin_harvest(*, actor: Actor, now: datetime, harvest_id: int) -> Harvest:
    """Claim a harvest for this worker. Raises ``Conflict``: it is over, or another worker is at it."""
    mine = (
        Harvest.objects.filter(pk=harvest_id)
        .filter(
            Q(status=HarvestStatus.WAITING) | Q(status=HarvestStatus.FETCHING, lease_until__lt=now)
        )
        .update(status=HarvestStatus.FETCHING, lease_until=now + LEASE)
    )
    if not mine:
        raise Conflict(_("Holdene bliver hentet allerede."))
    harvest = Harvest.objects.get(pk=harvest_id)
    record(harvest, after={"status": harvest.status}, summary=_("Hold hentes"))
    return harvest


def is_at_it(harvest_id: int, *, now: datetime) -> datetime | None:
    """Until when another worker is thought to be at it; ``None`` when nobody is."""
    return (
        Harvest.objects.filter(pk=harvest_id, status=HarvestStatus.FETCHING, lease_until__gte=now)
        .values_list("lease_until", flat=True)
        .first()
    )


def stay_alive(harvest: Harvest, *, now: datetime) -> None:
    """Say that the worker still fetches. Raises ``Trouble`` when somebody else has taken over."""
    kept = Harvest.objects.filter(
        pk=harvest.pk, status=HarvestStatus.FETCHING, lease_until=harvest.lease_until
    ).update(lease_until=now + LEASE)
    if not kept:
        raise Trouble("lost")
    harvest.lease_until = now + LEASE


class KnownPages:
    """The pages as they were last answered. ``since``: those of this harvest needn't be asked for again.

    Pages are kept as they come, so that a harvest can be done a little at a time. They are no more
    than what the server said: what is taken in of them is decided when all are there.
    """

    def __init__(self, since: datetime) -> None:
        self.since = since

    def get(self, address: str) -> Page | None:
        """The page at ``address`` as it was last answered."""
        row = HarvestPage.objects.filter(address=address).first()
        if row is None:
            return None
        body = zlib.decompress(row.body)
        return Page(address, body, row.etag, row.last_modified, is_unchanged=True)

    def fresh(self, address: str) -> Page | None:
        """The page at ``address``, when it was asked for in this harvest already."""
        row = HarvestPage.objects.filter(address=address, fetched_at__gte=self.since).first()
        return Page(address, zlib.decompress(row.body)) if row else None

    def keep(self, page: Page, now: datetime) -> None:
        """Remember a page that could be read."""
        if page.is_unchanged:
            HarvestPage.objects.filter(address=page.address).update(fetched_at=now)
            return
        HarvestPage.objects.update_or_create(
            address=page.address,
            defaults={
                "etag": page.etag,
                "last_modified": page.last_modified,
                "body": zlib.compress(page.body),
                "fetched_at": now,
            },
        )


def rest(harvest: Harvest, *, now: datetime) -> None:
    """Let go of a harvest that goes on in a moment, so that other work comes in between."""
    Harvest.objects.filter(pk=harvest.pk, status=HarvestStatus.FETCHING).update(
        status=HarvestStatus.WAITING, lease_until=now + LEASE * 3
    )


@action("runs.fail_harvest", permission=rules.is_worker)
def fail_harvest(*, actor: Actor, now: datetime, harvest: Harvest, trouble: Trouble) -> None:
    """Write down why a harvest came to nothing. A night's is tried again later that night."""
    failed = Harvest.objects.filter(pk=harvest.pk, status__in=ONGOING).update(
        status=HarvestStatus.FAILED, finished_at=now, lease_until=None, problem=trouble.problem
    )
    if not failed:
        return
    record(
        harvest,
        before={"status": harvest.status},
        after={"status": HarvestStatus.FAILED, "problem": trouble.problem},
        summary=_("Hold kunne ikke hentes"),
    )
    is_nightly = harvest.asked_by.startswith("system:")
    if is_nightly and harvest.attempt < ATTEMPTS and trouble.problem["code"] != "fewer":
        again = max(now + timedelta(hours=1), trouble.retry_at or now)
        payload = {"attempt": harvest.attempt + 1}
        enqueue("runs.harvest_nightly", payload, now=now, run_at=again)


# ---------------------------------------------------------------- taking in


@action("runs.take_in_harvest", permission=rules.may_read_runs_in)
def take_in_harvest(*, actor: Actor, now: datetime, harvest: Harvest, answer: Answer) -> Harvest:
    """Write an answer, all of it or nothing, and what it changed.

    Rows that can't be read in (an unknown school) are left out and told; their runs are not taken
    for gone. Raises ``Trouble`` when more than half of the runs would go and nobody has said that
    it is right, ``Conflict`` when the harvest is over.
    """
    harvest = lock_row(Harvest.objects.all(), harvest.pk)
    if harvest.status not in ONGOING:
        raise Conflict(_("Hentningen er afsluttet."))
    seen = {str(row["kviknummer"]) for row in answer.rows if row.get("kviknummer")}
    rows = [{"seen_on": answer.looked_on, **row} for row in answer.rows]
    before = {run.kviknummer: run for run in _known(seen, answer.courses)}
    plan = _plan(rows, actor=actor, today=answer.looked_on)
    found = _Found()
    going = _going(answer, seen, before.values()) if answer.is_whole else []
    _refuse_if_fewer(harvest, going, answer, before.values())
    engine.write(plan)
    after = {
        run.kviknummer: run
        for part in _parts(seen)
        for run in CourseRun.objects.filter(kviknummer__in=part).select_related("trace")
    }
    usable = {row.get("kviknummer") for row in plan.rows if row.is_usable}
    present = [after[number] for number in sorted(usable) if number in after]
    _note_changes(plan.changes, after, harvest, answer, found)
    if answer.is_whole:
        _trace(present, before, answer, harvest, found)
        _let_go(going, answer, harvest, found)
        _look(answer)
    RunChange.objects.bulk_create(found.changes, batch_size=_CHUNK)
    _forget(now, answer.looked_on)
    skipped = [row for row in plan.rows if not row.is_usable]
    harvest.status = HarvestStatus.DONE
    harvest.finished_at = now
    harvest.lease_until = None
    harvest.looked_on = answer.looked_on
    harvest.courses, harvest.runs = len(answer.courses), len(present)
    harvest.pages = len(answer.pages)
    harvest.unchanged_pages = sum(page.is_unchanged for page in answer.pages)
    harvest.new, harvest.gone, harvest.changed = found.new, found.gone, found.changed
    harvest.skipped = len(skipped)
    harvest.notes = _notes(skipped)
    harvest.save()
    record(
        harvest,
        after={
            "runs": harvest.runs,
            "new": found.new,
            "gone": found.gone,
            "changed": found.changed,
            "skipped": harvest.skipped,
        },
        summary=_("%(runs)s hold hentet: %(new)s nye, %(gone)s væk, %(changed)s ændret")
        % {
            "runs": harvest.runs,
            "new": found.new,
            "gone": found.gone,
            "changed": found.changed,
        },
    )
    publish(RunsHarvested(looked_on=answer.looked_on.isoformat()), now=now)
    return harvest


@action("runs.take_in_file", permission=rules.may_read_runs_in)
def take_in_file(
    *, actor: Actor, now: datetime, answer: Answer, accepts_fewer: bool = False
) -> Harvest:
    """Take an answer in that somebody has fetched as a file. Raises as ``take_in_harvest``."""
    try:
        with transaction.atomic():
            harvest = Harvest.objects.create(
                origin=HarvestOrigin.FILE,
                status=HarvestStatus.FETCHING,
                asked_by=actor.label[:200],
                asked_at=now,
                accepts_fewer=accepts_fewer,
            )
    except IntegrityError as error:
        raise Conflict(_("En anden er ved at lægge en fil ind. Prøv igen om lidt.")) from error
    return take_in_harvest(actor=actor, now=now, harvest=harvest, answer=answer)


def _known(seen: Collection[str], courses: Collection[str]) -> list[CourseRun]:
    """The runs that an answer may touch, locked in one order before anything is compared."""
    pks: set[int] = set()
    for part in _parts(courses):
        pks |= set(CourseRun.objects.filter(course__number__in=part).values_list("pk", flat=True))
    for part in _parts(seen):
        pks |= set(CourseRun.objects.filter(kviknummer__in=part).values_list("pk", flat=True))
    return [
        run
        for part in _parts(pks)
        for run in lock_rows(CourseRun.objects.filter(pk__in=part).select_related("trace"))
    ]


def _plan(rows: Sequence[Mapping[str, CellValue]], *, actor: Actor, today: date) -> engine.Plan:
    """The rows as a list of runs is read in: the same columns, rules and sentences."""
    spec = spec_of(SPEC)
    keys = [column.key for column in spec.columns]
    sheet = Sheet(str(spec.title), [list(keys), *([row.get(k) for k in keys] for row in rows)])
    table = Table(0, 0, len(rows), 0, len(keys) - 1, keys, dict(enumerate(keys)))
    source = str(HarvestOrigin.SEARCH.label)
    return engine.make_plan(
        spec, [sheet], [table], actor=actor, today=today, source=source, options={}
    )


def _going(answer: Answer, seen: Collection[str], known: Iterable[CourseRun]) -> list[CourseRun]:
    """The runs that were announced and aren't any more, though they haven't begun."""
    numbers = dict(Course.objects.filter(number__in=answer.courses).values_list("pk", "number"))
    return [
        run
        for run in known
        if run.course_id in numbers
        and run.kviknummer not in seen
        and _is_announced(run, answer.looked_on)
    ]


def _is_announced(run: CourseRun, on: date) -> bool:
    """Whether a run was in the search when it was last looked at, and hasn't begun since."""
    if run.starts_on <= on or not run.kviknummer:
        return False
    trace = _trace_of(run)
    if trace is not None:
        return trace.gone_on is None
    return not run.is_own and run.status in _ACTIVE


def _trace_of(run: CourseRun) -> RunTrace | None:
    return getattr(run, "trace", None)


def _refuse_if_fewer(
    harvest: Harvest, going: Sequence[CourseRun], answer: Answer, known: Iterable[CourseRun]
) -> None:
    were = sum(_is_announced(run, answer.looked_on) for run in known)
    if harvest.accepts_fewer or len(going) <= FEW or len(going) * 2 <= were:
        return
    raise Trouble("fewer", was=were, gone=len(going), now=len(answer.rows))


def _note_changes(
    changes: Iterable[Change],
    after: Mapping[str, CourseRun],
    harvest: Harvest,
    answer: Answer,
    found: _Found,
) -> None:
    names = _names(changes)
    for change in changes:
        run = after[change.key]
        if change.pk is None:
            found.changes.append(_change(RunChangeKind.NEW, run, harvest, answer))
            found.new += 1
            continue
        fields = [
            [name, _told(name, old, names), _told(name, change.after.get(name), names)]
            for name, old in (change.before or {}).items()
            if name not in _QUIET
        ]
        if fields:
            is_counts = {name for name, _old, _new in fields} <= NUMBERS
            kind = RunChangeKind.NUMBERS if is_counts else RunChangeKind.CHANGED
            found.changes.append(_change(kind, run, harvest, answer, fields))
            found.changed += not is_counts


def _names(changes: Iterable[Change]) -> dict[tuple[str, int], str]:
    """What the schools and courses that a run had before are called."""
    ids: dict[str, set[int]] = {"organisation": set(), "course": set()}
    for change in changes:
        for name, pks in ids.items():
            if change.before and name in change.before:
                pks.add(change.before[name])
    found = {
        ("organisation", o.pk): o.label
        for o in Organisation.objects.filter(pk__in=ids["organisation"])
    }
    return found | {("course", c.pk): c.number for c in Course.objects.filter(pk__in=ids["course"])}


def _told(name: str, value: Any, names: Mapping[tuple[str, int], str]) -> Any:
    if isinstance(value, Organisation):
        return value.label
    if isinstance(value, Course):
        return value.number
    if name in ("organisation", "course"):
        return names.get((name, value), "")
    return plain_value(value)


def _change(
    kind: RunChangeKind,
    run: CourseRun,
    harvest: Harvest,
    answer: Answer,
    fields: list[list[Any]] | None = None,
) -> RunChange:
    return RunChange(
        harvest=harvest,
        on=answer.looked_on,
        kind=kind,
        run=run,
        course_id=run.course_id,
        organisation_id=run.organisation_id,
        kviknummer=run.kviknummer,
        starts_on=run.starts_on,
        fields=fields or [],
    )


def _trace(
    present: Sequence[CourseRun],
    before: Mapping[str, CourseRun],
    answer: Answer,
    harvest: Harvest,
    found: _Found,
) -> None:
    """Since when each run is there; those that had gone are back."""
    on = answer.looked_on
    looks = dict(
        CourseLook.objects.filter(course__number__in=answer.courses).values_list(
            "course_id", "looked_on"
        )
    )
    made: list[RunTrace] = []
    seen: list[int] = []
    back: list[CourseRun] = []
    for run in present:
        trace = _trace_of(run)
        if trace is not None:
            seen.append(trace.pk)
            if trace.gone_on is not None:
                back.append(run)
            continue
        earlier = before.get(run.kviknummer)
        look = looks.get(run.course_id)
        made.append(
            RunTrace(
                run=run,
                first_seen_on=min(on, earlier.seen_on) if earlier else on,
                last_seen_on=on,
                absent_on=look if look and look < on and not earlier else None,
            )
        )
    RunTrace.objects.bulk_create(made, batch_size=_CHUNK)
    for part in _parts(seen):
        RunTrace.objects.filter(pk__in=part).update(last_seen_on=on, gone_on=None)
    found.changes += [_change(RunChangeKind.BACK, run, harvest, answer) for run in back]
    found.new += len(back)
    _set_status(back, RunStatus.PLANNED, RunStatus.ANNOUNCED)


def _let_go(going: Sequence[CourseRun], answer: Answer, harvest: Harvest, found: _Found) -> None:
    """Runs that are gone are not announced any more. A run past its deadline just can't be
    signed up for; it stays what it was."""
    on = answer.looked_on
    missing = [run for run in going if _trace_of(run) is None]
    RunTrace.objects.bulk_create(
        [
            RunTrace(
                run=run,
                first_seen_on=min(run.seen_on, on),
                last_seen_on=min(run.seen_on, on),
                gone_on=on,
            )
            for run in missing
        ],
        batch_size=_CHUNK,
    )
    for part in _parts([run.pk for run in going]):
        RunTrace.objects.filter(run__in=part, gone_on=None).update(gone_on=on)
    found.changes += [_change(RunChangeKind.GONE, run, harvest, answer) for run in going]
    found.gone += len(going)
    withdrawn = [run for run in going if run.deadline_on is None or run.deadline_on >= on]
    _set_status(withdrawn, RunStatus.ANNOUNCED, RunStatus.PLANNED)


def _set_status(runs: Sequence[CourseRun], old: RunStatus, new: RunStatus) -> None:
    """The state of runs that belong to the search; those kept here are their school's to change."""
    for part in _parts([run.pk for run in runs if not run.is_own]):
        CourseRun.objects.filter(pk__in=part, status=old).update(
            status=new, version=F("version") + 1
        )


def _look(answer: Answer) -> None:
    """Write down that the courses were looked at whole on that day."""
    on = answer.looked_on
    courses = list(
        Course.objects.filter(number__in=answer.courses).order_by("pk").values_list("pk", flat=True)
    )
    known = set(CourseLook.objects.filter(course__in=courses).values_list("course_id", flat=True))
    CourseLook.objects.filter(course__in=courses, looked_on__lt=on).update(looked_on=on)
    CourseLook.objects.bulk_create(
        [CourseLook(course_id=pk, first_on=on, looked_on=on) for pk in courses if pk not in known],
        batch_size=_CHUNK,
    )


def _forget(now: datetime, today: date) -> None:
    """Pages that nobody asks for any more, and history older than the installation wants to keep."""
    HarvestPage.objects.filter(fetched_at__lt=now - PAGES_KEPT).delete()
    last = today - timedelta(days=settings.SAMSPIL_HARVEST_KEEP_DAYS)
    RunChange.objects.filter(on__lt=last).delete()
    Harvest.objects.filter(asked_at__date__lt=last).exclude(status__in=ONGOING).delete()


def _notes(skipped: Iterable[Any]) -> list[str]:
    """Each reason why runs were left out, once, with the first of them."""
    told: dict[str, list[str]] = {}
    for row in skipped:
        text = " ".join(dict.fromkeys(m["text"] for m in row.messages)) or ""
        told.setdefault(text, []).append(str(row.get("kviknummer") or ""))
    return [
        f"{', '.join(numbers[:3])}{' …' if len(numbers) > 3 else ''}: {text}"
        for text, numbers in list(told.items())[:MOST_NOTES]
    ]


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    """The items, sorted, in pieces that a query can name."""
    ordered = sorted(items)
    for at in range(0, len(ordered), _CHUNK):
        yield ordered[at : at + _CHUNK]
