"""How a commitment stands: a pure function of what was agreed, what is announced, and when it was seen.

No clock, no database. Days are Danish dates. What isn't known is not held against anybody: a run
is late only when somebody has looked after the day and not found it, and it is missing only when
somebody has looked since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from samspil.compliance.enums import GuaranteeStanding, Standing

OWN: Final = "own"
HOLDER: Final = "holder"
FOLLOWER: Final = "follower"
EXTERNAL: Final = "external"
_HALF_YEAR: Final = 184


@dataclass(frozen=True, slots=True)
class Terms:
    """What an installation counts as in time, in days (R22: a reasonable horizon; R41).

    ``announce``: before a run's last possible start. ``undated``: before the end of the year, for
    what was agreed without a time. ``notice``: before a run's start, whatever was agreed. ``follow``:
    after the holder's announcement.
    """

    announce: int = 28
    undated: int = 91
    notice: int = 8
    follow: int = 14


@dataclass(frozen=True, slots=True)
class Promise:
    """What a school agreed to do for a course in a year. ``starts_on``–``ends_on`` enclose the time
    that was agreed; ``days``: the course's length."""

    role: str
    year: int
    runs: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    guarantee: bool = False
    days: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """An announced run. ``place``: its address, folded so that spelling doesn't matter.

    ``absent_on``: the last day on which somebody looked and it was not there; ``None``: nobody did.
    ``gone_on``: the day on which it was no longer there.
    """

    pk: int
    starts_on: date
    ends_on: date
    place: str = ""
    is_cancelled: bool = False
    is_guaranteed: bool = False
    deadline_on: date | None = None
    first_seen_on: date | None = None
    absent_on: date | None = None
    gone_on: date | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Taken away while people could still sign up. After the deadline runs go by themselves."""
        last = self.deadline_on or self.starts_on
        return self.gone_on is not None and self.gone_on <= last

    @property
    def is_dead(self) -> bool:
        return self.is_cancelled or self.is_withdrawn


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it stands and why. ``values``: the numbers and days of the reason."""

    status: Standing
    code: str
    values: dict[str, Any] = field(default_factory=dict)
    guarantee: GuaranteeStanding = GuaranteeStanding.NONE
    held: int = 0
    broken: int = 0
    announced: int = 0
    runs: tuple[int, ...] = ()


def due_on(promise: Promise, terms: Terms) -> date:
    """The last day on which the announcement is in time (R22).

    So many days before the last day on which a run of that length can begin within the time that was
    agreed; without a time, and for more than half a year, before the last part of the year.
    """
    year_end = date(promise.year, 12, 31)
    undated = year_end - timedelta(days=terms.undated)
    if promise.ends_on is None:
        return undated
    if promise.starts_on is not None and (promise.ends_on - promise.starts_on).days > _HALF_YEAR:
        return undated
    last_start = promise.ends_on - timedelta(days=max(0, promise.days - 1))
    if promise.starts_on is not None:
        last_start = max(last_start, promise.starts_on)
    return last_start - timedelta(days=terms.announce)


def judge(
    promise: Promise,
    runs: Sequence[Seen],
    *,
    today: date,
    looked_on: date | None,
    terms: Terms,
    holder: Sequence[Seen] = (),
    holder_runs: int | None = None,
) -> Verdict:
    """How ``promise`` stands on ``today``.

    ``runs``: the school's runs of the course, ``holder``: those of the school where a joint run is
    held. Runs that begin in another year count for that year (R22). ``looked_on``: when the course's
    announced runs were last seen whole.
    """
    mine = sorted(_of_year(runs, promise.year), key=lambda run: (run.starts_on, run.pk))
    joint = sorted(_of_year(holder, promise.year), key=lambda run: (run.starts_on, run.pk))
    theirs = [run for run in joint if not run.is_dead]
    alive = [run for run in mine if not run.is_dead]
    last = due_on(promise, terms)
    if promise.role == FOLLOWER:
        shown = [run.first_seen_on for run in theirs if run.first_seen_on is not None]
        if shown:
            last = max(last, min(shown) + timedelta(days=terms.follow))
    status, code, values = _standing(
        promise, mine, alive, theirs, holder_runs, last, today, looked_on, terms
    )
    guarantee, held, broken = _guarantee(promise, mine, today)
    return Verdict(
        status,
        code,
        values,
        guarantee,
        held,
        broken,
        len(alive),
        tuple(run.pk for run in mine),
    )


_Standing = tuple[Standing, str, dict[str, Any]]


def _of_year(runs: Sequence[Seen], year: int) -> list[Seen]:
    return [run for run in runs if run.starts_on.year == year]


def _standing(
    promise: Promise,
    mine: Sequence[Seen],
    alive: Sequence[Seen],
    theirs: Sequence[Seen],
    holder_runs: int | None,
    last: date,
    today: date,
    looked_on: date | None,
    terms: Terms,
) -> _Standing:
    if not alive:
        return _nothing(mine, last, today, looked_on)
    counted: Sequence[Seen] = alive
    if promise.role == FOLLOWER:
        drift, counted = _follows(alive, theirs, holder_runs)
        if drift is not None:
            return drift
    elif promise.role == HOLDER and _is_elsewhere(promise, alive):
        first = alive[0]
        return (
            Standing.DRIFTED,
            "agreed_dates",
            {"starts_on": first.starts_on, "ends_on": first.ends_on},
        )
    seen = [*counted, *(run for run in mine if run.is_dead)]
    if not any(_is_in_time(run, last, terms) for run in seen):
        return Standing.LATE, "late", _late_values(counted, last)
    first = counted[0]
    values: dict[str, Any] = {"announced": len(alive), "starts_on": first.starts_on}
    if promise.role == FOLLOWER:
        return Standing.KEPT, "followed", values
    wanted = promise.runs or 1
    if len(alive) < wanted:
        return Standing.KEPT, "kept_fewer", values | {"promised": wanted}
    if _is_elsewhere(promise, alive):
        return Standing.KEPT, "kept_elsewhere", values
    return Standing.KEPT, "kept", values


def _nothing(mine: Sequence[Seen], last: date, today: date, looked_on: date | None) -> _Standing:
    """No run that stands: cancelled, missing, not yet, or nobody knows."""
    if mine:
        cancelled = [run for run in mine if run.is_cancelled]
        if cancelled:
            values: dict[str, Any] = {"count": len(mine), "starts_on": cancelled[-1].starts_on}
            return Standing.CANCELLED, "cancelled", values
        gone = max(run.gone_on for run in mine if run.gone_on is not None)
        return Standing.CANCELLED, "withdrawn", {"count": len(mine), "gone_on": gone}
    if today <= last:
        return Standing.PENDING, "not_due", {"due_on": last}
    if looked_on is None:
        return Standing.UNKNOWN, "never_looked", {"due_on": last}
    if looked_on <= last:
        return Standing.UNKNOWN, "not_looked_since", {"due_on": last, "looked_on": looked_on}
    return (
        Standing.MISSING,
        "missing",
        {"due_on": last, "looked_on": looked_on, "days": (today - last).days},
    )


def _follows(
    alive: Sequence[Seen], theirs: Sequence[Seen], holder_runs: int | None
) -> tuple[_Standing | None, Sequence[Seen]]:
    """Whether a follower announces the holder's dates at the holder's address (R28)."""
    first = alive[0]
    if not theirs:
        values: dict[str, Any] = {"starts_on": first.starts_on}
        return (Standing.DRIFTED, "holder_absent", values), alive
    by_days: dict[tuple[date, date], list[Seen]] = {}
    for run in theirs:
        by_days.setdefault((run.starts_on, run.ends_on), []).append(run)
    same_days = [run for run in alive if (run.starts_on, run.ends_on) in by_days]
    if not same_days:
        nearest = min(theirs, key=lambda run: (abs((run.starts_on - first.starts_on).days), run.pk))
        values = {
            "starts_on": first.starts_on,
            "ends_on": first.ends_on,
            "holder_starts_on": nearest.starts_on,
            "holder_ends_on": nearest.ends_on,
        }
        return (Standing.DRIFTED, "dates", values), alive
    same = [
        run
        for run in same_days
        if any(_is_same_place(run, other) for other in by_days[run.starts_on, run.ends_on])
    ]
    if not same:
        run = same_days[0]
        other = by_days[run.starts_on, run.ends_on][0]
        values = {"starts_on": run.starts_on, "run": run.pk, "holder_run": other.pk}
        return (Standing.DRIFTED, "address", values), alive
    wanted = min(holder_runs or 1, len(theirs))
    followed = {(run.starts_on, run.ends_on) for run in same}
    if len(followed) < min(wanted, len(by_days)):
        values = {"followed": len(followed), "wanted": min(wanted, len(by_days))}
        return (Standing.DRIFTED, "some_dates", values), same
    return None, same


def _is_same_place(mine: Seen, theirs: Seen) -> bool:
    """An address that isn't given contradicts nothing."""
    return not mine.place or not theirs.place or mine.place == theirs.place


def _is_elsewhere(promise: Promise, alive: Sequence[Seen]) -> bool:
    """Whether no run begins within the time that was agreed."""
    if promise.starts_on is None or promise.ends_on is None:
        return False
    return not any(promise.starts_on <= run.starts_on <= promise.ends_on for run in alive)


def _is_in_time(run: Seen, last: date, terms: Terms) -> bool:
    """Not known to have been announced after ``last``, nor with too short a notice (R41)."""
    if run.absent_on is None:
        return True
    notice = run.starts_on - timedelta(days=terms.notice)
    return run.absent_on < last and run.absent_on < notice


def _late_values(runs: Sequence[Seen], last: date) -> dict[str, Any]:
    first = min(runs, key=lambda run: (run.first_seen_on or run.starts_on, run.pk))
    return {
        "due_on": last,
        "absent_on": first.absent_on,
        "first_seen_on": first.first_seen_on,
        "starts_on": first.starts_on,
    }


def _guarantee(
    promise: Promise, mine: Sequence[Seen], today: date
) -> tuple[GuaranteeStanding, int, int]:
    """What became of a guarantee (R30, R35): the standing, and how many runs held and broke it.

    Runs announced as guaranteed count. Where a guarantee was agreed and no run says so, it is broken
    when none of them stands. A follower promises nothing: the run is the holder's. What a school outside
    the circle guarantees is not the network's to count.
    """
    if promise.role in (FOLLOWER, EXTERNAL):
        return GuaranteeStanding.NONE, 0, 0
    said = [run for run in mine if run.is_guaranteed]
    if not said and not promise.guarantee:
        return GuaranteeStanding.NONE, 0, 0
    if mine and not said:
        if all(run.is_dead for run in mine):
            return GuaranteeStanding.BROKEN, 0, 1
        return GuaranteeStanding.NOT_GIVEN, 0, 0
    broken = sum(run.is_dead for run in said)
    held = sum(not run.is_dead and run.starts_on <= today for run in said)
    if broken:
        return GuaranteeStanding.BROKEN, held, broken
    if held:
        return GuaranteeStanding.KEPT, held, 0
    return GuaranteeStanding.OPEN, 0, 0
