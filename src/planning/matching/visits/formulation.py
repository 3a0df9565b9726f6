"""The visits problem as one integer model.

A column per visit, team and week that may be. Which day of the week is not asked per visit: visits of the same
length and with the same possible weekdays are alike, so a column counts how many of each kind a team makes on each
day. That is exact and many times smaller than a column per visit and day.
"""

from __future__ import annotations

from collections.abc import Sequence

from planning.matching.visits.data import DAYS, Problem, Team, Visit
from planning.matching.visits.solution import Solution, Trip
from planning.solvers.model import Model, Term

Kind = tuple[int, tuple[int, ...]]
"""Half days, and the days of one week on which it may be."""


class Formulation:
    """Model, columns, and the way between columns and answers."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = Model()
        self.visits = sorted(problem.visits, key=lambda v: v.key)
        self.go: dict[tuple[str, Team, int], int] = {}
        self.of_visit: dict[str, list[int]] = {v.key: [] for v in self.visits}
        self.kinds: dict[tuple[Team, int, Kind], list[int]] = {}
        self.kind_of: dict[tuple[str, int], Kind] = {}
        self.on_day: dict[tuple[Team, Kind, int], int] = {}
        self.joint: dict[Team, int] = {}
        self.load: int | None = None
        for visit in self.visits:
            self._columns(visit)
        self._once()
        self._days()

    def _columns(self, visit: Visit) -> None:
        weeks: dict[int, list[int]] = {}
        for day in self.problem.days(visit):
            weeks.setdefault(day // DAYS, []).append(day)
        for week, days in weeks.items():
            self.kind_of[visit.key, week] = (visit.halves, tuple(days))
        for team in self.problem.teams:
            if not self.problem.may_go(visit, team):
                continue
            for week, days in weeks.items():
                if not any(self._has_time(team, day, visit.halves) for day in days):
                    continue
                column = self.model.column()
                self.go[visit.key, team, week] = column
                self.of_visit[visit.key].append(column)
                kind = (visit.halves, tuple(days))
                self.kinds.setdefault((team, week, kind), []).append(column)

    def _has_time(self, team: Team, day: int, halves: int) -> bool:
        return all(self.problem.free.get((key, day), 0) >= halves for key in team.members)

    def _once(self) -> None:
        """A company once; what people decided shall be made is made; nobody above the cap of the week."""
        companies: dict[str, list[str]] = {}
        for visit in self.visits:
            companies.setdefault(visit.company, []).append(visit.key)
        for keys in companies.values():
            self.model.row([(c, 1) for key in keys for c in self.of_visit[key]], upper=1)
        for key in self.problem.must:
            self.model.row([(c, 1) for c in self.of_visit[key]], lower=1)
        weeks: dict[tuple[str, int], list[int]] = {}
        for (_, team, week), column in self.go.items():
            for member in team.members:
                weeks.setdefault((member, week), []).append(column)
        for (member, _), columns in weeks.items():
            cap = self.problem.consultant_by_key[member].weekly_cap
            if cap < len(columns):
                self.model.row([(c, 1) for c in columns], upper=cap)

    def _days(self) -> None:
        """So many of each kind on each day that everybody has the time."""
        used: dict[tuple[str, int], list[Term]] = {}
        for (team, _, kind), columns in self.kinds.items():
            halves, days = kind
            counts = []
            for day in days:
                if not self._has_time(team, day, halves):
                    continue
                most = min(self.problem.free[key, day] for key in team.members) // halves
                count = self.model.column(0, most)
                self.on_day[team, kind, day] = count
                counts.append(count)
                for member in team.members:
                    used.setdefault((member, day), []).append((count, halves))
            self.model.row([*((c, 1) for c in columns), *((c, -1) for c in counts)], 0, 0)
        for cell, terms in used.items():
            self.model.row(terms, upper=self.problem.free[cell])

    # ------------------------------------------------------------------ objectives, all to be made small

    def objectives(self) -> dict[str, list[Term]]:
        """One per term of the score, in its order. Adds the columns that two of them need."""
        visits, wished = self.problem.visit_by_key, []
        for (key, _, week), column in self.go.items():
            if self.problem.is_wished(visits[key], week * DAYS):
                wished.append((column, -1))
        covered = (
            (c, -self.problem.covered(visits[k], team)) for (k, team, _), c in self.go.items()
        )
        return {
            "made": [(c, -visits[k].priority) for (k, _, _), c in self.go.items()],
            "in_window": wished,
            "expertise": [term for term in covered if term[1]],
            "learning": self._learning(),
            "same": [
                (c, -1)
                for (k, team, _), c in self.go.items()
                if visits[k].last_consultant in team.members
            ],
            "load": self._load(),
            "kept": [
                (c, -1)
                for (k, team, week), c in self.go.items()
                if self.problem.is_kept(k, team.lead, week)
            ],
            "km": [
                (c, km)
                for (k, team, _), c in self.go.items()
                if (km := self.problem.km(visits[k], team))
            ],
        }

    def _learning(self) -> list[Term]:
        terms = []
        for pair in self.problem.learning:
            team = Team(pair.experienced, pair.new)
            columns = [c for (_, who, _), c in self.go.items() if who == team]
            if not columns or not pair.visits:
                continue
            done = self.model.column(0, pair.visits)
            self.model.row([*((c, 1) for c in columns), (done, -1)], lower=0)
            self.joint[team] = done
            terms.append((done, -1))
        return terms

    def _load(self) -> list[Term]:
        self.load = self.model.column(0, 100)
        used: dict[str, list[Term]] = {}
        for (key, team, _), column in self.go.items():
            for member in team.members:
                halves = self.problem.visit_by_key[key].halves
                used.setdefault(member, []).append((column, -100 * halves))
        for member, terms in used.items():
            self.model.row([(self.load, self.problem.halves_of[member]), *terms], lower=0)
        return [(self.load, 1)]

    # ------------------------------------------------------------------ answers

    def values(self, solution: Solution) -> list[int]:
        """The columns of an answer that breaks no rule."""
        values = [0] * len(self.model.lower)
        used: dict[str, int] = {}
        for trip in solution.trips:
            values[self.go[trip.visit, trip.team, trip.week]] = 1
            values[self.on_day[trip.team, self.kind_of[trip.visit, trip.week], trip.day]] += 1
            for member in trip.team.members:
                halves = self.problem.visit_by_key[trip.visit].halves
                used[member] = used.get(member, 0) + halves
        for team, done in self.joint.items():
            together = sum(trip.team == team for trip in solution.trips)
            values[done] = min(self.model.upper[done], together)
        if self.load is not None:
            shares = [-(-100 * n // self.problem.halves_of[key]) for key, n in used.items()]
            values[self.load] = max(shares, default=0)
        return values

    def read(self, values: Sequence[int]) -> Solution:
        """The answer in the columns: visits of a kind take its days in the order of their keys."""
        left = {
            cell: [day for day in cell[2][1] for _ in range(self._count(values, cell, day))]
            for cell in self.kinds
        }
        trips = []
        for (key, team, week), column in self.go.items():
            if values[column]:
                day = left[team, week, self.kind_of[key, week]].pop(0)
                trips.append(Trip(key, day, team.lead, team.companion))
        return Solution(tuple(sorted(trips)))

    def _count(self, values: Sequence[int], cell: tuple[Team, int, Kind], day: int) -> int:
        column = self.on_day.get((cell[0], cell[2], day))
        return 0 if column is None else values[column]
