"""Decisions that cannot all be kept, as smallest contradicting sets of facts.

Facts, with their parameters:
  pin          candidate, opening           people decided that they shall be together
  need         opening, kind, what          what the opening demands (kinds of `NeedKind`)
  lacks        candidate, kind, what        what the candidate hasn't, or the kilometres that are too many
  refusal      candidate, opening, kind     'not this one', said by the candidate or by the opening
  seats        opening, seats               how many the opening takes
  one_opening  candidate                    a candidate can have one opening only
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from planning.matching.jobs.data import NeedKind, Problem
from planning.messages import Contradiction, Message, message

_REFUSALS = (NeedKind.CANDIDATE_NO, NeedKind.OPENING_NO)


def conflicts(problem: Problem) -> tuple[Contradiction, ...]:
    """Smallest sets of facts that contradict each other, no decision in two of them; empty when there is a way."""
    pins = sorted(problem.together)
    reasons = {pair: _reasons(problem, *pair) for pair in pins}
    found: list[Contradiction] = []
    for opening in sorted({opening for _, opening in pins}):
        found += _of(problem, [pair for pair in pins if pair[1] == opening], reasons)
    used = {
        (fact.facts["candidate"], fact.facts["opening"])
        for some in found
        for fact in some.facts
        if fact.code == "pin"
    }
    for candidate in sorted({candidate for candidate, _ in pins}):
        left = [pair for pair in pins if pair[0] == candidate and pair not in used]
        found += _of(problem, left, reasons)
    return tuple(found)


def _of(
    problem: Problem,
    pairs: list[tuple[str, str]],
    reasons: dict[tuple[str, str], list[tuple[Message, ...]]],
) -> list[Contradiction]:
    """Contradictions among decisions that share a candidate or an opening, one after the other."""
    from planning.solvers.contradiction import smallest

    found = []
    left = list(pairs)
    while not _is_possible(problem, frozenset(_facts(problem, left, reasons)), left, reasons):
        facts, is_smallest = smallest(
            _facts(problem, left, reasons),
            partial(_is_possible, problem, pairs=tuple(left), reasons=reasons),
        )
        found.append(Contradiction(facts, is_smallest=is_smallest))
        left = [pair for pair in left if _pin(*pair) not in facts]
    return found


def _pin(candidate: str, opening: str) -> Message:
    return message("pin", candidate=candidate, opening=opening)


def _seats(problem: Problem, opening: str) -> Message:
    return message("seats", opening=opening, seats=problem.opening_by_key[opening].seats)


def _facts(
    problem: Problem,
    pairs: list[tuple[str, str]],
    reasons: dict[tuple[str, str], list[tuple[Message, ...]]],
) -> list[Message]:
    facts = [_pin(*pair) for pair in pairs]
    facts += [fact for pair in pairs for reason in reasons[pair] for fact in reason]
    facts += [_seats(problem, opening) for _, opening in pairs]
    facts += [message("one_opening", candidate=candidate) for candidate, _ in pairs]
    return list(dict.fromkeys(facts))


def _reasons(problem: Problem, candidate: str, opening: str) -> list[tuple[Message, ...]]:
    """What keeps a decided pair apart, each as the facts that do it together."""
    unmet = problem.unmet(problem.candidate_by_key[candidate], problem.opening_by_key[opening])
    return [
        (message("refusal", candidate=candidate, opening=opening, kind=need.kind.value),)
        if need.kind in _REFUSALS
        else (
            message("need", opening=opening, kind=need.kind.value, what=need.what),
            message("lacks", candidate=candidate, kind=need.kind.value, what=need.what),
        )
        for need in unmet
    ]


def _is_possible(
    problem: Problem,
    facts: frozenset[Message],
    pairs: Sequence[tuple[str, str]],
    reasons: dict[tuple[str, str], list[tuple[Message, ...]]],
) -> bool:
    chosen = [pair for pair in pairs if _pin(*pair) in facts]
    if any(facts.issuperset(reason) for pair in chosen for reason in reasons[pair]):
        return False
    for candidate in {candidate for candidate, _ in chosen}:
        is_one = message("one_opening", candidate=candidate) in facts
        if is_one and sum(pair[0] == candidate for pair in chosen) > 1:
            return False
    return not any(
        _seats(problem, opening) in facts
        and sum(pair[1] == opening for pair in chosen) > problem.opening_by_key[opening].seats
        for opening in {opening for _, opening in chosen}
    )
