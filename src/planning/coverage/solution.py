"""An answer to a coverage problem: who takes what, and what stays without a school."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Role(StrEnum):
    """What the planner gives a school: to hold the course, to follow the holder's dates, or to offer it too."""

    HOLDER = "holder"
    FOLLOWER = "follower"
    EXTRA = "extra"
    """One more offer of a course that somebody holds, because learners are far from it."""


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One new cell of the board. `quarter` is 0 where the problem doesn't plan quarters."""

    course: str
    school: str
    role: Role
    guarantee: bool = False
    quarter: int = 0


@dataclass(frozen=True)
class Solution:
    """New cells in the order course, school; and the courses that nobody can take, in key order."""

    assignments: tuple[Assignment, ...] = ()
    uncovered: tuple[str, ...] = ()

    @cached_property
    def holder_of(self) -> dict[str, str]:
        """New holder per course."""
        return {a.course: a.school for a in self.assignments if a.role == Role.HOLDER}

    @cached_property
    def extra_of(self) -> dict[str, str]:
        """School with an extra offer per course."""
        return {a.course: a.school for a in self.assignments if a.role == Role.EXTRA}

    @cached_property
    def followers_of(self) -> dict[str, tuple[str, ...]]:
        """New followers per course."""
        found: dict[str, list[str]] = {}
        for a in self.assignments:
            if a.role == Role.FOLLOWER:
                found.setdefault(a.course, []).append(a.school)
        return {course: tuple(schools) for course, schools in found.items()}
