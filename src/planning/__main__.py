"""`python -m planning solve FILE`: repeat an answer without the web.

Reads a problem as JSON ('-' reads standard input), writes the answer as JSON to standard output and one line
about it to standard error. Exit codes: 0 answered, 1 the answer breaks a rule, 2 the file is not a problem.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from planning.coverage import explain, score, solve, validate
from planning.io import problem_from_json, result_to_json
from planning.result import Limits


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m planning", description="Repeat a planner's answer."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    solving = commands.add_parser("solve", help="solve a coverage problem")
    solving.add_argument("file", help="problem as JSON, or - for standard input")
    solving.add_argument(
        "--work", type=int, default=Limits().work, help="steps allowed (default %(default)s)"
    )
    solving.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    try:
        text = sys.stdin.read() if args.file == "-" else Path(args.file).read_text(encoding="utf-8")
        problem = problem_from_json(json.loads(text))
    except (OSError, ValueError) as error:
        _tell(f"{args.file}: {error}")
        return 2
    result = solve(problem, limits=Limits(work=args.work), seed=args.seed)
    violations = validate(problem, result.solution)
    terms = score(problem, result.solution)
    json.dump(
        result_to_json(result, terms, explain(problem, result.solution)),
        sys.stdout,
        ensure_ascii=False,
        indent=1,
    )
    sys.stdout.write("\n")
    covered = result.bound("covered")
    _tell(
        f"{result.status}: {covered.value} of {len(problem.gaps)} gaps covered, "
        f"at most {covered.best_possible} can be; {len(violations)} rules broken"
    )
    for violation in violations:
        _tell(f"  {violation}")
    return 1 if violations else 0


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
