"""What was agreed: the commitments of a round as its frozen overviews say (R31)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from samspil.compliance.domain.judging import EXTERNAL
from samspil.coordination.enums import AgreementStatus, CommitmentRole, FkbStatus
from samspil.coordination.interfaces.values import parse_when
from samspil.coordination.models import Agreement, Overview, Round, RoundCourse, RoundFkb
from samspil.network.models import Organisation

PARTS = (CommitmentRole.OWN, CommitmentRole.HOLDER, CommitmentRole.FOLLOWER)
_FROZEN = (FkbStatus.FROZEN, FkbStatus.AGREED)


@dataclass(frozen=True, slots=True)
class Agreed:
    """One school's part in one course. ``holder_id``: the school where a joint run is held.

    ``external``: the school outside the circle that the course is agreed with (R27), as the overview
    names it; ``organisation_id`` is then the one that the overview says it is, if it does.
    """

    row_id: int
    course_id: int
    organisation_id: int | None
    overview_id: int
    role: str
    runs: int | None
    when: str
    starts_on: date | None
    ends_on: date | None
    guarantee: bool
    days: int
    holder_id: int | None = None
    holder_runs: int | None = None
    external: str = ""

    @property
    def key(self) -> tuple[int, int | None]:
        """As ``FollowUp.key``."""
        return self.row_id, None if self.external else self.organisation_id


def overviews_of(round: Round) -> list[Overview]:
    """The overview of each FKB that counts: the newest frozen one; while the FKB is opened again,
    the one that was last signed."""
    states = dict(RoundFkb.objects.filter(round=round).values_list("pk", "status"))
    signed: dict[int, int] = dict(
        Agreement.objects.filter(round_fkb__round=round, status=AgreementStatus.SIGNED)
        .order_by("round_fkb", "number", "pk")
        .values_list("round_fkb_id", "overview_id")
    )
    newest: dict[int, int] = dict(
        _narrow(round).order_by("round_fkb", "version", "pk").values_list("round_fkb_id", "pk")
    )
    wanted = [
        newest.get(place) if status in _FROZEN else signed.get(place)
        for place, status in states.items()
    ]
    return list(
        Overview.objects.filter(pk__in=[pk for pk in wanted if pk]).order_by("round_fkb", "pk")
    )


def _narrow(round: Round) -> QuerySet[Overview]:
    return Overview.objects.filter(round_fkb__round=round)


def has_any(round: Round) -> bool:
    """Whether anything of the round was frozen."""
    return _narrow(round).exists()


def commitments_of(round: Round) -> list[Agreed]:
    """Every school's part in every course of the round. Courses taken out of the duty have none (R24).

    A school that has merged stands as its successor (R125).
    """
    rows = {
        (fkb, number): (pk, course, days)
        for pk, fkb, number, course, days in RoundCourse.objects.filter(
            round_fkb__round=round
        ).values_list("pk", "round_fkb_id", "course__number", "course_id", "course__duration_days")
    }
    schools = dict(Organisation.objects.values_list("key", "pk"))
    now = successors()
    found: dict[tuple[int, int | None], Agreed] = {}
    for overview in overviews_of(round):
        for row in overview.content["rows"]:
            known = rows.get((overview.round_fkb_id, row["number"]))
            if known is None or row["archived"]:
                continue
            for agreed in _parts(overview, row, known, schools, now):
                found.setdefault(agreed.key, agreed)
            if row["external"]:
                outside = _outside(overview, row["external"], known, schools, now, round.year)
                found.setdefault(outside.key, outside)
    return list(found.values())


def successors() -> dict[int, int]:
    """Where each organisation that has merged is today."""
    direct = dict(
        Organisation.objects.filter(successor__isnull=False).values_list("pk", "successor_id")
    )
    found: dict[int, int] = {}
    for pk in direct:
        seen, at = {pk}, pk
        while at in direct and direct[at] not in seen:
            at = direct[at]
            seen.add(at)
        found[pk] = at
    return found


def _parts(
    overview: Overview,
    row: dict[str, Any],
    known: tuple[int, int, Any],
    schools: dict[str, int],
    now: dict[int, int],
) -> Iterator[Agreed]:
    pk, course, days = known
    holder = next(((k, c) for k, c in row["cells"].items() if c["role"] == "holder"), None)
    # the holder first: of a school that has swallowed its follower the larger part counts
    for key, cell in sorted(row["cells"].items(), key=lambda item: item[1]["role"] == "follower"):
        if cell["role"] not in PARTS or key not in schools:
            continue
        is_follower = cell["role"] == CommitmentRole.FOLLOWER
        told = holder[1] if is_follower and holder else cell  # the dates stand at the holder
        yield Agreed(
            row_id=pk,
            course_id=course,
            organisation_id=now.get(schools[key], schools[key]),
            overview_id=overview.pk,
            role=cell["role"],
            runs=cell["runs"],
            when=(told["when"] or "")[:200],
            starts_on=_day(told["starts_on"]),
            ends_on=_day(told["ends_on"]) or _day(told["starts_on"]),
            guarantee=bool(cell["guarantee"]),
            days=max(1, int(-(-(days or 1) // 1))),
            holder_id=now.get(schools[holder[0]], schools[holder[0]])
            if holder and holder[0] in schools
            else None,
            holder_runs=holder[1]["runs"] if holder else None,
        )


def _outside(
    overview: Overview,
    agreed: dict[str, Any],
    known: tuple[int, int, Any],
    schools: dict[str, int],
    now: dict[int, int],
    year: int,
) -> Agreed:
    """An agreement with a school outside the circle: once in the year (R26), at the time it says."""
    pk, course, days = known
    when = parse_when(agreed["when"], year).value
    school = schools.get(agreed.get("key", ""))  # older overviews hold the name alone
    return Agreed(
        row_id=pk,
        course_id=course,
        organisation_id=None if school is None else now.get(school, school),
        overview_id=overview.pk,
        role=EXTERNAL,
        runs=None,
        when=(agreed["when"] or "")[:200],
        starts_on=when.starts_on if when else None,
        ends_on=when.ends_on if when else None,
        guarantee=False,
        days=max(1, int(-(-(days or 1) // 1))),
        external=agreed["school"],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
