"""The example's second part: the real list of one course is read in, and its runs are put together.

The list is what the national search showed on 4 August 2026 (``data/runs_22906.csv``). Nothing of
it is made up; that people are willing to go so far and so late is an assumption, and is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from samspil.catalogue.models import Course
from samspil.kernel import clock, solving
from samspil.kernel.actor import Actor
from samspil.kernel.imports import actions as imports
from samspil.kernel.outbox import run_due
from samspil.network.domain.actors import actor_for
from samspil.network.models import Network, Person
from samspil.runs.domain import planning, poolings
from samspil.runs.models import CourseRun, Pooling
from samspil.web.example.catalogue import REAL_DATA
from samspil.web.example.seed import ESO, SECRETARIAT_EMAIL
from samspil.web.example.teller import Step, Teller

COURSE: Final = "22906"
SEEN_ON: Final = date(2026, 8, 4)
STEPS: Final = 2


@dataclass(frozen=True)
class Pooled:
    """What it came to: people signed up, taught as today, taught by the proposal, asked to move."""

    people: int
    alone: int
    taught: int
    moved: int


def is_pooled() -> bool:
    """Whether this part has been played."""
    return Pooling.objects.filter(course__number=COURSE).exists()


def pool_snapshot(teller: Teller, *, now: datetime) -> Pooled | None:
    """Read the list in as a file is read in on the page, and have the planner put the runs together.

    ``None`` when the planner gave no answer; the step then says why.
    """
    person = Person.objects.get(email=SECRETARIAT_EMAIL)
    actor = actor_for(person, today=clock.local_date(now))
    with teller.step("Hold læses ind", 2) as step:
        _read_in(step, actor)
    with teller.step("Hold lægges sammen", 2) as step:
        return _pool(step, actor, now)


def _read_in(step: Step, actor: Actor) -> None:
    at = clock.start_of(SEEN_ON, 9)  # the day that the list shows
    path = REAL_DATA / "runs_22906.csv"
    batch = imports.upload(
        actor=actor,
        now=at,
        spec="runs.course_runs",
        content=path.read_bytes(),
        name=path.name,
        source="voksenuddannelse.dk",
    )
    step.advance(path.name)
    batch = imports.apply(actor=actor, now=at, batch=batch)
    told = batch.counted
    runs = CourseRun.objects.filter(course__number=COURSE)
    risky = runs.at_risk()
    step.outcome = f"{runs.count()} hold, {told['error']} fejl"
    small = [run for run in runs if run.used < run.minimum]
    step.say(
        f"{len(small)} hold er under deres minimum; der står {sum(run.used for run in small)} af "
        f"{sum(run.used for run in runs)} tilmeldte"
    )
    step.say(f"{len(small) - risky.count()} af dem gennemføres alligevel: de er garantihold")


def _pool(step: Step, actor: Actor, now: datetime) -> Pooled | None:
    conditions = planning.Conditions()
    pooling = poolings.request_pooling(
        actor=actor,
        now=now,
        network=Network.objects.get(key=ESO),
        course=Course.objects.get(number=COURSE),
        conditions=conditions,
    )
    step.advance("regner")
    solving.run_due()
    run_due(clock.now())  # later than ``now``: the answer took a while
    pooling.refresh_from_db()
    if pooling.problem is None or pooling.solution is None:
        step.outcome = "intet svar endnu; prøv forslaget på siden Hold"
        return None
    answer = planning.read(pooling.problem, pooling.solution)
    made = Pooled(
        people=planning.people_in(pooling.problem),
        alone=answer.alone,
        taught=sum(answer.heads.values()),
        moved=sum(move.heads for move in answer.moves),
    )
    bounds = {bound["term"]: bound for bound in pooling.solution["bounds"]}
    proven = " (bevist bedst)" if bounds["taught"].get("best_possible") == made.taught else ""
    step.outcome = f"{made.taught} af {made.people} kommer på et hold{proven}"
    step.say(f"I dag, hvor hver skole aflyser for sig: {made.alone} af {made.people}")
    step.say(
        f"{made.moved} bliver spurgt om et andet hold, højst {conditions.km} km og "
        f"{conditions.days} dage væk; her antages, at alle siger ja"
    )
    return made
