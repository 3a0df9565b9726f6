"""Two answers to one problem side by side, for 'what if': as message codes with facts.

Codes, with their parameters (`before` and `after` are the two answers; numbers as in `score`):

  term            term, before, after, better   one objective in the stated order; better: before, after, equal
  figure          name, before, after           a figure that people read, where the two differ
  run_now_held    run, heads                    run_now_off     run, heads (of the answer before)
  run_now_merged  run, into                     run_heads       run, before, after
  moved_now       party, run, heads, metres, days    asked to move now, and wasn't before
  stays_now       party, run, heads                  keeps its own run now, and was asked before
  moved_other     party, before, after, heads        asked about another run
  taught_now      party, run, heads                  left_now     party, heads
  pin_run         run, pin        pin_seat   party, run, pin      what was decided between the two
  limit           name, before, after                a limit for everybody that was changed (-1: none)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from planning.messages import Message, message
from planning.pooling.data import Pin, PinnedRun, Problem
from planning.pooling.score import TERMS, merged, score
from planning.pooling.solution import Solution

MORE_IS_BETTER = frozenset({"taught", "kept"})


@dataclass(frozen=True, slots=True)
class Compared:
    """Two answers side by side. `worth`: below 0 the first is better, above 0 the second, 0 equal in all terms.

    The first term in which they differ decides.
    """

    worth: int
    conditions: tuple[Message, ...]
    terms: tuple[Message, ...]
    figures: tuple[Message, ...]
    runs: tuple[Message, ...]
    people: tuple[Message, ...]


def compare(
    problem: Problem,
    before: Solution,
    after: Solution,
    *,
    pins: Sequence[Pin] = (),
    changed: Problem | None = None,
) -> Compared:
    """What differs between an answer and another to the same people and runs.

    `pins`: the decisions under which the second was made, beyond the problem's. `changed`: the problem of the
    second answer where limits or wishes differ; its runs and parties are the same. Lines stand in the order of
    the runs, and of the queue.
    """
    later = changed or problem
    old, new = score(problem, before), score(later, after)
    terms = tuple(_term(name, getattr(old, name), getattr(new, name)) for name in TERMS)
    worth = (old.key() > new.key()) - (old.key() < new.key())
    figures = tuple(
        message("figure", name=f.name, before=getattr(old, f.name), after=getattr(new, f.name))
        for f in fields(old)
        if f.name not in TERMS and getattr(old, f.name) != getattr(new, f.name)
    )
    return Compared(
        worth,
        (*_limits(problem, later), *(_pin(pin) for pin in pins)),
        terms,
        figures,
        tuple(_runs(problem, later, before, after)),
        tuple(_people(later, before, after)),
    )


def _term(name: str, before: int, after: int) -> Message:
    if before == after:
        better = "equal"
    else:
        better = "after" if (after > before) == (name in MORE_IS_BETTER) else "before"
    return message("term", term=name, before=before, after=after, better=better)


def _limits(problem: Problem, later: Problem) -> list[Message]:
    found = []
    for name in ("most_metres", "most_days"):
        old, new = getattr(problem, name), getattr(later, name)
        if old != new:
            found.append(
                message(
                    "limit",
                    name=name,
                    before=-1 if old is None else old,
                    after=-1 if new is None else new,
                )
            )
    return found


def _pin(pin: Pin) -> Message:
    if isinstance(pin, PinnedRun):
        return message("pin_run", run=pin.run, pin=pin.pin.value)
    return message("pin_seat", party=pin.party, run=pin.run, pin=pin.pin.value)


def _runs(problem: Problem, later: Problem, before: Solution, after: Solution) -> list[Message]:
    old_held, new_held = set(before.held), set(after.held)
    old_merged, new_merged = merged(problem, before), merged(later, after)
    found = []
    for run in problem.runs:
        key = run.key
        old, new = before.heads_of_run.get(key, 0), after.heads_of_run.get(key, 0)
        if key in new_held and key not in old_held:
            found.append(message("run_now_held", run=key, heads=new))
        elif key in old_held and key not in new_held:
            found.append(message("run_now_off", run=key, heads=old))
        elif old != new:
            found.append(message("run_heads", run=key, before=old, after=new))
        if key in new_merged and new_merged[key] != old_merged.get(key):
            found.append(message("run_now_merged", run=key, into=new_merged[key]))
    return found


def _people(problem: Problem, before: Solution, after: Solution) -> list[Message]:
    found = []
    for party in sorted(problem.parties, key=lambda party: (party.order, party.key)):
        old = {seat.run: seat.heads for seat in before.seats_of_party.get(party.key, ())}
        new = {seat.run: seat.heads for seat in after.seats_of_party.get(party.key, ())}
        if old == new:
            continue
        gone = {
            run: heads - new.get(run, 0) for run, heads in old.items() if heads > new.get(run, 0)
        }
        come = {
            run: heads - old.get(run, 0) for run, heads in new.items() if heads > old.get(run, 0)
        }
        found += _changes(problem, party.key, party.run, gone, come)
    return found


def _changes(
    problem: Problem, party: str, own: str, gone: dict[str, int], come: dict[str, int]
) -> list[Message]:
    """The heads that left runs, matched with those that came to others; what is left over was or is untaught."""
    found = []
    some = problem.party_by_key[party]
    for run, heads in sorted(come.items()):
        left = heads
        for source in sorted(gone):
            number = min(left, gone[source])
            if not number:
                continue
            gone[source] -= number
            left -= number
            if run == own:
                found.append(message("stays_now", party=party, run=source, heads=number))
            elif source == own:
                there = problem.run_by_key[run]
                found.append(
                    message(
                        "moved_now",
                        party=party,
                        run=run,
                        heads=number,
                        metres=0 if there.is_remote else problem.metres(some.home, there.place),
                        days=problem.days_moved(some, there),
                    )
                )
            else:
                found.append(
                    message("moved_other", party=party, before=source, after=run, heads=number)
                )
        if left:
            found.append(message("taught_now", party=party, run=run, heads=left))
    lost = sum(gone.values())
    if lost:
        found.append(message("left_now", party=party, heads=lost))
    return found
