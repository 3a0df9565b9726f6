"""The search for whom to ask: which runs to gather people in, and who is asked about which.

Method: local search. A run that has its minimum without any answer (or is promised) is sure: its people are
taught, and whoever else says yes to it is. The others either gather (keep their own people, and people are asked
to come) or give (their people are asked to go elsewhere). With the gathering runs chosen, people are placed by
what they add to the expected number taught, whole runs and single people, until no change helps; then one run at
a time is made to gather or give. Values here are floating point; plans are judged anew by `offers.outlook`,
which is exact.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

NOWHERE = -1
ASKED = 1e-6
"""What asking one head costs, in people taught: breaks ties towards fewer who are asked."""
MOVED = 1e-13
"""What a metre of moving costs: breaks ties towards those who are nearest."""
BETTER = 1e-9

Member = tuple[int, float, int]
"""Heads, chance of yes, and heads that count as taught (0: they are taught in any case)."""


@dataclass(slots=True)
class Piece:
    """A unit in the search. `own`: where it has its place; `choices`: run, chance, cost of moving.

    `is_safe`: taught in any case, because a run that is sure keeps a place for it. `asking`: what asking one head
    of it costs, in people taught.
    """

    heads: int
    own: int
    choices: tuple[tuple[int, float, int], ...]
    is_safe: bool = False
    asking: float = ASKED


@dataclass(slots=True)
class Spot:
    """A run in the search. `reserved`: seats kept for people whose place is elsewhere now.

    `may_gather`: it may be held when it gets enough people; else nobody is asked about it.
    """

    seats: int
    least: int
    is_promised: bool = False
    may_gather: bool = True
    reserved: int = 0


@dataclass(slots=True)
class State:
    """Which runs gather, and the run that each piece is asked about. Heads asked about a run, and away from it."""

    gathers: set[int]
    target: list[int]
    members: dict[int, list[int]] = field(default_factory=dict)
    coming: dict[int, int] = field(default_factory=dict)
    leaving: dict[int, int] = field(default_factory=dict)

    def copy(self) -> State:
        return State(
            set(self.gathers),
            list(self.target),
            {run: list(pieces) for run, pieces in self.members.items()},
            dict(self.coming),
            dict(self.leaving),
        )


def expected(least: int, certain: int, counted: int, members: tuple[Member, ...]) -> float:
    """Heads expected to be taught in a run that is held from `least`; `counted` of the certain count."""
    chance = [1.0]
    mass = [float(counted)]
    for heads, yes, worth in members:
        no = 1.0 - yes
        grown = [c * no for c in chance] + [0.0] * heads
        heavy = [m * no for m in mass] + [0.0] * heads
        for n, c in enumerate(chance):
            grown[n + heads] += c * yes
            heavy[n + heads] += (mass[n] + worth * c) * yes
        chance, mass = grown, heavy
    return sum(mass[max(0, least - certain) :])


class Search:
    """One part of the problem: pieces and spots that touch each other. `steps` counts values computed."""

    def __init__(self, pieces: Sequence[Piece], spots: Sequence[Spot]) -> None:
        self.pieces = pieces
        self.spots = spots
        self.own: list[list[int]] = [[] for _ in spots]
        for i, piece in enumerate(pieces):
            if piece.own != NOWHERE:
                self.own[piece.own].append(i)
        self.own_heads = [sum(pieces[i].heads for i in some) for some in self.own]
        self.is_sure = [
            spot.is_promised or (spot.may_gather and heads >= spot.least)
            for spot, heads in zip(spots, self.own_heads, strict=True)
        ]
        self.chance = [{run: yes for run, yes, _ in piece.choices} for piece in pieces]
        self.cost = [
            {
                run: piece.asking * piece.heads + MOVED * cost * piece.heads
                for run, _, cost in piece.choices
            }
            for piece in pieces
        ]
        self.worth = [
            0
            if piece.is_safe or (piece.own != NOWHERE and self.is_sure[piece.own])
            else piece.heads
            for piece in pieces
        ]
        self.counted = [sum(self.worth[i] for i in some) for some in self.own]
        reach = list(self.own_heads)
        self.askers: list[list[int]] = [[] for _ in spots]
        for i, piece in enumerate(pieces):
            for run in self.chance[i]:
                reach[run] += piece.heads
                self.askers[run].append(i)
        self.can_gather = [
            i
            for i, spot in enumerate(spots)
            if spot.may_gather and not self.is_sure[i] and spot.least <= min(reach[i], spot.seats)
        ]
        kinds: dict[object, int] = {}
        self.kind = [
            kinds.setdefault(
                (piece.heads, piece.own, piece.choices, self.worth[i], piece.asking), i
            )
            for i, piece in enumerate(pieces)
        ]
        self.steps = 0
        self._known: dict[tuple[int, tuple[Member, ...]], float] = {}

    # ------------------------------------------------------------- values

    def _value(self, run: int, members: list[Member]) -> float:
        if self.is_sure[run]:
            return sum(yes * worth for _, yes, worth in members)
        members.sort()
        key = (run, tuple(members))
        known = self._known.get(key)
        if known is None:
            self.steps += 1
            spot = self.spots[run]
            known = expected(spot.least, self.own_heads[run], self.counted[run], key[1])
            self._known[key] = known
        return known

    def _members(self, state: State, run: int) -> list[Member]:
        return [
            (self.pieces[i].heads, self.chance[i][run], self.worth[i])
            for i in state.members.get(run, ())
        ]

    def _here(self, state: State, run: int) -> float:
        return self._value(run, self._members(state, run))

    def value(self, state: State) -> float:
        """People expected to be taught of those who aren't in any case, less the cost of asking."""
        runs = state.gathers | state.members.keys()
        asked = sum(self.cost[i][run] for i, run in enumerate(state.target) if run != NOWHERE)
        return sum(self._here(state, run) for run in sorted(runs)) - asked

    def room(self, state: State, run: int) -> int:
        """Seats that nobody has a place in or is asked about."""
        spot = self.spots[run]
        return spot.seats - spot.reserved - self.own_heads[run] - state.coming.get(run, 0)

    def may_ask(self, state: State, piece: int) -> bool:
        """May this piece be asked about another run without endangering its own?"""
        own = self.pieces[piece].own
        if own == NOWHERE:
            return True
        if own in state.gathers:
            return False
        if not self.is_sure[own] or self.spots[own].is_promised:
            return True
        stay = self.own_heads[own] - state.leaving.get(own, 0)
        if state.target[piece] == NOWHERE:
            stay -= self.pieces[piece].heads
        return stay >= self.spots[own].least

    def is_open(self, state: State, run: int) -> bool:
        return self.is_sure[run] or run in state.gathers

    def put(self, state: State, piece: int, run: int) -> None:
        """Ask the piece about this run (or nowhere) instead of what it is asked about now."""
        before, some = state.target[piece], self.pieces[piece]
        if before != NOWHERE:
            state.members[before].remove(piece)
            state.coming[before] -= some.heads
            if some.own != NOWHERE:
                state.leaving[some.own] -= some.heads
            if not state.members[before]:
                del state.members[before]
        state.target[piece] = run
        if run != NOWHERE:
            state.members.setdefault(run, []).append(piece)
            state.coming[run] = state.coming.get(run, 0) + some.heads
            if some.own != NOWHERE:
                state.leaving[some.own] = state.leaving.get(some.own, 0) + some.heads

    # ------------------------------------------------------------- changes

    def repair(self, state: State) -> None:
        """Place whoever isn't asked: in sure runs where there is room, then fill the gathering runs."""
        pairs = sorted(
            (-yes * self.worth[i], cost, i, run)
            for i, piece in enumerate(self.pieces)
            if self.worth[i] and state.target[i] == NOWHERE and self.may_ask(state, i)
            for run, yes, cost in piece.choices
            if self.is_sure[run]
        )
        for _, _, i, run in pairs:
            if state.target[i] == NOWHERE and self.room(state, run) >= self.pieces[i].heads:
                self.put(state, i, run)
        for run in sorted(
            state.gathers, key=lambda r: (self.spots[r].least - self.own_heads[r], r)
        ):
            self.fill(state, run)

    def fill(self, state: State, run: int) -> None:
        """Ask as many about this run as pays best, those who lose least elsewhere first."""
        lost: dict[int, float] = {}
        for i in self.askers[run]:
            before = state.target[i]
            if before == run or not self.may_ask(state, i):
                continue
            lost[i] = 0.0
            if before != NOWHERE:
                members = self._members(state, before)
                after = list(members)
                after.remove((self.pieces[i].heads, self.chance[i][before], self.worth[i]))
                lost[i] = self._value(before, members) - self._value(before, after)
                lost[i] -= self.cost[i][before]
        orders = (
            sorted(lost, key=lambda i: (lost[i] > 0, -self.worth[i], -self.chance[i][run], i)),
            sorted(
                lost,
                key=lambda i: (
                    lost[i] - self.chance[i][run] * (self.worth[i] + self.pieces[i].heads),
                    i,
                ),
            ),
        )
        start = self._here(state, run)
        best: tuple[float, list[int]] = (BETTER, [])
        for order in orders:
            members = self._members(state, run)
            room = self.room(state, run)
            chosen: list[int] = []
            paid = 0.0
            given: dict[int, int] = {}
            for i in order:
                heads = self.pieces[i].heads
                if heads > room or not self._spares(state, i, given):
                    continue
                room -= heads
                paid += lost[i] + self.cost[i][run]
                chosen.append(i)
                members.append((heads, self.chance[i][run], self.worth[i]))
                gain = self._value(run, list(members)) - start - paid
                if gain > best[0]:
                    best = (gain, list(chosen))
        for i in best[1]:
            self.put(state, i, run)

    def _spares(self, state: State, piece: int, given: dict[int, int]) -> bool:
        """Can its sure run spare this one after those given already? Counts it when it can."""
        own = self.pieces[piece].own
        if own == NOWHERE or not self.is_sure[own] or self.spots[own].is_promised:
            return True
        if state.target[piece] != NOWHERE:
            return True
        stay = self.own_heads[own] - state.leaving.get(own, 0)
        more = given.get(own, 0) + self.pieces[piece].heads
        if stay - more < self.spots[own].least:
            return False
        given[own] = more
        return True

    def improve(self, state: State, passes: int = 3) -> None:
        """Move single pieces and whole runs' people as long as that helps."""
        for _ in range(passes):
            changed = self._move([[i] for i in range(len(self.pieces))], state)
            bundles: dict[tuple[int, int], list[int]] = {}
            for i, piece in enumerate(self.pieces):
                if piece.choices:
                    bundles.setdefault((piece.own, state.target[i]), []).append(i)
            many = [some for _, some in sorted(bundles.items()) if len(some) > 1]
            changed = self._move(many, state) or changed
            if not self._swap(state) and not changed:
                return

    def _swap(self, state: State) -> bool:
        """Where a run is full, ask somebody else instead of those who add least, when that is better."""
        changed = False
        for run in sorted(state.members):
            for i in self.askers[run]:
                room = self.room(state, run)
                heads = self.pieces[i].heads
                if state.target[i] != NOWHERE or heads <= room or not self.may_ask(state, i):
                    continue
                members = self._members(state, run)
                gain = -self._value(run, list(members)) - self.cost[i][run]
                leave: list[int] = []
                order = sorted(
                    state.members.get(run, ()),
                    key=lambda j: (self.chance[j][run] * (self.worth[j] + 1), j),
                )
                for j in order:
                    if heads <= room:
                        break
                    room += self.pieces[j].heads
                    leave.append(j)
                    members.remove((self.pieces[j].heads, self.chance[j][run], self.worth[j]))
                    gain += self.cost[j][run]
                members.append((heads, self.chance[i][run], self.worth[i]))
                if heads <= room and gain + self._value(run, members) > BETTER:
                    for j in leave:
                        self.put(state, j, NOWHERE)
                    self.put(state, i, run)
                    changed = True
        return changed

    def _move(self, bundles: list[list[int]], state: State) -> bool:
        changed = False
        tried: set[tuple[int, int]] = set()
        for some in bundles:
            first = some[0]
            if not self.pieces[first].choices or not self.may_ask(state, first):
                continue
            before = state.target[first]
            if len(some) == 1:
                # Who is like one that couldn't be moved can't either, as long as nobody else is moved.
                if (self.kind[first], before) in tried:
                    continue
                tried.add((self.kind[first], before))
            options = {run for i in some for run in self.chance[i] if self.is_open(state, run)}
            if before == NOWHERE and not options:
                continue
            best, gain = before, BETTER
            for run in sorted(options | {NOWHERE}):
                if run != before:
                    more = self._gain(state, some, before, run)
                    if more > gain:
                        best, gain = run, more
            if best != before:
                for i in self._movable(state, some, best):
                    self.put(state, i, best)
                changed = True
                tried.clear()
        return changed

    def _movable(self, state: State, some: list[int], run: int) -> list[int]:
        """Those of a bundle that can go there: in their order, as far as there is room."""
        if run == NOWHERE:
            return some
        room = self.room(state, run)
        found: list[int] = []
        given: dict[int, int] = {}
        for i in some:
            heads = self.pieces[i].heads
            if run in self.chance[i] and heads <= room and self._spares(state, i, given):
                room -= heads
                found.append(i)
        return found

    def _gain(self, state: State, some: list[int], before: int, run: int) -> float:
        moved = self._movable(state, some, run)
        if not moved:
            return 0.0
        gain = 0.0
        if before != NOWHERE:
            members = self._members(state, before)
            gain -= self._value(before, list(members))
            for i in moved:
                members.remove((self.pieces[i].heads, self.chance[i][before], self.worth[i]))
                gain += self.cost[i][before]
            gain += self._value(before, members)
        if run != NOWHERE:
            members = self._members(state, run)
            gain -= self._value(run, list(members))
            for i in moved:
                members.append((self.pieces[i].heads, self.chance[i][run], self.worth[i]))
                gain -= self.cost[i][run]
            gain += self._value(run, members)
        return gain

    def flipped(self, state: State, run: int) -> State:
        """The state with this run gathering instead of giving, or the other way, and put in order."""
        after = state.copy()
        if run in after.gathers:
            after.gathers.remove(run)
            for i in list(after.members.get(run, ())):
                self.put(after, i, NOWHERE)
        else:
            after.gathers.add(run)
            for i in self.own[run]:
                self.put(after, i, NOWHERE)
            self.fill(after, run)
        self.repair(after)
        self.improve(after, 2)
        return after

    def refilled(self, state: State, run: int) -> State:
        """The state with this gathering run's people chosen anew."""
        after = state.copy()
        for i in list(after.members.get(run, ())):
            self.put(after, i, NOWHERE)
        self.fill(after, run)
        self.repair(after)
        self.improve(after, 1)
        return after

    # ------------------------------------------------------------- the search

    def empty(self, gathers: set[int] | None = None) -> State:
        return State(set(gathers or ()), [NOWHERE] * len(self.pieces))

    def best(
        self,
        starts: Sequence[State],
        *,
        rounds: int,
        draw: random.Random,
        kicks: int = 0,
        is_over: Callable[[], bool] = lambda: False,
        most: int = 1,
    ) -> list[State]:
        """The best states found from these starts and an empty one, at most `most`, the best first.

        `rounds` of changes to each run, or one without a gain, end a descent. `kicks`: so many times two runs are
        changed against the gain, and the descent goes on from there; kept when it ends better.
        """
        found: list[tuple[float, State]] = []
        for start in (*starts, self.empty()):
            state = start.copy()
            self.repair(state)
            self.improve(state)
            found.append((self.value(state), state))
        best = max(found, key=lambda pair: pair[0])
        best = self._descend(*best, rounds, draw, is_over)
        ends = [best]
        for _ in range(kicks if len(self.can_gather) > 1 else 0):
            if is_over():
                break
            state = best[1]
            for run in draw.sample(self.can_gather, 2):
                state = self.flipped(state, run)
            other = self._descend(self.value(state), state, rounds, draw, is_over)
            ends.append(other)
            if other[0] > best[0] + BETTER:
                best = other
        ends.sort(key=lambda pair: -pair[0])
        # States of one value are nearly always alike.
        apart = [end for i, end in enumerate(ends) if not i or end[0] < ends[i - 1][0] - BETTER]
        return [state for _, state in apart[:most]]

    def _descend(
        self,
        worth: float,
        state: State,
        rounds: int,
        draw: random.Random,
        is_over: Callable[[], bool],
    ) -> tuple[float, State]:
        for _ in range(rounds):
            order = list(self.can_gather)
            draw.shuffle(order)
            changed = False
            for run in order:
                if is_over():
                    return worth, state
                others = [self.flipped(state, run)]
                if run in state.gathers:
                    others.append(self.refilled(state, run))
                for other in others:
                    more = self.value(other)
                    if more > worth + BETTER:
                        worth, state, changed = more, other, True
            if not changed:
                break
        return worth, state
