"""Whom to ask, as one problem that can be written down: the runs and people, their willingness, how offers go out.

The planner `offers` of `planning.planners`. Its answer is an `UncertainPlan`; `explain` tells, as codes:

a run that somebody is asked about or that people may leave (`run` of the line)
  sure       permille, minimum, certain, most, expected   chance of being held, heads that stay in any case, heads if
                                                          all say yes, thousandths of a head expected to be taught
an offer (`party` and `run`)
  offered    wave, heads, permille, metres, days          metres from home, days from their own run's start
  band       asked, yes, permille                         answers behind that probability (0: the prior alone)
  sent       on, answer_by                                days as ordinals, where the days are known
  after_no   run, wave                                    goes out when they have said no to this one before
  keeps      run                                          their own run is held whatever they answer
  risks      run, permille                                their own run is held with this chance
  waits                                                   they have a place nowhere
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from planning.messages import Message, message
from planning.pooling.data import Pin, Problem
from planning.pooling.explain import Explanation
from planning.pooling.offers import Offer, UncertainPlan, outlook, validate_plan
from planning.pooling.solve import with_pins
from planning.pooling.uncertain import TERM, solve_uncertain
from planning.pooling.units import Asking, units
from planning.pooling.validate import Violation
from planning.pooling.willingness import Willingness
from planning.result import Limits, Result, Watch


@dataclass(frozen=True)
class AskProblem:
    """All facts of whom to ask. Its parts check themselves."""

    pooling: Problem
    willingness: Willingness
    asking: Asking = field(default_factory=Asking)


@dataclass(frozen=True, slots=True)
class AskScore:
    """Thousandths of a head expected to be taught and to be asked; offers; the last wave; runs that may fail.

    `unsure`: runs that the plan aims at, that have anybody in them, and that aren't certain to be held.
    """

    expected: int
    asked: int
    offers: int
    waves: int
    unsure: int


def validate(problem: AskProblem, plan: UncertainPlan) -> tuple[Violation, ...]:
    """Every rule that the plan breaks (`offers.validate_plan`)."""
    return validate_plan(problem.pooling, problem.willingness, plan, problem.asking)


def score(problem: AskProblem, plan: UncertainPlan) -> AskScore:
    """What the plan is worth, exactly, in thousandths rounded down."""
    look = outlook(problem.pooling, problem.willingness, plan)
    return AskScore(
        int(look.taught * 1000),
        int(look.asked * 1000),
        len(plan.offers),
        max((offer.wave for offer in plan.offers), default=0),
        sum(row.run in plan.aims and row.permille < 1000 for row in look.runs),
    )


def solve(
    problem: AskProblem,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    pins: Sequence[Pin] = (),
    warm_start: UncertainPlan | None = None,
    watch: Watch[UncertainPlan] | None = None,
) -> Result[UncertainPlan]:
    """The plan with which most are expected to be taught (`uncertain.solve_uncertain`)."""
    return solve_uncertain(
        problem.pooling,
        problem.willingness,
        asking=problem.asking,
        limits=limits,
        seed=seed,
        pins=pins,
        warm_start=warm_start,
        watch=watch,
    )


def pinned(problem: AskProblem, pins: Sequence[Pin]) -> AskProblem:
    """The problem with decisions of people added; an answer found with pins is judged with these."""
    return replace(problem, pooling=with_pins(problem.pooling, pins))


def explain(problem: AskProblem, plan: UncertainPlan) -> tuple[Explanation, ...]:
    """How sure each run is, then each offer, in the plan's order."""
    look = outlook(problem.pooling, problem.willingness, plan)
    chance = {row.run: row.permille for row in look.runs}
    lines = [
        Explanation(
            "",
            row.run,
            (
                message(
                    "sure",
                    permille=row.permille,
                    minimum=row.minimum,
                    certain=row.certain,
                    most=row.most,
                    expected=row.expected,
                ),
            ),
        )
        for row in look.runs
    ]
    own = {
        (unit.party, unit.number): unit.own for unit in units(problem.pooling, problem.willingness)
    }
    before: dict[tuple[str, int], Offer] = {}
    for offer in sorted(plan.offers):
        key = (offer.party, offer.number)
        lines.append(
            Explanation(
                offer.party,
                offer.run,
                _offer(problem, offer, before.get(key), own[key], chance),
            )
        )
        before[key] = offer
    return tuple(lines)


def _offer(
    problem: AskProblem, offer: Offer, before: Offer | None, own: str, chance: dict[str, int]
) -> tuple[Message, ...]:
    pooling = problem.pooling
    party, run = pooling.party_by_key[offer.party], pooling.run_by_key[offer.run]
    days = pooling.days_moved(party, run)
    messages = [
        message(
            "offered",
            wave=offer.wave,
            heads=offer.heads,
            permille=offer.permille,
            metres=0 if run.is_remote else pooling.metres(party.home, run.place),
            days=days,
        )
    ]
    band = problem.willingness.band(party.course, pooling.metres_moved(party, run), days)
    messages.append(message("band", asked=band.asked, yes=band.yes, permille=band.permille))
    sent = problem.asking.sent_on(offer.wave)
    answer_by = problem.asking.answer_by(run, offer.wave)
    if sent is not None and answer_by is not None:
        messages.append(message("sent", on=sent, answer_by=answer_by))
    if before is not None:
        messages.append(message("after_no", run=before.run, wave=before.wave))
    if not own:
        messages.append(Message("waits"))
    elif chance.get(own, 0) == 1000:
        messages.append(message("keeps", run=own))
    else:
        messages.append(message("risks", run=own, permille=chance.get(own, 0)))
    return tuple(messages)


def headline(problem: AskProblem, result: Result[UncertainPlan]) -> str:
    """One line about an answer: people expected to be taught, and how many at most by any way of asking."""
    bound = result.bound(TERM)
    people = sum(party.size for party in problem.pooling.parties)
    most = "unknown" if bound.best_possible is None else f"{bound.best_possible / 1000:.1f}"
    return (
        f"{bound.value / 1000:.1f} of {people} people expected to be taught by {len(result.solution.offers)} "
        f"offers, at most {most} by any way of asking"
    )
