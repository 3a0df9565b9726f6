"""Quarters shared out afterwards: a model of many courses decides who holds what, here each course gets its quarter.

What a school has in a quarter hardly ever ties it, as long as it has room in the year; but a model that tells quarters
apart has twice the columns, most of them alike. So models leave those limits out. Where the courses of a school then
find no quarters that suit all of them, the answer is refused, and the school's quarters are told apart from there on.
"""

from __future__ import annotations

from planning.coverage.choices import Choice
from planning.coverage.plan import Plan

_TRIED = 2_000
"""So many placements are tried to find quarters for the courses of one school's branch group."""
_MOST = 500
"""Nor are quarters shared out among more courses than this."""


class Quarters:
    """Keeps what schools have in each quarter. `left_out` are the limits that models needn't know."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.left_out = frozenset(n for n, (_, _, q) in enumerate(plan.instance.limit_keys) if q)
        self._limit = {key: n for n, key in enumerate(plan.instance.limit_keys) if key[2]}

    def mend(self) -> bool:
        """Bring the plan's courses into quarters with room for them; False, and noted, where that can't be."""
        keys = self.plan.instance.limit_keys
        broken = sorted({keys[n][:2] for n in self.left_out if self.plan.room[n] < 0})
        failed = [place for place in broken if not self._share_out(*place)]
        self.left_out -= {n for key, n in self._limit.items() if key[:2] in failed}
        return not failed

    def _share_out(self, school: str, group: str) -> bool:
        """All courses that the school holds in the branch group anew over the quarters, longest first."""
        plan = self.plan
        options: list[tuple[int, dict[int, int]]] = []
        room: dict[int, int] = {}
        for q in (1, 2, 3, 4):
            if (school, group, q) in self._limit:
                room[q] = plan.room[self._limit[school, group, q]]
        for i, item in enumerate(plan.items):
            now, days = plan.choice(i), item.course.days
            if item.course.group != group or now is None or not days:
                continue
            if school not in (now.school, now.extra):
                continue
            options.append((i, self._quarters(i, now, school)))
            quarter = now.quarter if now.school == school else now.extra_quarter
            if quarter in room:
                room[quarter] += days
        options.sort(key=lambda o: (-plan.items[o[0]].course.days, len(o[1]), o[0]))
        found: list[int] = []
        tried = 0

        def place(n: int) -> bool:
            nonlocal tried
            if n == len(options):
                return True
            i, choices = options[n]
            days = plan.items[i].course.days
            for q in sorted(choices, key=lambda q: (-room.get(q, 10**9), q)):
                tried += 1
                if tried > _TRIED:
                    return False
                if room.get(q, days) < days:
                    continue
                if q in room:
                    room[q] -= days
                found.append(choices[q])
                if place(n + 1):
                    return True
                found.pop()
                if q in room:
                    room[q] += days
            return False

        if len(options) > _MOST or not place(0):
            return False
        for (i, _), k in zip(options, found, strict=True):
            plan.take(i)
            plan.put(i, k)
        return True

    def _quarters(self, i: int, now: Choice, school: str) -> dict[int, int]:
        """Quarter at the school → the choice that differs from the present one in nothing else."""
        found: dict[int, int] = {}
        for k, other in enumerate(self.plan.items[i].choices):
            if (other.school, other.extra) != (now.school, now.extra):
                continue
            if school == now.school and other.extra_quarter == now.extra_quarter:
                found.setdefault(other.quarter, k)
            elif school == now.extra and other.quarter == now.quarter:
                found.setdefault(other.extra_quarter, k)
        return found
