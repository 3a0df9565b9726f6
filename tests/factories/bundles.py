"""Two courses of the same FKB, each with three runs that are too small one by one (constructed)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from samspil.catalogue.models import CourseRelation
from samspil.enrolment.domain import moves_bundles, planning
from samspil.enrolment.models import MoveBundle
from samspil.kernel import clock, solving
from samspil.kernel.outbox import run_due
from samspil.runs.domain import scopes
from tests.factories import enrolments as make
from tests.factories.moves import Case, make_case
from tests.factories.runs import PLACES


def two_courses(
    first: tuple[int, ...] = (4, 3, 2), second: tuple[int, ...] = (4, 2, 0), fkb: str = "9222"
) -> Case:
    """As ``make_case``; the runs of the second course stand after those of the first, on the same days."""
    case = make_case(first, fkb=fkb)
    place = case.round.fkb.fkb
    for row in case.round.rows[:2]:
        CourseRelation.objects.get_or_create(fkb=place, course=row.course)
    for i, number in enumerate(second if any(second) else ()):
        code, city, _lat, _lon = PLACES[i % len(PLACES)]
        run = make.make_open_run(
            case.schools[i], case.round.rows[1].course, now=case.now, in_days=60 + 7 * i,
            postcode=code, city=city, capacity=12, minimum=6,
        )  # fmt: skip
        case.runs.append(run)
        case.people.append([make.sign_up(run, now=case.now) for _ in range(number)])
        run.refresh_from_db()
    return case


def propose(case: Case, kind: str = "fkb", value: str = "", **limits: Any) -> MoveBundle:
    """A bundle that is not calculated yet."""
    today = clock.local_date(case.now)
    if not value:
        value = (
            case.round.fkb.fkb.number if kind == "fkb" else (today + timedelta(days=60)).isoformat()
        )
    return moves_bundles.propose_bundle(
        actor=case.round.secretariat,
        now=case.now,
        network=case.round.network,
        scope=scopes.find(kind, value, today=today),
        limits=planning.Limits(**{"km": 75, "days": 28, **limits}),
    )


def answered(case: Case, kind: str = "fkb", value: str = "", **limits: Any) -> MoveBundle:
    """A bundle whose plans wait for the schools."""
    made = propose(case, kind, value, **limits)
    run_due(clock.now())
    assert solving.run_next()
    run_due(clock.now())
    made.refresh_from_db()
    return made
