"""Why, person by person: message codes and facts. The words belong to whoever shows them.

Codes, with their parameters:

for somebody who got an opening
  decided                                          people decided it
  wish          place, of                          how far down the own list it stands, of how many steps
  points        points, professional, personal, social     what the score is made of, by group
  part          competence, group, have, level, weight, points     and by competence
  kept                                             it is the last answer's opening
why not one that it would rather have
  better_full   opening, others, equal, decided    the seats went to these, whom the opening likes as well or
                                                   better (`equal`: those whom it likes as well; `decided`: who has
                                                   a seat because people decided it)
  better_apart  opening                            people decided that they shall not be together
  wish_shut     opening, needs                     it was wished for, and this keeps the candidate out
  better_more   count                              so many more, not written out
for somebody who got nothing
  no_opening    fitting                            how many openings fit
  full          opening, others, equal, decided    one that fits, and who got its seats
  apart         opening                            one that fits, and people decided no
  relax         opening, needs, km                 without these needs there would be a seat; fewest needs first
  shut          opening, needs, km                 what keeps the candidate out of the nearest to fitting
for an opening with seats left
  free_seats    seats, fitting                     how many, and how many candidates fit
  alone_shut    need, candidates                   so many unmatched candidates lack this and nothing else
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from planning.matching.jobs.data import Candidate, Group, Need, NeedKind, Opening, Problem
from planning.matching.jobs.score import group_points
from planning.matching.jobs.solution import Solution
from planning.messages import Message, message

SHOWN = 3
"""How many openings are written out where there may be many."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The messages of one line: a match, a candidate with nothing (opening ''), or free seats (candidate '')."""

    candidate: str
    opening: str
    messages: tuple[Message, ...]


def explain(problem: Problem, solution: Solution) -> tuple[Explanation, ...]:
    """Reasons for each match in the answer's order, for each candidate with nothing, for each opening with seats left."""
    told = _Told(problem, solution)
    lines = [
        Explanation(m.candidate, m.opening, told.matched(m.candidate, m.opening))
        for m in solution.matches
    ]
    lines += [Explanation(c.key, "", told.unmatched(c)) for c in told.waiting]
    lines += [
        Explanation("", o.key, told.free(o, left))
        for o in sorted(problem.openings, key=lambda o: o.key)
        if (left := o.seats - len(solution.candidates_of.get(o.key, ()))) > 0
    ]
    return tuple(lines)


class _Told:
    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.problem = problem
        self.solution = solution
        self.last = set(problem.last)
        self.waiting = sorted(
            (c for c in problem.candidates if c.key not in solution.opening_of),
            key=lambda c: c.key,
        )

    def matched(self, candidate: str, opening: str) -> tuple[Message, ...]:
        problem = self.problem
        messages = []
        if (candidate, opening) in problem.together:
            messages.append(Message("decided"))
        fit = problem.fits.get((candidate, opening))
        steps = max((other.wish for _, other in self._own[candidate]), default=0)
        if fit is not None:
            messages.append(message("wish", place=fit.wish, of=steps))
        groups = group_points(problem, candidate, opening)
        messages.append(
            message(
                "points",
                points=sum(groups.values()),
                **{group.value: groups[group] for group in Group},
            )
        )
        person, job = problem.candidate_by_key[candidate], problem.opening_by_key[opening]
        messages += [
            message(
                "part",
                competence=wanted.competence,
                group=problem.group_of[wanted.competence].value,
                have=have,
                level=wanted.level,
                weight=wanted.weight,
                points=points,
            )
            for wanted, have, points in problem.parts(person, job)
        ]
        if (candidate, opening) in self.last:
            messages.append(Message("kept"))
        if (candidate, opening) not in problem.together and fit is not None:
            messages += self._better(person, fit.wish)
        return tuple(messages)

    @cached_property
    def _own(self) -> dict[str, list[tuple[str, _Placed]]]:
        """All that fits per candidate, decided away or not, the preferred first."""
        own: dict[str, list[tuple[str, _Placed]]] = {c.key: [] for c in self.problem.candidates}
        for (candidate, opening), fit in self.problem.fits.items():
            own[candidate].append((opening, _Placed(fit.wish, fit.rank)))
        return {
            key: sorted(some, key=lambda each: (each[1].wish, each[0])) for key, some in own.items()
        }

    def _better(self, candidate: Candidate, wish: int) -> list[Message]:
        better = [(key, fit) for key, fit in self._own[candidate.key] if fit.wish < wish]
        messages = [
            self._why_not(candidate.key, key, fit, "better_") for key, fit in better[:SHOWN]
        ]
        if len(better) > SHOWN:
            messages.append(message("better_more", count=len(better) - SHOWN))
        return messages + self._shut_wishes(candidate)

    def _shut_wishes(self, candidate: Candidate) -> list[Message]:
        messages = []
        for wished in sorted(candidate.wishes, key=lambda w: (w.rank, w.key)):
            needs = self.problem.unmet(candidate, self.problem.opening_by_key[wished.key])
            if needs:
                messages.append(message("wish_shut", opening=wished.key, needs=_names(needs)))
        return messages

    def _why_not(self, candidate: str, opening: str, fit: _Placed, prefix: str) -> Message:
        if (candidate, opening) in self.problem.apart:
            return message(f"{prefix}apart", opening=opening)
        here = self.solution.candidates_of.get(opening, ())
        decided = tuple(key for key in here if (key, opening) in self.problem.together)
        others = tuple(key for key in here if key not in decided)
        equal = tuple(
            key
            for key in others
            if (other := self.problem.fits.get((key, opening))) is not None
            and other.rank == fit.rank
        )
        return message(
            f"{prefix}full", opening=opening, others=others, equal=equal, decided=decided
        )

    def unmatched(self, candidate: Candidate) -> tuple[Message, ...]:
        own = self._own[candidate.key]
        messages = [message("no_opening", fitting=len(own))]
        messages += [self._why_not(candidate.key, key, fit, "") for key, fit in own[:SHOWN]]
        fitting = {key for key, _ in own}
        shut = sorted(
            (len(needs), self.problem.km(candidate, opening), opening.key, needs)
            for opening in self.problem.openings
            if opening.key not in fitting and (candidate.key, opening.key) not in self.problem.apart
            for needs in (self.problem.unmet(candidate, opening),)
        )
        with_room = (
            row for row in shut if self._has_room(candidate, self.problem.opening_by_key[row[2]])
        )
        helps = list(islice(with_room, SHOWN))
        for _, km, key, needs in helps:
            messages.append(message("relax", opening=key, needs=_names(needs), km=km))
        if not helps:
            for _, km, key, needs in shut[:SHOWN]:
                messages.append(message("shut", opening=key, needs=_names(needs), km=km))
        return tuple(messages)

    def _has_room(self, candidate: Candidate, opening: Opening) -> bool:
        """Would the opening take the candidate, could nothing else keep it out: a free seat, or rather than somebody."""
        if len(self.solution.candidates_of.get(opening.key, ())) < opening.seats:
            return True
        last = self._last_rank.get(opening.key)
        return last is not None and self._rank(candidate, opening) < last

    @cached_property
    def _last_rank(self) -> dict[str, tuple[int, int]]:
        """Per opening the rank of the one that it would let go first; without those that people decided."""
        problem = self.problem
        found: dict[str, tuple[int, int]] = {}
        for m in self.solution.matches:
            if (m.candidate, m.opening) not in problem.together:
                rank = self._rank(
                    problem.candidate_by_key[m.candidate], problem.opening_by_key[m.opening]
                )
                found[m.opening] = max(rank, found.get(m.opening, rank))
        return found

    def _rank(self, candidate: Candidate, opening: Opening) -> tuple[int, int]:
        for wish in opening.wishes:
            if wish.key == candidate.key:
                return (0, wish.rank)
        return (1, -(self.problem.points(candidate, opening) // self.problem.points_step))

    def free(self, opening: Opening, seats: int) -> tuple[Message, ...]:
        fitting = sum((c.key, opening.key) in self.problem.fits for c in self.problem.candidates)
        messages = [message("free_seats", seats=seats, fitting=fitting)]
        single: Counter[str] = Counter()
        for candidate in self.waiting:
            needs = self.problem.unmet(candidate, opening)
            kinds = {_label(need) for need in needs}
            if len(needs) == 1:
                single.update(kinds)
        messages += [
            message("alone_shut", need=need, candidates=count)
            for need, count in sorted(single.items(), key=lambda each: (-each[1], each[0]))
        ]
        return tuple(messages)


@dataclass(frozen=True, slots=True)
class _Placed:
    wish: int
    rank: int


def _label(need: Need) -> str:
    """A need as a text; kilometres differ from person to person and are left out."""
    return need.kind.value if need.kind == NeedKind.DISTANCE else str(need)


def _names(needs: tuple[Need, ...]) -> tuple[str, ...]:
    return tuple(str(need) for need in needs)
