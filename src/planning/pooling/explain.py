"""Why, line by line: message codes and facts. The words in Danish and English belong to whoever shows them.

Codes, with their parameters (distances metres from home, days between the two starts, heads people):

a party that is asked to move, or that waited and gets a seat (`party` and `run` of the line)
  why not their own run, first of all
    own_not_held      run, heads, minimum, lacks   their own run isn't held: so few of so many
    own_cancelled     run                          their own run was cancelled by decision
    own_full          run, capacity                no seat for them in their own run
    gives             run, heads, minimum          their own run is held without them, with so many
    waited                                         they were signed up for no run
  why this one
    decided                                        people have pinned them there
    only_one          metres, days                 the only run that is held within what they said
    nearest           metres, days, runs           the least moving of so many runs held within what they said
    other             metres, days, runs           not the least moving; a reason follows for each that is less
  what it does for the run
    makes_minimum     run, before, after, minimum  with those who are asked it reaches its minimum; not told
                                                   of a run that is held in any case
  why not one that is nearer (less moving), each with run, metres, days
    nearer_cancelled  by decision                  nearer_not_held   reach, minimum: at most so many could come
    nearer_not_held_better  heads, minimum, reach  not held in this plan, although enough could come
    nearer_full       capacity                     nearer_too_large  size, room: the group doesn't fit
    nearer_minimum    needed, heads, minimum       the run they are offered would fall below its minimum
    nearer_free                                    there is a seat; a later step may still find it
a run that is held (`run` of the line)
  held_enough         heads, minimum               has its minimum with its own people
  held_by_moving      own, coming, leaving, heads, minimum
  held_guaranteed     heads, minimum               held_decided      heads, minimum
a run that isn't held
  cancelled_decided   heads                        cancelled_empty   minimum
  merged              into, heads, minimum         all its people are taught in one other run
  cancelled           heads, minimum, lacks        so many signed up
  cancelled_shared    shared, needed, left         something that it needs is used by others
  moved_elsewhere     heads, untaught              so many of its people are taught elsewhere, so many aren't
  help_out_of_reach   reach, minimum               within what people said, no more than so many could come
  help_missing        reach, lacks, bound          enough could come, but only so many of them aren't taught
  help_nearest        run, metres, days            the nearest run that is held: metres between the places
people left without a seat (`party` of the line, run '')
  left                heads, size                  so many of the party have none
  own_...             as above
  left_no_run                                      no run of the course is held within what they said
  left_full           runs                         those that are held within what they said are full
  left_too_large      runs, size, room             the group doesn't fit into the largest room left
  left_free           runs                         there is a seat; a later step may still find it
  help_metres         run, metres, more            the nearest held run beyond how far they go
  help_days           run, days, more              the nearest held run outside their days
  help_school         run                          a held run at a school that they didn't choose
  help_remote         run                          a held run that is remote
a break of the queue order (`party` was passed over; run of the line)
  passed_over         by, heads                    a later party got a seat that they could have had
  passed_too_large    size, room                   the group doesn't fit, even if the later party left
  passed_costs_taught heads                        changing places would leave so many more untaught
  passed_moves_more   by                           changing places is as good, but they would move more
  passed_same                                      changing places would be as good in every earlier term
"""

from __future__ import annotations

from dataclasses import dataclass

from planning.messages import Message, message
from planning.pooling.components import least
from planning.pooling.data import Option, Party, Problem, Run, RunPin, SeatPin
from planning.pooling.score import merged, passed_over
from planning.pooling.solution import Seat, Solution

MOST_NEARER = 3
"""Nearer runs that are explained per party; the nearest first."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The messages of one line: a party and the run it is asked about, a run (party ''), or a party (run '')."""

    party: str
    run: str
    messages: tuple[Message, ...]


def explain(problem: Problem, solution: Solution) -> tuple[Explanation, ...]:
    """Reasons for each seat that isn't in the party's own run, each run, each party left and each queue break."""
    facts = _Facts(problem, solution)
    lines = [
        Explanation(seat.party, seat.run, _seat(facts, seat))
        for seat in solution.seats
        if seat.run != problem.party_by_key[seat.party].run
    ]
    lines += [
        Explanation(
            "", run.key, _held(facts, run) if run.key in facts.held else _not_held(facts, run)
        )
        for run in problem.runs
    ]
    lines += [
        Explanation(party.key, "", _left(facts, party))
        for party in sorted(problem.parties, key=lambda party: (party.order, party.key))
        if facts.seated(party.key) < party.size
    ]
    lines += [_passed(facts, party) for party in passed_over(problem, solution)]
    return tuple(lines)


class _Facts:
    """What is counted once for all lines."""

    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.problem = problem
        self.solution = solution
        self.held = set(solution.held)
        self.heads = solution.heads_of_run
        self.merged = merged(problem, solution)
        self.signed: dict[str, int] = {}
        self.reach: dict[str, int] = {}
        self.free: dict[str, int] = {}
        self.untaught: dict[str, int] = {}
        for party in problem.parties:
            if party.run:
                self.signed[party.run] = self.signed.get(party.run, 0) + party.size
            left = party.size - self.seated(party.key)
            if party.run:
                self.untaught[party.run] = self.untaught.get(party.run, 0) + left
            for option in problem.options[party.key]:
                self.reach[option.run] = self.reach.get(option.run, 0) + party.size
                if left:
                    self.free[option.run] = self.free.get(option.run, 0) + left
        self.own: dict[str, int] = {}
        for seat in solution.seats:
            if problem.party_by_key[seat.party].run == seat.run:
                self.own[seat.run] = self.own.get(seat.run, 0) + seat.heads
        self.used: dict[str, int] = {}
        for use in problem.uses:
            if use.run in self.held:
                self.used[use.shared] = self.used.get(use.shared, 0) + use.amount
        self.available = {some.key: some.available for some in problem.shared}
        self._cost: dict[tuple[str, str, str], int] = {}

    def seated(self, party: str) -> int:
        return sum(seat.heads for seat in self.solution.seats_of_party.get(party, ()))

    def room(self, run: str) -> int:
        return self.problem.run_by_key[run].capacity - self.heads.get(run, 0)

    def cost(self, party: Party, run: str) -> int:
        """What sitting there weighs in the term `moved`, per head."""
        key = (party.home, party.run, run)
        known = self._cost.get(key)
        if known is None:
            some = self.problem.run_by_key[run]
            known = self.problem.metres_moved(
                party, some
            ) + self.problem.metres_per_day * self.problem.days_moved(party, some)
            self._cost[key] = known
        return known

    def fits(self, party: Party, run: str) -> bool:
        return self.room(run) >= (party.size if party.is_together else 1)


# ---------------------------------------------------------------------- a seat


def _seat(facts: _Facts, seat: Seat) -> tuple[Message, ...]:
    problem = facts.problem
    party = problem.party_by_key[seat.party]
    options = problem.options[party.key]
    mine = next(option for option in options if option.run == seat.run)
    messages = [_own(facts, party)]
    messages += _choice(facts, party, mine, options)
    run = problem.run_by_key[seat.run]
    minimum = run.minimum
    before, after = facts.own.get(seat.run, 0), facts.heads[seat.run]
    if before < minimum <= after and not problem.is_promised(run):
        messages.append(
            message("makes_minimum", run=seat.run, before=before, after=after, minimum=minimum)
        )
    return tuple(messages)


def _own(facts: _Facts, party: Party) -> Message:
    """Why the party isn't in its own run."""
    if not party.run:
        return Message("waited")
    problem = facts.problem
    run = problem.run_by_key[party.run]
    if run.key not in facts.held:
        if problem.pin_of_run.get(run.key) == RunPin.CANCELLED:
            return message("own_cancelled", run=run.key)
        heads = facts.signed[run.key]
        return message(
            "own_not_held",
            run=run.key,
            heads=heads,
            minimum=run.minimum,
            lacks=max(0, run.minimum - heads),
        )
    heads = facts.heads.get(run.key, 0)
    if not facts.fits(party, run.key):
        return message("own_full", run=run.key, capacity=run.capacity)
    return message("gives", run=run.key, heads=heads, minimum=run.minimum)


def _choice(
    facts: _Facts, party: Party, mine: Option, options: tuple[Option, ...]
) -> list[Message]:
    if SeatPin.SEAT in facts.problem.pins_of_party.get(party.key, {}).values():
        return [Message("decided")]
    others = [option for option in options if option.run not in (mine.run, party.run)]
    held = [option for option in others if option.run in facts.held]
    cost = facts.cost(party, mine.run)
    nearer = sorted(
        (option for option in others if facts.cost(party, option.run) < cost),
        key=lambda option: (facts.cost(party, option.run), option.run),
    )
    if not held:
        why = message("only_one", metres=mine.metres, days=mine.days)
    else:
        is_nearest = all(option.run not in facts.held for option in nearer)
        why = message(
            "nearest" if is_nearest else "other",
            metres=mine.metres,
            days=mine.days,
            runs=len(held) + 1,
        )
    # Runs that nobody is signed up for and that aren't held would only be told to be empty.
    told = [o for o in nearer if o.run in facts.held or facts.signed.get(o.run)]
    return [why, *(_nearer(facts, party, mine.run, option) for option in told[:MOST_NEARER])]


def _nearer(facts: _Facts, party: Party, mine: str, option: Option) -> Message:
    """Why the party isn't in this one, which would move it less."""
    run = facts.problem.run_by_key[option.run]
    metres, days = option.metres, option.days
    if run.key not in facts.held:
        if facts.problem.pin_of_run.get(run.key) == RunPin.CANCELLED:
            return message("nearer_cancelled", run=run.key, metres=metres, days=days)
        reach, minimum = facts.reach.get(run.key, 0), least(facts.problem, run)
        if min(reach, run.capacity) < minimum:
            return message(
                "nearer_not_held",
                run=run.key,
                metres=metres,
                days=days,
                reach=reach,
                minimum=minimum,
            )
        return message(
            "nearer_not_held_better",
            run=run.key,
            metres=metres,
            days=days,
            heads=facts.signed.get(run.key, 0),
            minimum=minimum,
            reach=reach,
        )
    room = facts.room(run.key)
    if room <= 0:
        return message("nearer_full", run=run.key, metres=metres, days=days, capacity=run.capacity)
    if not facts.fits(party, run.key):
        return message(
            "nearer_too_large", run=run.key, metres=metres, days=days, size=party.size, room=room
        )
    here = facts.problem.run_by_key[mine]
    heads = facts.heads[mine]
    moving = party.size if party.is_together else 1
    if heads - moving < least(facts.problem, here):
        return message(
            "nearer_minimum",
            run=run.key,
            metres=metres,
            days=days,
            needed=mine,
            heads=heads,
            minimum=here.minimum,
        )
    return message("nearer_free", run=run.key, metres=metres, days=days)


# ---------------------------------------------------------------------- a run


def _held(facts: _Facts, run: Run) -> tuple[Message, ...]:
    heads, own = facts.heads.get(run.key, 0), facts.own.get(run.key, 0)
    if own >= max(1, run.minimum) and own == heads:
        return (message("held_enough", heads=heads, minimum=run.minimum),)
    messages = []
    if heads > own or own < facts.signed.get(run.key, 0):
        messages.append(
            message(
                "held_by_moving",
                own=own,
                coming=heads - own,
                leaving=facts.signed.get(run.key, 0) - own,
                heads=heads,
                minimum=run.minimum,
            )
        )
    if heads < max(1, run.minimum):
        code = (
            "held_decided"
            if facts.problem.pin_of_run.get(run.key) == RunPin.HELD
            else "held_guaranteed"
        )
        messages.append(message(code, heads=heads, minimum=run.minimum))
    return tuple(messages)


def _not_held(facts: _Facts, run: Run) -> tuple[Message, ...]:
    problem = facts.problem
    heads = facts.signed.get(run.key, 0)
    if problem.pin_of_run.get(run.key) == RunPin.CANCELLED:
        messages = [message("cancelled_decided", heads=heads)]
    elif run.key in facts.merged:
        messages = [message("merged", into=facts.merged[run.key], heads=heads, minimum=run.minimum)]
    elif heads:
        lacks = max(0, run.minimum - heads)
        messages = [message("cancelled", heads=heads, minimum=run.minimum, lacks=lacks)]
    else:
        return (message("cancelled_empty", minimum=run.minimum),)
    for use in problem.uses_of_run.get(run.key, ()):
        left = facts.available[use.shared] - facts.used.get(use.shared, 0)
        if use.amount > left:
            messages.append(
                message("cancelled_shared", shared=use.shared, needed=use.amount, left=left)
            )
    untaught = facts.untaught.get(run.key, 0)
    if untaught:
        messages.append(message("moved_elsewhere", heads=heads - untaught, untaught=untaught))
        reach, minimum = facts.reach.get(run.key, 0), least(problem, run)
        if reach < minimum:
            messages.append(message("help_out_of_reach", reach=reach, minimum=minimum))
        else:
            bound = reach - facts.free.get(run.key, 0)
            lacks = max(0, minimum - facts.free.get(run.key, 0))
            messages.append(message("help_missing", reach=reach, lacks=lacks, bound=bound))
        near = _nearest_held(facts, run)
        if near is not None:
            messages.append(near)
    return tuple(messages)


def _nearest_held(facts: _Facts, run: Run) -> Message | None:
    """The held run of the course and variant that is least away, with days weighed as everywhere."""
    problem = facts.problem
    best: tuple[int, str, int, int] | None = None
    for other in problem.runs_of_course[run.course]:
        if other.key not in facts.held or other.variant != run.variant or other.is_remote:
            continue
        metres = problem.metres(run.place, other.place)
        days = abs(other.starts_on - run.starts_on)
        found = (metres + problem.metres_per_day * days, other.key, metres, days)
        if best is None or found < best:
            best = found
    return (
        None if best is None else message("help_nearest", run=best[1], metres=best[2], days=best[3])
    )


# ---------------------------------------------------------------------- people left


def _left(facts: _Facts, party: Party) -> tuple[Message, ...]:
    problem = facts.problem
    left = party.size - facts.seated(party.key)
    messages = [message("left", heads=left, size=party.size)]
    own = problem.run_by_key[party.run] if party.run else None
    if own is None or own.key not in facts.held or not facts.fits(party, own.key):
        messages.append(_own(facts, party))
    held = [
        option.run
        for option in problem.options[party.key]
        if option.run in facts.held and option.run != party.run
    ]
    if not held:
        return (*messages, Message("left_no_run"), *_beyond(facts, party))
    room = max(facts.room(run) for run in held)
    if room <= 0:
        messages.append(message("left_full", runs=tuple(held)))
    elif party.is_together and room < party.size:
        messages.append(message("left_too_large", runs=tuple(held), size=party.size, room=room))
    else:
        free = tuple(run for run in held if facts.fits(party, run))
        messages.append(message("left_free", runs=free))
    return (*messages, *_beyond(facts, party))


def _beyond(facts: _Facts, party: Party) -> list[Message]:
    """What they would have to say yes to: for each kind of limit the held run that breaks that one alone."""
    problem = facts.problem
    best: dict[str, tuple[int, str, Message]] = {}
    most = party.most_metres
    if problem.most_metres is not None:
        most = min(most, problem.most_metres)
    own = problem.run_by_key.get(party.run)
    pins = problem.pins_of_party.get(party.key, {})
    if SeatPin.SEAT in pins.values():
        return []
    for run in problem.runs_of_course[party.course]:
        if run.key not in facts.held or run.key in pins or run.key in party.refused:
            continue
        if run.key == party.run or not facts.fits(party, run.key):
            continue
        if own is not None and run.variant != own.variant:
            continue
        metres = 0 if run.is_remote else problem.metres(party.home, run.place)
        outside = max(party.first_day - run.starts_on, run.starts_on - party.last_day, 0)
        if problem.most_days is not None:
            outside = max(outside, problem.days_moved(party, run) - problem.most_days)
        broken = {
            "help_metres": not run.is_remote and metres > most,
            "help_days": outside > 0,
            "help_school": bool(party.schools) and run.school not in party.schools,
            "help_remote": run.is_remote and not party.accepts_remote,
        }
        codes = [code for code, is_broken in broken.items() if is_broken]
        if len(codes) != 1:
            continue
        code = codes[0]
        worth = metres
        if code == "help_metres":
            told = message(code, run=run.key, metres=metres, more=metres - most)
        elif code == "help_days":
            worth, days = outside, problem.days_moved(party, run)
            told = message(code, run=run.key, days=days, more=outside)
        else:
            told = message(code, run=run.key)
        if code not in best or (worth, run.key) < best[code][:2]:
            best[code] = (worth, run.key, told)
    return [best[code][2] for code in sorted(best)]


# ---------------------------------------------------------------------- the queue


def _passed(facts: _Facts, party: Party) -> Explanation:
    """Which later party got a seat that this one could have had, and what changing places would do."""
    problem = facts.problem
    best: tuple[int, str, str, Seat, Message] | None = None
    for option in problem.options[party.key]:
        for seat in facts.solution.seats_of_run.get(option.run, ()):
            later = problem.party_by_key[seat.party]
            if seat.run == later.run or later.order <= party.order:
                continue
            rank, why = _swap(facts, party, later, seat)
            found = (rank, seat.run, seat.party, seat, why)
            if best is None or found[:3] < best[:3]:
                best = found
    if best is None:
        raise ValueError(f"nobody passed '{party.key}'")
    seat, why = best[3], best[4]
    return Explanation(
        party.key, seat.run, (message("passed_over", by=seat.party, heads=seat.heads), why)
    )


def _swap(facts: _Facts, party: Party, later: Party, seat: Seat) -> tuple[int, Message]:
    """What happens if the later party gave up its seat to this one. The least good reason has the lowest rank."""
    left = party.size - facts.seated(party.key)
    room = facts.room(seat.run) + seat.heads
    if party.is_together and room < party.size:
        return 3, message("passed_too_large", size=party.size, room=room)
    lost = seat.heads - min(left, room)
    if lost > 0:
        return 2, message("passed_costs_taught", heads=lost)
    more = facts.cost(party, seat.run) * min(left, room) - facts.cost(later, seat.run) * seat.heads
    if more > 0:
        return 1, message("passed_moves_more", by=more)
    return 0, Message("passed_same")
