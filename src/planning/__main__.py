"""`python -m planning solve FILE`: solve a problem, or repeat an answer, without the web.

Reads a problem as JSON ('-' reads standard input), writes the answer as JSON to standard output and one line
about it to standard error. With `--best FILE` every better answer is written there as soon as it is found,
never half: whoever starts again with `--start FILE` goes on from it. `--progress` tells one JSON object per
line on standard error: `seconds`, `phase`, `bounds`. Ctrl-C or a TERM signal ends the search with the best
answer so far. Exit codes: 0 answered, 1 the answer breaks a rule, 2 the file is not a problem.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from planning.checks import ProblemError
from planning.io import Json, dump
from planning.planners import Planner, planner_of
from planning.result import Limits, Progress, Result, Status, Watch


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = _arguments(argv)
    try:
        data = _read(args.file)
        planner = planner_of(data)
        problem = planner.read_problem(data)
        start = planner.read_solution(_read(args.start)) if args.start else None
    except (OSError, ValueError) as error:
        _tell(f"{args.file}: {error}")
        return 2

    def follow(progress: Progress, best: Any) -> None:
        if args.progress:
            _tell(json.dumps(dump(progress)))
        if args.best and best is not None:
            answer = Result(Status.STOPPED, best, progress.bounds, {}, planner.name, args.seed)
            _write_whole(Path(args.best), planner.write_result(problem, answer))

    watch: Watch[Any] = Watch(args.seconds, follow)
    before = {
        number: signal.signal(number, lambda *_: watch.ask_to_stop())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    # Whoever starts this may block the signals until here, so that none ends it before it can answer.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, before)
    try:
        result = planner.solve(
            problem,
            limits=Limits(args.work, args.seconds, max(1, args.processes)),
            seed=args.seed,
            warm_start=start,
            watch=watch,
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return _answer(planner, problem, result, args.best)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m planning", description="Solve a problem, or repeat a planner's answer."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    solving = commands.add_parser("solve", help="solve a problem")
    solving.add_argument("file", help="problem as JSON, or - for standard input")
    solving.add_argument(
        "--work", type=int, default=Limits().work, help="steps allowed (default %(default)s)"
    )
    solving.add_argument("--seconds", type=float, help="seconds allowed (default: no clock)")
    solving.add_argument(
        "--processes", type=int, default=1, help="at work at once on a large problem (default 1)"
    )
    solving.add_argument("--seed", type=int, default=0)
    solving.add_argument("--start", metavar="ANSWER", help="an earlier answer to begin from")
    solving.add_argument("--best", metavar="FILE", help="keep the best answer so far in this file")
    solving.add_argument("--progress", action="store_true", help="tell progress as JSON lines")
    return parser.parse_args(argv)


def _answer(planner: Planner[Any, Any], problem: Any, result: Result[Any], best: str | None) -> int:
    violations = planner.validate(problem, result.solution)
    written = planner.write_result(problem, result)
    if best:
        _write_whole(Path(best), written)
    json.dump(written, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
    _tell(f"{result.status}: {planner.headline(problem, result)}; {len(violations)} rules broken")
    for violation in violations:
        _tell(f"  {violation}")
    return 1 if violations else 0


def _read(file: str) -> object:
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        read: object = json.loads(text)
    except RecursionError:
        raise ProblemError("", "is nested too deeply") from None
    return read


def _write_whole(file: Path, data: Json) -> None:
    """Write it beside and move it in place, so that a reader never meets half an answer."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    beside.replace(file)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
