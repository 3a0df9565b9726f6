"""Fees for those who withdraw late or do not come (R73–R77). Pure: no database, no clock.

A fee needs a decision of the school's board, and only employers and the self-employed pay (R75).
Amounts are øre.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

LESSONS: Final = Decimal(37)
"""Up to and including so many lessons the lower fee applies (R73, R74)."""
LESSONS_A_DAY: Final = Decimal("7.4")
WEEK: Final = timedelta(days=7)
NO_SHOW_ORE: Final = (2_500_00, 3_500_00)
LATE_ORE: Final = (1_500_00, 2_500_00)


class Leaving(StrEnum):
    """How somebody comes not to take part."""

    WITHDRAWS = "withdraws"
    NO_SHOW = "no_show"


class Why(StrEnum):
    """Why there is a fee, or none."""

    LATE = "late"
    NO_SHOW = "no_show"
    IN_TIME = "in_time"
    NOT_DECIDED = "not_decided"
    NOT_EMPLOYER = "not_employer"
    NO_SEAT = "no_seat"
    MOVED = "moved"
    CANCELLED = "cancelled"
    LAWFUL = "lawful"
    REPLACED = "replaced"
    SUPPLEMENT = "supplement"


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the rules ask about.

    ``school_charges``: the board has decided so. ``pays_as_employer``: signed up by an employer or a
    self-employed person. ``is_seated``: had a seat and did not only wait. ``is_moved``: leaves this run
    for another one, or is offered another because this one is cancelled or pooled.
    ``cancelled_for_no_shows``: the school cancels because people stayed away on day one.
    """

    leaving: Leaving
    on: date
    first_day: date
    lessons: Decimal
    school_charges: bool
    pays_as_employer: bool
    is_seated: bool = True
    is_moved: bool = False
    school_cancels: bool = False
    cancelled_for_no_shows: bool = False
    is_lawful: bool = False
    is_replaced: bool = False
    pays_supplement: bool = False


@dataclass(frozen=True, slots=True)
class Fee:
    """``ore`` to pay, why, and the rules it follows from."""

    ore: int
    why: Why
    rules: tuple[str, ...]


def lessons_of(duration_days: Decimal | None) -> Decimal:
    """Lessons of a course from its days, 7.4 a day; an unknown length counts as a short one."""
    return (duration_days or Decimal(0)) * LESSONS_A_DAY


def fee(case: Case) -> Fee:
    """What is to be paid. The reasons for none are asked first, so that the doubt is the payer's."""
    none = _reason_for_none(case)
    if none is not None:
        why, rules = none
        return Fee(0, why, rules)
    long = case.lessons > LESSONS
    if case.leaving == Leaving.NO_SHOW:
        return Fee(NO_SHOW_ORE[long], Why.NO_SHOW, ("R73", "R75"))
    return Fee(LATE_ORE[long], Why.LATE, ("R74", "R75"))


def _reason_for_none(case: Case) -> tuple[Why, tuple[str, ...]] | None:
    checks: tuple[tuple[bool, Why, tuple[str, ...]], ...] = (
        (case.is_moved, Why.MOVED, ("R77",)),
        (case.school_cancels and not case.cancelled_for_no_shows, Why.CANCELLED, ("R76",)),
        (not case.is_seated, Why.NO_SEAT, ("R74",)),
        (not case.pays_as_employer, Why.NOT_EMPLOYER, ("R75",)),
        (not case.school_charges, Why.NOT_DECIDED, ("R75",)),
        (case.is_lawful, Why.LAWFUL, ("R76",)),
        (case.is_replaced, Why.REPLACED, ("R76",)),
        (case.pays_supplement, Why.SUPPLEMENT, ("R76",)),
        (
            case.leaving == Leaving.WITHDRAWS and case.on <= case.first_day - WEEK,
            Why.IN_TIME,
            ("R74",),
        ),
    )
    return next(((why, rules) for holds, why, rules in checks if holds), None)


def free_until(first_day: date) -> date:
    """The last day on which one may withdraw without a fee (R74)."""
    return first_day - WEEK
