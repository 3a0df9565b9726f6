"""Is the answer allowed? Reads the problem and the answer alone and knows no solver."""

from __future__ import annotations

from dataclasses import dataclass

from planning.matching.jobs.data import Problem
from planning.matching.jobs.solution import Solution


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: a code, and the facts that break it."""

    code: str
    candidate: str = ""
    opening: str = ""
    detail: str = ""


def validate(problem: Problem, solution: Solution) -> tuple[Violation, ...]:
    """Every rule that the answer breaks; empty when the answer may be used.

    Rules: one opening a candidate, no more candidates than seats, every need met, nobody refused, decisions kept,
    and no blocking pair.
    """
    return (
        *_pairs(problem, solution),
        *(Violation("blocking_pair", *pair) for pair in blocking_pairs(problem, solution)),
    )


def _pairs(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    seen: set[str] = set()
    taken: dict[str, int] = {}
    for m in solution.matches:
        candidate = problem.candidate_by_key.get(m.candidate)
        opening = problem.opening_by_key.get(m.opening)
        if candidate is None or opening is None:
            found.append(Violation("unknown_key", m.candidate, m.opening))
            continue
        if m.candidate in seen:
            found.append(Violation("candidate_twice", m.candidate, m.opening))
        seen.add(m.candidate)
        taken[m.opening] = taken.get(m.opening, 0) + 1
        found += [
            Violation("need_not_met", m.candidate, m.opening, str(need))
            for need in problem.unmet(candidate, opening)
        ]
        if (m.candidate, m.opening) in problem.apart:
            found.append(Violation("pin_changed", m.candidate, m.opening))
    found += [
        Violation("too_many", opening=key, detail=f"{count} > {problem.opening_by_key[key].seats}")
        for key, count in taken.items()
        if count > problem.opening_by_key[key].seats
    ]
    matched = {(m.candidate, m.opening) for m in solution.matches}
    found += [
        Violation("pin_changed", *pair) for pair in sorted(problem.together) if pair not in matched
    ]
    return found


def blocking_pairs(problem: Problem, solution: Solution) -> tuple[tuple[str, str], ...]:
    """Pairs that would both rather have each other than what they got (weak stability), in candidates' key order.

    That is: nothing keeps them apart, the candidate has nothing or strictly prefers the opening to what it has,
    and the opening has a free seat or strictly prefers the candidate to one of those it got. People's decisions
    are left alone: who is pinned to an opening doesn't look for a better one and isn't put out of it.
    """
    fits = problem.open_fits
    free = {o.key: o.seats - len(solution.candidates_of.get(o.key, ())) for o in problem.openings}
    last_rank: dict[str, int] = {}
    for opening, keys in solution.candidates_of.items():
        ranks = [
            fits[key, opening].rank
            for key in keys
            if (key, opening) not in problem.together and (key, opening) in fits
        ]
        last_rank[opening] = max(ranks, default=0)
    decided = {candidate for candidate, _ in problem.together}
    found = []
    for candidate in sorted(problem.choices):
        if candidate in decided:
            continue
        has = fits.get((candidate, solution.opening_of.get(candidate, "")))
        for opening, fit in problem.choices[candidate]:
            if has is not None and fit.wish >= has.wish:
                break
            if free[opening] > 0 or last_rank.get(opening, 0) > fit.rank:
                found.append((candidate, opening))
    return tuple(found)
