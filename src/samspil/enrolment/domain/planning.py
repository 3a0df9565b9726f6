"""The door to the planning core: a course's runs with the people who signed up here, and the answer as lines.

Reads rows, writes none. Where somebody lives is the postcode that they gave, else the place of their run; how far
and when is what they said, within the plan's limits, else the limits alone. People whom only the school's own
system knows count where they are, or, when the schools ask them (``Limits.elsewhere``), within the limits, from
the place of their run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from planning.geo import road_metres
from planning.planners import OFFERS, POOLING
from planning.pooling import baselines
from planning.pooling.asked import AskProblem
from planning.pooling.data import (
    DEGREE,
    Party,
    PinnedRun,
    Place,
    Problem,
    Run,
    RunPin,
    School,
)
from planning.pooling.score import balances, score
from planning.pooling.solution import Seat, Solution
from planning.pooling.split import split, split_asked
from planning.pooling.units import Asking
from planning.pooling.willingness import flat, prior
from planning.result import Bound, Result, Status
from samspil.enrolment.enums import ANSWERED_NO, EnrolmentStatus, RunFate, TransferStep
from samspil.enrolment.models import Enrolment, Flexibility, MoveLine
from samspil.network.models import Postcode
from samspil.runs.models import CourseRun

FIXED = "r"
"""Begins the key of the people whom only the school's own system knows."""
MONEY = ("gives", "gets", "comes", "income")
"""What is summed up for each school."""
_CHUNK = 2_000
"""So many ids are named in a query."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What everybody is asked about at most, and what is decided: see ``MovePlan.conditions``.

    ``elsewhere``: people whom only a school's own system knows are asked too, by their school.
    """

    km: int = 75
    days: int = 28
    yes: str = "all"
    answer_days: int = 4
    elsewhere: bool = False
    held: tuple[int, ...] = ()
    cancelled: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """People of a sign-up who sit, or wait, on one run, in the order of the queue."""

    sign_up_id: int
    run_id: int
    is_waiting: bool
    is_together: bool
    enrolments: tuple[int, ...]
    postcode: str

    @property
    def key(self) -> str:
        """Its name in the problem."""
        return f"{self.sign_up_id}:{self.run_id}:{'w' if self.is_waiting else 's'}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the answer: these people are asked about another run. ``why`` in the planner's codes.

    ``sign_up_id`` None: somebody whom only the school's own system knows. ``metres``: from home; ``extra``: so
    much farther than to their own run.
    """

    sign_up_id: int | None
    source: int
    target: int
    enrolments: tuple[int, ...]
    unit: int
    wave: int
    metres: int
    days: int
    why: tuple[dict[str, Any], ...] = ()
    extra: int = 0

    @property
    def heads(self) -> int:
        """How many they are. Those who stand elsewhere answer one by one."""
        return len(self.enrolments) or 1


@dataclass(frozen=True, slots=True)
class Fate:
    """What the answer makes of a run. ``after``: heads when everybody who is asked says yes."""

    run: int
    fate: str
    before: int
    after: int
    fixed: int
    minimum: int
    why: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Answer:
    """A plan's answer. ``alone``: people taught when each school decides alone; ``people``: all there are."""

    lines: tuple[Asked, ...]
    fates: tuple[Fate, ...]
    people: int
    taught: int
    alone: int
    status: str = ""
    numbers: dict[str, Any] = field(default_factory=dict)

    @property
    def costs(self) -> dict[str, int]:
        """What is asked of those who are asked first, if all say yes: people, metres and days in all and at most."""
        first = [line for line in self.lines if line.wave == 1]
        return {
            "asked": sum(line.heads for line in first),
            "metres": sum(line.extra * line.heads for line in first),
            "days": sum(abs(line.days) * line.heads for line in first),
            "longest_metres": max((line.metres for line in first), default=0),
            "longest_days": max((abs(line.days) for line in first), default=0),
        }


def groups_of(runs: Iterable[CourseRun]) -> list[Group]:
    """The people on these runs who can be asked: confirmed, with a seat or on the waiting list."""
    found: dict[tuple[int, int, bool], list[Enrolment]] = {}
    for part in _chunks(run.pk for run in runs):
        rows = (
            Enrolment.objects.filter(
                run__in=part,
                status__in=(EnrolmentStatus.ENROLLED, EnrolmentStatus.WAITING),
                sign_up__status="confirmed",
            )
            .select_related("sign_up", "learner")
            .order_by("priority", "queued_at", "pk")
        )
        for row in rows:
            is_waiting = row.status == EnrolmentStatus.WAITING
            found.setdefault((row.sign_up_id, row.run_id, is_waiting), []).append(row)
    return [
        Group(
            sign_up_id,
            run_id,
            is_waiting,
            members[0].sign_up.is_all_or_none,
            tuple(row.pk for row in members),
            (members[0].learner.postcode if members[0].learner else "")
            or members[0].sign_up.postcode,
        )
        for (sign_up_id, run_id, is_waiting), members in found.items()
    ]


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(set(ids))
    for at in range(0, len(ordered), _CHUNK):
        yield ordered[at : at + _CHUNK]


def _wishes(sign_ups: Iterable[int]) -> dict[int, Flexibility]:
    return {
        wish.sign_up_id: wish
        for part in _chunks(sign_ups)
        for wish in Flexibility.objects.filter(sign_up__in=part).prefetch_related("schools")
    }


def _refusals(sign_ups: Iterable[int], placed: Mapping[int, CourseRun]) -> dict[int, set[str]]:
    """Runs that people have said no to, or not answered about, by sign-up."""
    refused: dict[int, set[str]] = defaultdict(set)
    for part in _chunks(sign_ups):
        for sign_up_id, target in (
            MoveLine.objects.filter(sign_up__in=part, state__in=ANSWERED_NO)
            .order_by("pk")
            .values_list("sign_up_id", "target_id")
        ):
            if target in placed and sign_up_id is not None:
                refused[sign_up_id].add(str(target))
    return refused


def gone_elsewhere(runs: Iterable[CourseRun]) -> dict[int, int]:
    """People who moved by a plan and whom their school's own system still counts on the old run.

    That is so until the school says that it has taken them off there (``Transfer.origin_step``).
    """
    found: dict[int, int] = defaultdict(int)
    for part in _chunks(run.pk for run in runs):
        for run_id in (
            MoveLine.objects.filter(
                source__in=part,
                is_elsewhere=True,
                state="moved",
                transfer__origin_step=TransferStep.WAITING,
                transfer__undone_at=None,
            )
            .order_by("pk")
            .values_list("source_id", flat=True)
        ):
            found[run_id] += 1
    return found


def problem_of(runs: Iterable[CourseRun], limits: Limits, today: date) -> dict[str, Any]:
    """The runs of one course, or of many, and everybody on them as a pooling problem in JSON.

    Runs whose postcode has no known centre are left out; a run that follows another's is none of its own (R28).
    """
    rows = sorted((run for run in runs if run.follows_id is None), key=lambda run: run.pk)
    groups = groups_of(rows)
    codes = {run.postcode for run in rows} | {group.postcode for group in groups}
    centres = {
        code: (lat or 0.0, lon or 0.0)
        for code, lat, lon in Postcode.objects.filter(
            code__in=codes, lat__isnull=False, lon__isnull=False
        ).values_list("code", "lat", "lon")
    }
    placed = {run.pk: run for run in rows if run.postcode in centres}
    groups = [group for group in groups if group.run_id in placed]
    sign_ups = {group.sign_up_id for group in groups}
    wishes, refused = _wishes(sign_ups), _refusals(sign_ups, placed)
    gone = gone_elsewhere(placed.values())
    seated: dict[int, int] = defaultdict(int)
    for group in groups:
        if not group.is_waiting:
            seated[group.run_id] += len(group.enrolments)
    of_course: dict[int, list[int]] = defaultdict(list)
    schools: dict[int, set[str]] = defaultdict(set)
    for run in placed.values():
        of_course[run.course_id].append(run.pk)
        schools[run.course_id].add(run.organisation.key)
    parties = [
        _party(
            group, order, placed[group.run_id], limits, centres, wishes, refused,
            schools[placed[group.run_id].course_id],
        )
        for order, group in enumerate(groups, start=len(placed))
    ]  # fmt: skip
    for order, run in enumerate(placed.values()):
        unknown = run.used - seated[run.pk]
        moved = min(gone[run.pk], unknown)
        if unknown > moved:
            parties.append(
                _fixed(run, order, unknown - moved, () if limits.elsewhere else of_course[run.course_id], limits)
            )  # fmt: skip
    decided = dict.fromkeys(limits.held, RunPin.HELD)
    decided |= dict.fromkeys(limits.cancelled, RunPin.CANCELLED)
    problem = Problem(
        schools=tuple(
            School(key, name)
            for key, name in sorted(
                {(r.organisation.key, r.organisation.label) for r in placed.values()}
            )
        ),
        places=tuple(
            Place(code, round(lat * DEGREE), round(lon * DEGREE))
            for code, (lat, lon) in sorted(centres.items())
        ),
        runs=tuple(_run(run) for run in placed.values()),
        parties=tuple(parties),
        run_pins=tuple(PinnedRun(str(pk), decided[pk]) for pk in placed if pk in decided),
    )
    if limits.yes == "all":
        return POOLING.write_problem(problem)
    willingness = prior() if limits.yes == "prior" else flat(min(1000, int(limits.yes) * 10))
    asking = Asking(today=today.toordinal(), answer_days=limits.answer_days)
    return OFFERS.write_problem(AskProblem(problem, willingness, asking))


def _run(run: CourseRun) -> Run:
    days = run.duration_days or (run.ends_on - run.starts_on).days + 1
    settled = run.decision_on or run.deadline_on
    return Run(
        key=str(run.pk),
        course=run.course.number,
        school=run.organisation.key,
        place=run.postcode,
        starts_on=run.starts_on.toordinal(),
        ends_on=run.ends_on.toordinal(),
        capacity=max(run.capacity, run.used),
        minimum=run.minimum,
        is_guaranteed=run.is_promised,
        is_remote=run.is_remote,
        variant=f"{run.duration_days or ''} {run.teaching_form}",
        decides_on=settled.toordinal() if settled else None,
        income=int(days * 100),
    )


def _party(
    group: Group,
    order: int,
    run: CourseRun,
    limits: Limits,
    centres: dict[str, tuple[float, float]],
    wishes: dict[int, Flexibility],
    refused: dict[int, set[str]],
    known: set[str],
) -> Party:
    starts = run.starts_on.toordinal()
    wish = wishes.get(group.sign_up_id)
    km = limits.km if wish is None else min(limits.km, wish.km)
    before = limits.days if wish is None else min(limits.days, wish.days_before)
    after = limits.days if wish is None else min(limits.days, wish.days_after)
    schools: tuple[str, ...] = ()
    if wish is not None and not wish.any_school:
        # who wrote down schools that have no run of the course has named none that helps
        named = {s.key for s in wish.schools.all()} & known
        schools = tuple(sorted({run.organisation.key, *named}))
    return Party(
        key=group.key,
        course=run.course.number,
        home=group.postcode if group.postcode in centres else run.postcode,
        order=order,
        first_day=starts - before,
        last_day=starts + after,
        most_metres=km * 1000,
        run="" if group.is_waiting else str(run.pk),
        size=len(group.enrolments),
        is_together=group.is_together,
        schools=schools,
        accepts_remote=wish is not None and wish.online,
        refused=tuple(sorted(refused[group.sign_up_id] - {str(run.pk)})),
    )


def _fixed(run: CourseRun, order: int, size: int, stay: Iterable[int], limits: Limits) -> Party:
    """People whom only the school's own system knows. ``stay``: the runs that they aren't asked about."""
    starts = run.starts_on.toordinal()
    refused = tuple(str(pk) for pk in stay if pk != run.pk)
    days, km = (0, 0) if refused else (limits.days, limits.km)
    return Party(
        key=f"{FIXED}{run.pk}",
        course=run.course.number,
        home=run.postcode,
        order=order,
        first_day=starts - days,
        last_day=starts + days,
        most_metres=km * 1000,
        run=str(run.pk),
        size=size,
        refused=refused,
    )


def runs_in(problem: dict[str, Any]) -> set[int]:
    """Ids of the runs in a stored problem."""
    return {int(run["key"]) for run in problem.get("pooling", problem)["runs"]}


@dataclass(frozen=True, slots=True)
class CourseAnswer:
    """A course's part of an answer about many: its problem and its result as JSON."""

    course: str
    problem: dict[str, Any]
    result: dict[str, Any]


def by_course(problem: dict[str, Any], result: dict[str, Any]) -> Iterator[CourseAnswer]:
    """A stored answer about many courses, taken apart. Raises ``ProblemError`` when it is none."""
    bounds = tuple(
        Bound(bound["term"], bound["value"], bound.get("best_possible"))
        for bound in result.get("bounds", ())
    )
    status, solver, seed = Status(result["status"]), result["solver"], result["seed"]
    if str(problem.get("format", "")).startswith("samspil.offers."):
        plan = OFFERS.read_solution(result)
        asked = Result(status, plan, bounds, {}, solver, seed)
        for course, part, found in split_asked(OFFERS.read_problem(problem), asked):
            yield CourseAnswer(course, OFFERS.write_problem(part), OFFERS.write_result(part, found))
        return
    whole = Result(status, POOLING.read_solution(result), bounds, {}, solver, seed)
    for course, own, answer in split(POOLING.read_problem(problem), whole):
        yield CourseAnswer(course, POOLING.write_problem(own), POOLING.write_result(own, answer))


def read(problem: dict[str, Any], result: dict[str, Any], groups: Sequence[Group]) -> Answer:
    """A calculated answer as lines about the people in ``groups``, as they are now.

    Who is gone, or has come, since the problem was written is left out. Raises ``ProblemError`` when the two
    aren't problem and answer.
    """
    by_key = {group.key: group for group in groups}
    told = {
        (line["party"], line["run"]): tuple(line["messages"])
        for line in result.get("explanations", ())
    }
    if str(problem.get("format", "")).startswith("samspil.offers."):
        return _uncertain(problem, result, by_key, told)
    return _certain(problem, result, by_key, told)


Told = dict[tuple[str, str], tuple[dict[str, Any], ...]]


def _line(
    data: Problem,
    group: Group | None,
    party_key: str,
    target: str,
    members: Sequence[int],
    unit: int,
    wave: int,
    told: Told,
) -> Asked:
    """``group`` None: one of those whom only the school's own system knows."""
    party, run = data.party_by_key[party_key], data.run_by_key[target]
    source = party.run if group is None else str(group.run_id)
    own = data.run_by_key[source]
    return Asked(
        None if group is None else group.sign_up_id,
        int(source),
        int(target),
        tuple(members),
        unit,
        wave,
        0 if run.is_remote else data.metres(party.home, run.place),
        run.starts_on - own.starts_on,
        told.get((party_key, target), ()),
        data.metres_moved(party, run),
    )


def _money(data: Problem, solution: Solution) -> dict[str, dict[str, int]]:
    """By school's key, of people who move between schools: how many it gives and gets, the hundredths of
    participant days that come with those it gets, and what it gains in all (or loses, below 0) (R65)."""
    found: dict[str, dict[str, int]] = {}

    def of(school: str) -> dict[str, int]:
        return found.setdefault(school, dict.fromkeys(MONEY, 0))

    for seat in solution.seats:
        party, run = data.party_by_key[seat.party], data.run_by_key[seat.run]
        own = data.run_by_key[party.run] if party.run else None
        if own is not None and own.school != run.school:
            of(own.school)["gives"] += seat.heads
            of(run.school)["gets"] += seat.heads
            of(run.school)["comes"] += seat.heads * run.income
    for school, income in balances(data, solution).items():
        of(school)["income"] = income
    return dict(sorted(found.items()))


def _certain(
    problem: dict[str, Any], result: dict[str, Any], by_key: dict[str, Group], told: Told
) -> Answer:
    data = POOLING.read_problem(problem)
    found = POOLING.read_solution(result)
    lines: list[Asked] = []
    for key, seats in found.seats_of_party.items():
        if key.startswith(FIXED):
            own = data.party_by_key[key].run
            others = [seat for seat in seats if seat.run != own]
            targets = [seat.run for seat in others for _head in range(seat.heads)]
            lines += [
                _line(data, None, key, target, (), unit, 1, told)
                for unit, target in enumerate(targets)
            ]
            continue
        group = by_key.get(key)
        if group is None:
            continue
        # those who came first keep their own run; the last of the sign-up are asked
        left = list(group.enrolments)
        for unit, seat in enumerate(s for s in seats if s.run != str(group.run_id)):
            members = left[-seat.heads :]
            left = left[: -seat.heads]
            if len(members) == seat.heads:
                lines.append(_line(data, group, key, seat.run, members, unit, 1, told))
    alone = score(data, baselines.cancel_alone(data)).taught
    taught = score(data, found).taught
    return Answer(
        tuple(lines),
        _fates(data, set(found.held), found.heads_of_run, lines, told),
        sum(party.size for party in data.parties),
        taught,
        alone,
        result.get("status", ""),
        {"score": result["score"], "bounds": result["bounds"], "money": _money(data, found)},
    )


def _uncertain(
    problem: dict[str, Any], result: dict[str, Any], by_key: dict[str, Group], told: Told
) -> Answer:
    asked = OFFERS.read_problem(problem)
    data, plan = asked.pooling, OFFERS.read_solution(result)
    chains: dict[tuple[str, int], list[tuple[int, str, int]]] = defaultdict(list)
    for offer in sorted(plan.offers):
        chains[offer.party, offer.number].append((offer.wave, offer.run, offer.heads))
    alike: dict[tuple[str, tuple[tuple[int, str, int], ...]], list[int]] = defaultdict(list)
    for (key, number), chain in sorted(chains.items()):
        alike[key, tuple(chain)].append(number)
    lines: list[Asked] = []
    units: dict[str, int] = defaultdict(int)
    after: dict[str, int] = {run.key: 0 for run in data.runs}
    for party in data.parties:
        if party.run:
            after[party.run] += party.size
    for (party_key, links), numbers in alike.items():
        first = links[0][1]
        if party_key.startswith(FIXED):
            own = data.party_by_key[party_key].run
            for _number in numbers:
                unit = units[party_key]
                units[party_key] += 1
                for wave, run, _heads in links:
                    if run != own:
                        lines.append(_line(data, None, party_key, run, (), unit, wave, told))
                if first != own:
                    after[first] += 1
                    after[own] -= 1
            continue
        group = by_key.get(party_key)
        if group is None:
            continue
        members = (
            list(group.enrolments)
            if group.is_together
            else [group.enrolments[n] for n in numbers if n < len(group.enrolments)]
        )
        unit = units[party_key]
        units[party_key] += 1
        for wave, run, _heads in links:
            if run != str(group.run_id) and members:
                lines.append(_line(data, group, party_key, run, members, unit, wave, told))
        if first != str(group.run_id):
            after[first] += len(members)
            if not group.is_waiting:
                after[str(group.run_id)] -= len(members)
    held = {run.key for run in data.runs if run.key in plan.aims or data.is_promised(run)}
    first_wave = [
        Seat(offer.party, offer.run, offer.heads) for offer in plan.offers if offer.wave == 1
    ]
    return Answer(
        tuple(sorted(lines, key=lambda a: (a.wave, a.sign_up_id or 0, a.source, a.unit))),
        _fates(data, held, {k: n for k, n in after.items() if k in held}, lines, told),
        sum(party.size for party in data.parties),
        round(result["score"]["expected"] / 1000),
        score(data, baselines.cancel_alone(data)).taught,
        result.get("status", ""),
        {
            "score": result["score"],
            "bounds": result["bounds"],
            "money": _money(data, Solution((), tuple(first_wave))),
        },
    )


def _fates(
    data: Problem, held: set[str], after: dict[str, int], lines: Sequence[Asked], told: Told
) -> tuple[Fate, ...]:
    before: dict[str, int] = defaultdict(int)
    fixed: dict[str, int] = defaultdict(int)
    for party in data.parties:
        if party.run:
            before[party.run] += party.size
        if party.key.startswith(FIXED):
            fixed[party.run] += party.size
    leaves = {str(line.source) for line in lines}
    arrives = {str(line.target) for line in lines}
    return tuple(
        Fate(
            int(run.key),
            RunFate.HELD
            if run.key in held
            else RunFate.MERGED
            if run.key in leaves
            else RunFate.NOT_HELD,
            before[run.key],
            after.get(run.key, 0),
            fixed[run.key],
            run.minimum,
            told.get(("", run.key), ()),
        )
        for run in data.runs
        if before[run.key] or run.key in arrives or run.key in leaves
    )


# ---------------------------------------------------------------- demand enough for a run of its own


@dataclass(frozen=True, slots=True)
class Wisher:
    """So many people together who wait for a course: where they are, and when and where would do."""

    heads: int
    postcode: str
    first_on: date
    last_on: date
    km: int
    schools: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that could be held: at a school's place, from a day on, with a minimum."""

    school: int
    postcode: str
    starts_on: date
    minimum: int


@dataclass(frozen=True, slots=True)
class Enough:
    """A candidate that enough people could come to. ``km``: the farthest of them."""

    candidate: Candidate
    heads: int
    km: int


def enough_for(wishers: Sequence[Wisher], candidates: Iterable[Candidate]) -> list[Enough]:
    """The candidates that reach their minimum, those with most people first, then the least travelling.

    A school stands in the list once, with its best day. Places without a known centre are left out.
    """
    candidates = list(candidates)
    centres = {
        code: (lat or 0.0, lon or 0.0)
        for code, lat, lon in Postcode.objects.filter(
            code__in={w.postcode for w in wishers} | {c.postcode for c in candidates},
            lat__isnull=False,
            lon__isnull=False,
        ).values_list("code", "lat", "lon")
    }
    metres: dict[tuple[str, str], int] = {}

    def between(a: str, b: str) -> int:
        if (a, b) not in metres:
            metres[a, b] = road_metres(*centres[a], *centres[b])
        return metres[a, b]

    best: dict[int, tuple[tuple[int, int, date], Enough]] = {}
    for candidate in candidates:
        if candidate.postcode not in centres:
            continue
        coming = [
            w
            for w in wishers
            if w.postcode in centres
            and w.first_on <= candidate.starts_on <= w.last_on
            and (w.schools is None or candidate.school in w.schools)
            and between(w.postcode, candidate.postcode) <= w.km * 1000
        ]
        heads = sum(w.heads for w in coming)
        if not heads or heads < candidate.minimum:
            continue
        far = [between(w.postcode, candidate.postcode) for w in coming]
        total = sum(m * w.heads for m, w in zip(far, coming, strict=True))
        rank = (-heads, total, candidate.starts_on)
        made = Enough(candidate, heads, round(max(far) / 1000))
        if candidate.school not in best or rank < best[candidate.school][0]:
            best[candidate.school] = (rank, made)
    return [made for _rank, made in sorted(best.values(), key=lambda pair: pair[0])]
