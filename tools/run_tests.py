"""Every test, on both databases and in a browser. The last line sums them up."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Step:
    title: str
    database: str
    arguments: list[str]
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    code: int = 0


PARALLEL = ["-n", str(os.cpu_count() or 2), "--dist", "worksteal"]
ALONE = ["-p", "no:xdist"]
STEPS = [
    Step("SQLite", "sqlite", [*PARALLEL, "-m", "not e2e and not concurrency"]),
    Step("PostgreSQL", "postgres", [*PARALLEL, "-m", "not e2e and not concurrency and not static"]),
    Step("Races on SQLite", "sqlite", [*ALONE, "-m", "concurrency"]),
    Step("Races on PostgreSQL", "postgres", [*ALONE, "-m", "concurrency"]),
    # A browser on a busy machine may be late; the run says when a test needed another try.
    Step("Browser", "postgres", [*PARALLEL, "-m", "e2e", "--reruns", "2"]),
]


def run(step: Step, folder: Path) -> None:
    report = folder / f"{step.title}.xml"
    print(f"\n===== {step.title} =====", flush=True)
    began = time.monotonic()
    environment = {**os.environ, "SAMSPIL_TEST_DB": step.database, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("SAMSPIL_TEST_DIR", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *step.arguments],
        cwd=ROOT,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    step.seconds = time.monotonic() - began
    step.code = done.returncode
    if report.exists():
        for suite in ET.parse(report).getroot().iter("testsuite"):
            for name in ("tests", "failures", "errors", "skipped"):
                step.counts[name] = step.counts.get(name, 0) + int(suite.get(name, "0"))


def main() -> int:
    chosen = [s for s in STEPS if not sys.argv[1:] or s.title in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="samspil-reports-") as folder:
        for step in chosen:
            run(step, Path(folder))
    passed = failed = skipped = 0
    print("\n===== all =====")
    for step in chosen:
        bad = step.counts.get("failures", 0) + step.counts.get("errors", 0)
        if step.code not in {0, 1, 5} or (step.code == 1 and not bad):
            bad += 1  # the run itself broke
        left_out = step.counts.get("skipped", 0)
        good = max(
            step.counts.get("tests", 0)
            - step.counts.get("failures", 0)
            - step.counts.get("errors", 0)
            - left_out,
            0,
        )
        passed, failed, skipped = passed + good, failed + bad, skipped + left_out
        print(
            f"{step.title:<22} {good:>5} passed {bad:>4} failed {left_out:>4} skipped"
            f" {step.seconds:>6.0f} s"
        )
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
