"""The planners by name, and their problems and answers as versioned JSON, so that any answer can be repeated.

`format` and `version` say what a file is; a reader refuses what it doesn't know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, Protocol, TypeVar

from planning import coverage, pooling
from planning.checks import ProblemError
from planning.io import Json, dump, load
from planning.matching import jobs, visits
from planning.pooling import asked
from planning.pooling.offers import UncertainPlan
from planning.result import Limits, Result, Watch

P = TypeVar("P")
P_contra = TypeVar("P_contra", contravariant=True)
S = TypeVar("S")


class Solve(Protocol[P_contra, S]):
    """The signature that every solver keeps."""

    def __call__(
        self,
        problem: P_contra,
        *,
        limits: Limits | None = None,
        seed: int = 0,
        pins: Sequence[Any] = (),
        warm_start: S | None = None,
        watch: Watch[S] | None = None,
    ) -> Result[S]: ...


@dataclass(frozen=True, slots=True)
class Planner(Generic[P, S]):
    """One kind of problem with all that is done with it. `headline` sums an answer up in one English line."""

    name: str
    version: int
    problem: type[P]
    solution: type[S]
    validate: Callable[[P, S], Sequence[object]]
    score: Callable[[P, S], Any]
    solve: Solve[P, S]
    explain: Callable[[P, S], Sequence[Any]]
    headline: Callable[[P, Result[S]], str]
    upgrade: Callable[[int, str, Json], Json] | None = None
    """Turns the facts of an earlier version into those of `version`: from which, 'problem' or 'result', facts."""

    def write_problem(self, problem: P) -> Json:
        """The problem as plain JSON values."""
        return {"format": self._format("problem"), "version": self.version, **dump(problem)}

    def read_problem(self, data: object) -> P:
        """The problem read back. Raises ProblemError, naming the field, for anything that isn't one."""
        return load(self.problem, self._open(data, "problem"))

    def write_result(self, problem: P, result: Result[S]) -> Json:
        """An answer with its score, its reasons and its contradictions as plain JSON values."""
        score = self.score(problem, result.solution)
        return {
            "format": self._format("result"),
            "version": self.version,
            "status": result.status.value,
            "solver": result.solver,
            "seed": result.seed,
            "bounds": [dump(bound) for bound in result.bounds],
            "statistics": dict(result.statistics),
            "score": {f.name: dump(getattr(score, f.name)) for f in fields(score)},
            "solution": dump(result.solution),
            "explanations": [_told(line) for line in self.explain(problem, result.solution)],
            "contradictions": [
                {
                    "subject": c.subject,
                    "is_smallest": c.is_smallest,
                    "facts": [_coded(fact) for fact in c.facts],
                }
                for c in result.contradictions
            ],
        }

    def read_solution(self, data: object) -> S:
        """The solution inside a written answer; raises ProblemError for anything that isn't one."""
        return load(self.solution, self._open(data, "result").get("solution"), "solution")

    def _format(self, what: str) -> str:
        return f"samspil.{self.name}.{what}"

    def _open(self, data: object, what: str) -> Json:
        if not isinstance(data, Mapping):
            raise ProblemError("", "must be a JSON object")
        if data.get("format") != self._format(what):
            raise ProblemError("format", f"must be '{self._format(what)}'")
        version = data.get("version")
        facts = {key: value for key, value in data.items() if key not in ("format", "version")}
        if version == self.version and not isinstance(version, bool):
            return facts
        is_earlier = type(version) is int and 1 <= version < self.version
        if self.upgrade is None or not is_earlier:
            raise ProblemError(
                "version", f"{version!r} is not known here; this reads {self.version}"
            )
        return self.upgrade(int(str(version)), what, facts)


def _told(line: Any) -> Json:
    told = {f.name: dump(getattr(line, f.name)) for f in fields(line) if f.name != "messages"}
    return {**told, "messages": [_coded(m) for m in line.messages]}


def _coded(told: Any) -> Json:
    return {"code": told.code, **{name: dump(value) for name, value in told.params}}


COVERAGE = Planner(
    name="coverage",
    version=2,
    problem=coverage.Problem,
    solution=coverage.Solution,
    validate=coverage.validate,
    score=coverage.score,
    solve=coverage.solve,
    explain=coverage.explain,
    headline=coverage.headline,
    upgrade=coverage.upgrade,
)

POOLING = Planner(
    name="pooling",
    version=1,
    problem=pooling.Problem,
    solution=pooling.Solution,
    validate=pooling.validate,
    score=pooling.score,
    solve=pooling.solve,
    explain=pooling.explain,
    headline=pooling.headline,
)

OFFERS = Planner(
    name="offers",
    version=1,
    problem=asked.AskProblem,
    solution=UncertainPlan,
    validate=asked.validate,
    score=asked.score,
    solve=asked.solve,
    explain=asked.explain,
    headline=asked.headline,
)

JOBS = Planner(
    name="jobs",
    version=1,
    problem=jobs.Problem,
    solution=jobs.Solution,
    validate=jobs.validate,
    score=jobs.score,
    solve=jobs.solve,
    explain=jobs.explain,
    headline=jobs.headline,
)

VISITS = Planner(
    name="visits",
    version=1,
    problem=visits.Problem,
    solution=visits.Solution,
    validate=visits.validate,
    score=visits.score,
    solve=visits.solve,
    explain=visits.explain,
    headline=visits.headline,
)

PLANNERS: dict[str, Planner[Any, Any]] = {
    planner.name: planner for planner in (COVERAGE, POOLING, OFFERS, JOBS, VISITS)
}


def planner_of(data: object) -> Planner[Any, Any]:
    """The planner whose problem a JSON object says it is. Raises ProblemError for none."""
    if isinstance(data, Mapping):
        for planner in PLANNERS.values():
            if data.get("format") == f"samspil.{planner.name}.problem":
                return planner
    known = " or ".join(f"'samspil.{name}.problem'" for name in PLANNERS)
    raise ProblemError("format", f"must be {known}")
