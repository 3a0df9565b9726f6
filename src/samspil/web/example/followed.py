"""The example's round of 2026: agreed, and held against what is announced.

The runs of 22906 are real, as the national search showed them on 4 August 2026. The agreement about
them, the courses from 90000 on and their runs are constructed, and marked so wherever they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from samspil.catalogue.models import Course, Fkb
from samspil.compliance.domain.checking import check_round
from samspil.coordination.domain.board import register_external_agreement
from samspil.coordination.domain.overviews import freeze_overview
from samspil.coordination.enums import CommitmentRole, Origin, RoundStatus
from samspil.coordination.models import Commitment, Round, RoundCourse, RoundFkb, RoundSchool
from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.network.domain.actors import actor_for
from samspil.network.models import Membership, Network, Organisation, Person
from samspil.runs.domain.harvest import Answer, take_in_file
from samspil.runs.interfaces.harvest_files import read_answer
from samspil.web.example.catalogue import REAL_DATA
from samspil.web.example.play import agreement_pdf
from samspil.web.example.seed import ESO, SECRETARIAT_EMAIL, only_platform

YEAR: Final = 2026
FKB: Final = "9008"
REAL: Final = "22906"
SEEN_ON: Final = date(2026, 8, 4)
LAST: Final = date(2026, 11, 30)
"""After this day the example's two harvests stay on it, so that its runs lie ahead of them."""


@dataclass(frozen=True)
class _Agreed:
    """A commitment of the constructed agreement."""

    course: str
    school: str
    role: str = CommitmentRole.OWN
    runs: int | None = 1
    when: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    guarantee: bool = False


_JOINT: Final = {
    "when": "7.-9. december", "starts_on": date(2026, 12, 7), "ends_on": date(2026, 12, 9),
}  # fmt: skip
_WEEK_48: Final = {
    "when": "uge 48", "starts_on": date(2026, 11, 23), "ends_on": date(2026, 11, 27),
}  # fmt: skip
_SPRING: Final = {
    "when": "2. kvartal", "starts_on": date(2026, 4, 1), "ends_on": date(2026, 6, 30),
}  # fmt: skip
AGREED: Final = (
    _Agreed(REAL, "learnmark", runs=4, guarantee=True),
    _Agreed(REAL, "mercantec", runs=4),
    _Agreed("91241", "aarhus-tech", runs=2),
    _Agreed("91242", "djh", CommitmentRole.HOLDER, **_JOINT),  # type: ignore[arg-type]
    _Agreed("91242", "learnmark", CommitmentRole.FOLLOWER, runs=None),
    _Agreed("91242", "tradium", CommitmentRole.FOLLOWER, runs=None),
    _Agreed("91243", "tradium", guarantee=True),
    _Agreed("91244", "college360", **_SPRING),  # type: ignore[arg-type]
    _Agreed("91245", "mercantec", **_WEEK_48),  # type: ignore[arg-type]
    _Agreed("91246", "aarhus-tech"),
    _Agreed("91247", "learnmark", **_JOINT),  # type: ignore[arg-type]
    _Agreed("91248", "djh", guarantee=True, **_SPRING),  # type: ignore[arg-type]
)
OUTSIDE: Final = {"91249": "EUC Nordvest", "91250": "Teknisk Skole Fjordby"}
"""Courses that a school outside the circle holds; the second is a school that nobody knows."""


@dataclass(frozen=True)
class _Run:
    """A constructed run: on which of the two days it is in the search, and how it is."""

    course: str
    school: str
    starts_on: date
    at: str = ""
    days: tuple[int, ...] = (1, 2)
    guaranteed: bool = False
    cancelled_on: int = 0


_DECEMBER: Final = date(2026, 12, 7)
RUNS: Final = (
    _Run("91241", "aarhus-tech", date(2026, 12, 14)),
    _Run("91241", "aarhus-tech", date(2026, 5, 18)),
    _Run("91242", "djh", _DECEMBER),
    _Run("91242", "learnmark", _DECEMBER, at="djh"),
    _Run("91242", "tradium", date(2026, 12, 14), at="djh"),
    _Run("91243", "tradium", date(2026, 12, 8), guaranteed=True, cancelled_on=2),
    _Run("91245", "mercantec", date(2026, 12, 2), days=(2,)),
    _Run("91247", "learnmark", _DECEMBER, days=(1,)),
    _Run("91248", "djh", date(2026, 5, 4), guaranteed=True),
    _Run("91249", "euc-nordvest", date(2026, 12, 15)),
)


def is_followed() -> bool:
    """Whether this part has been played."""
    return Round.objects.filter(network__key=ESO, year=YEAR).exists()


def follow(*, now: datetime) -> Round:
    """Agree on 2026, fetch announced runs on two days, and check the round on both."""
    today = clock.local_date(now)
    person = Person.objects.get(email=SECRETARIAT_EMAIL)
    keeper = actor_for(person, today=today)
    round = agree_example(
        actor=Actor.system("eksempeldata"),
        now=clock.start_of(date(YEAR - 1, 6, 2), 10),
        network=Network.objects.get(key=ESO),
    )
    for row in RoundCourse.objects.filter(round_fkb__round=round, course__number__in=OUTSIDE):
        school = OUTSIDE[row.course.number]
        register_external_agreement(
            actor=keeper,
            now=clock.start_of(date(YEAR - 1, 6, 9), 10),
            round_course=row,
            school_name=school,
            organisation=Organisation.objects.filter(name=school).first(),
            content=agreement_pdf(row, school, YEAR),
            file_name=f"aftale-{row.course.number}.pdf",
            note="Konstrueret eksempel",
        )
    for place in round.fkbs.order_by("pk"):
        freeze_overview(
            actor=keeper, now=clock.start_of(date(YEAR - 1, 6, 16), 10), round_fkb=place
        )
    content = (REAL_DATA / "runs_22906.csv").read_bytes()
    real = read_answer(content, "runs_22906.csv", course=REAL, looked_on=SEEN_ON, is_whole=True)
    take_in_file(actor=keeper, now=clock.start_of(SEEN_ON, 9), answer=real)
    last = min(today, LAST)
    for number, day in ((1, last - timedelta(days=1)), (2, last)):
        at = min(now, clock.start_of(day, 3)) if number == 2 else clock.start_of(day, 3)
        take_in_file(actor=keeper, now=at, answer=_answer(number, day), accepts_fewer=True)
        check_round(actor=keeper, now=at + timedelta(minutes=5), round=round)
    return round


@action("web.agree_example", permission=only_platform)
def agree_example(*, actor: Actor, now: datetime, network: Network) -> Round:
    """The constructed agreement of 2026, ready to be frozen."""
    round = Round.objects.create(
        network=network,
        year=YEAR,
        status=RoundStatus.SIGNING,
        forms_sent_on=date(YEAR - 1, 1, 13),
        forms_due_on=date(YEAR - 1, 2, 24),
        meeting_on=date(YEAR - 1, 3, 17),
        signed_by_on=date(YEAR - 1, 6, 30),
        created_at=now,
    )
    members = Membership.objects.filter(network=network).order_by("pk")
    RoundSchool.objects.bulk_create(
        RoundSchool(round=round, organisation_id=member.organisation_id) for member in members
    )
    place = RoundFkb.objects.create(round=round, fkb=Fkb.objects.get(number=FKB))
    schools = _by_key(item.school for item in AGREED)
    rows: dict[str, RoundCourse] = {}
    for number in dict.fromkeys([*(item.course for item in AGREED), *OUTSIDE]):
        rows[number] = RoundCourse.objects.create(
            round_fkb=place, course=Course.objects.get(number=number), relation="core"
        )
    Commitment.objects.bulk_create(
        Commitment(
            round_course=rows[item.course],
            organisation=schools[item.school],
            role=item.role,
            runs=item.runs,
            when_text=item.when,
            starts_on=item.starts_on,
            ends_on=item.ends_on,
            guarantee=item.guarantee,
            origin=Origin.HAND,
            updated_at=now,
            updated_by_label="Konstrueret eksempel",
        )
        for item in AGREED
    )
    record(
        round,
        after={"commitments": len(AGREED)},
        summary="Konstrueret aftale for 2026 lagt ind",
        network_id=network.pk,
    )
    return round


def _by_key(keys: Iterable[str]) -> dict[str, Organisation]:
    return {o.key: o for o in Organisation.objects.filter(key__in=set(keys))}


def _answer(number: int, day: date) -> Answer:
    """What the search shows of the constructed courses on day 1 or 2."""
    schools = _by_key([run.school for run in RUNS] + [run.at for run in RUNS if run.at])
    rows: list[dict[str, Any]] = []
    for place, run in enumerate(RUNS, start=1):
        if number not in run.days:
            continue
        where = schools[run.at or run.school]
        rows.append(
            {
                "kviknummer": f"EKS{run.course}{place:02}",
                "course": run.course,
                "school": schools[run.school].name,
                "title": "Konstrueret eksempel",
                "starts_on": run.starts_on,
                "ends_on": run.starts_on + timedelta(days=2),
                "deadline_on": run.starts_on - timedelta(days=5),
                "street": where.street or "",
                "postcode": where.postcode,
                "city": where.city,
                "capacity": 16,
                "minimum": 4,
                "enrolled": 6 + number,
                "is_guaranteed": run.guaranteed,
                "is_cancelled": run.cancelled_on == number,
            }
        )
    courses = {item.course for item in AGREED} - {REAL} | set(OUTSIDE)
    return Answer(day, tuple(sorted(courses)), rows)
