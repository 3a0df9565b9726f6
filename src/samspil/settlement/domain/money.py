"""Øre from participation and rates: whole numbers, rounded once per transfer."""

from __future__ import annotations

DAYS_PER_FTE = 200
"""Participant days of one full-time equivalent (R64)."""


def rounded(numerator: int, denominator: int) -> int:
    """The quotient of two numbers that aren't negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def subsidy_oere(heads: int, days_tenths: int, per_fte: int) -> int:
    """Taxameter for so many people and tenths of a day at a rate per full-time equivalent (R63, R64)."""
    return rounded(heads * days_tenths * per_fte, 10 * DAYS_PER_FTE)


def fee_oere(heads: int, days_tenths: int, per_day: int) -> int:
    """Participant fee for so many people and tenths of a day at a rate per day (R69)."""
    return rounded(heads * days_tenths * per_day, 10)


def quarter_of(month: int) -> int:
    """The quarter (1–4) that a month (1–12) lies in."""
    return (month + 2) // 3


def next_quarter(year: int, quarter: int) -> tuple[int, int]:
    """The quarter after this one."""
    return (year, quarter + 1) if quarter < 4 else (year + 1, 1)
