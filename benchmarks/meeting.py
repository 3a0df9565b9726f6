"""How many people one machine lets follow a meeting, and how soon they see a decision.

``python benchmarks/meeting.py`` measures on a PostgreSQL of its own and writes the section
'Following a meeting' of ``docs/benchmarks.md``; the rest of that page is not touched. The
viewers run in a process of their own on the same cores: with the server alone on them there
would be room for more.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from benchmarks import measure  # noqa: E402

HEADING = "## Following a meeting"
VIEWERS = 2000
SECONDS = 40
BETWEEN = 4.0
"""Seconds from one decision to the next while the viewers look on."""


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time of processes so far."""
    ticks = 0
    for pid in pids:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(parts[11]) + int(parts[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def postgres_pids(folder: Path) -> list[int]:
    """The cluster's processes."""
    first = int((folder / "cluster" / "pg" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *(int(pid) for pid in children)]


def gone_on(before: dict[int, float], pids: Sequence[int]) -> float:
    """CPU of ``pids`` since ``before``; one that came meanwhile counts whole."""
    return sum(cpu_seconds([pid]) - before.get(pid, 0.0) for pid in pids)


def start_viewers(port: int, viewers: list[tuple[str, str]], **task: Any) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "viewers.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    json.dump({"port": port, "viewers": viewers, "warm": 0, **task}, process.stdin)
    process.stdin.close()
    return process


def seen(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.read())
    process.wait()
    return answer


def world() -> tuple[Any, Any, str]:
    """A round over the whole country at its meeting, its secretariat, a viewer's session key."""
    from django.core.management import call_command

    from benchmarks import world as worlds
    from samspil.coordination.domain.meetings import begin_meeting
    from samspil.coordination.enums import RoundStatus
    from samspil.coordination.models import Round

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    round = worlds.country()
    Round.objects.filter(pk=round.pk).update(status=RoundStatus.MEETING)
    begin_meeting(actor=worlds.SYSTEM, now=worlds.NOW, round=round)
    person = worlds.secretary(round.network)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return round, person, measure.session_cookie(person)


def figures(folder: Path, count: int) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Rows of the table (what, measured, how) and notes under it."""
    from django.urls import reverse
    from django.utils import timezone

    from benchmarks.world import SYSTEM
    from samspil.coordination.domain import meeting_queries, meetings
    from samspil.coordination.interfaces import meeting_live

    round, _person, cookie = world()
    session = cookie.partition("=")[2]
    path = reverse("coordination:meeting_now", args=[round.pk])
    ticket = meeting_live.make_pass(round, "da", session, at=time.time() + 3600)
    by_pass = (f"{path}?pas={ticket}", cookie)
    by_session = (path, cookie)
    every = meeting_live.ASK_EVERY_MS / 1000
    rows: list[tuple[str, str, str]] = []
    with measure.server() as server:
        # each process has rendered it once before anything is measured
        for _ in range(40):
            seen(start_viewers(server.port, [by_session], every=0.01, seconds=0.1))
        pids = server.workers()

        def run(label: str, viewers: list[tuple[str, str]], seconds: float) -> None:
            before = cpu_seconds(pids)
            answer = seen(start_viewers(server.port, viewers, every=0.0, seconds=seconds))
            used = cpu_seconds(pids) - before
            n = sum(answer["statuses"].values())
            took = [t * 1000 for t in answer["took"]]
            rows.append(
                (
                    label,
                    f"{1000 * used / n:.2f} ms CPU, {n / seconds:,.0f}/s",
                    f"{len(viewers)} connections as fast as they are answered, {n:,} answers, "
                    f"median {measure.median(took):.1f} ms, p95 {measure.percentile(took, 0.95):.1f} ms",
                )
            )

        run("Unchanged (304) by a pass", [by_pass] * 32, 10)
        run("Unchanged (304) through session, person and roles", [by_session] * 8, 10)
        watch = reverse("coordination:watch_meeting", args=[round.pk])
        run("Opening the page", [(watch, cookie)] * 8, 10)

        # the room: everybody asks every 1.5 s, and something is decided every four seconds
        gaps = [gap.row_id for gap in meeting_queries.gaps_in_order(round)]
        watching = start_viewers(
            server.port, [by_pass] * count, every=every, seconds=SECONDS, warm=6
        )
        time.sleep(8)
        meeting = meeting_queries.newest_meeting(round)
        assert meeting is not None
        decided: list[float] = []
        rendered: list[float] = []
        before_web = cpu_seconds(pids)
        before_db = {pid: cpu_seconds([pid]) for pid in postgres_pids(folder)}
        began = time.monotonic()
        for index in range(int((SECONDS - 8) / BETWEEN)):
            meetings.show_gap(
                actor=SYSTEM, now=timezone.now(), meeting=meeting, row_id=gaps[-1 - index]
            )
            decided.append(time.time())
            start = time.process_time()
            meeting_live.latest(round, "da", surely=True)
            rendered.append((time.process_time() - start) * 1000)
            time.sleep(BETWEEN - (time.time() - decided[-1]))
        span = time.monotonic() - began
        web = cpu_seconds(pids) - before_web
        database = gone_on(before_db, postgres_pids(folder))
        answer = seen(watching)
    reached: list[float] = []
    missed = 0
    arrivals: dict[int, list[float]] = {}
    for at, viewer in answer["changes"]:
        arrivals.setdefault(viewer, []).append(at)
    for index, at in enumerate(decided):
        until = decided[index + 1] if index + 1 < len(decided) else at + BETWEEN
        for viewer in range(count):
            times = [t for t in arrivals.get(viewer, []) if at <= t < until]
            if times:
                reached.append(times[0] - at)
            else:
                missed += 1
    n = sum(answer["statuses"].values())
    took = [t * 1000 for t in answer["took"]]
    within = sum(t <= 2 for t in reached) / (len(reached) + missed)
    rows += [
        (
            f"{count:,} viewers, each every {every:.1f} s".replace(".", "."),
            f"{n / SECONDS:,.0f} answers/s",
            f"{n:,} answers, median {measure.median(took):.1f} ms, "
            f"p95 {measure.percentile(took, 0.95):.0f} ms; {answer['dropped']} connections dropped; "
            f"statuses {', '.join(f'{v:,} × {k}' for k, v in sorted(answer['statuses'].items()))}",
        ),
        (
            "A decision at the viewer, median",
            f"{measure.median(reached):.2f} s",
            f"{len(decided)} decisions × {count:,} viewers, from commit to the last byte",
        ),
        (
            "A decision at the viewer, p95",
            f"{measure.percentile(reached, 0.95):.2f} s",
            f"p99 {measure.percentile(reached, 0.99):.2f} s, longest {max(reached):.2f} s; "
            f"{within:.2%} within 2 s; {missed} not before the next decision",
        ),
        (
            "The web processes meanwhile",
            f"{web / span:.2f} cores",
            f"two gunicorn processes of four threads; {span:.0f} s",
        ),
        (
            "What all see, rendered once",
            f"{measure.median(rendered):.0f} ms CPU",
            f"once per decision, process and language; {len(gaps)} gaps",
        ),
        (
            "The viewers' own process late, p95",
            f"{1000 * measure.percentile(answer['late'], 0.95):.0f} ms",
            "between when a viewer wanted to ask and when it did: counted above as the server's",
        ),
        ("The database meanwhile", f"{database / span:.3f} cores", "PostgreSQL, all its processes"),
    ]
    pass_ms = float(rows[0][1].split(" ", 1)[0])
    notes = [
        f"By CPU alone, 2 cores would answer {2000 / pass_ms:,.0f} unchanged polls a second; that "
        "is reckoned from the first row, not measured. The viewers' own process ran on the same cores.",
        "A viewer's pass is renewed after two and a half to five minutes through session, person "
        "and roles. TLS and a proxy in front are not in these figures.",
    ]
    return rows, notes


def write(rows: list[tuple[str, str, str]], notes: list[str], note: str) -> None:
    """Put the section in the place of the one that is there, or at the end."""
    page = ROOT / "docs" / "benchmarks.md"
    text = page.read_text(encoding="utf-8")
    lines = [
        HEADING,
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python benchmarks/meeting.py`: "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, gunicorn 2 × 4, PostgreSQL. "
        f"{note} Written by the run; do not edit.",
        "",
        "| what | measured | how |",
        "|---|---:|---|",
        *(f"| {what} | {measured} | {how} |" for what, measured, how in rows),
        "",
        *notes,
        "",
    ]
    start = text.find(HEADING)
    rest = ""
    if start >= 0:
        following = text.find("\n## ", start + 1)
        rest = text[following + 1 :] if following >= 0 else ""
        text = text[:start]
    section = "\n".join(lines)
    page.write_text(
        f"{text.rstrip()}\n\n{section}" + (f"\n{rest}" if rest else ""), encoding="utf-8"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=VIEWERS)
    parser.add_argument("--no-table", action="store_true")
    parser.add_argument("--note", default="", help="a sentence on how it was run")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="samspil-bench-"))
    os.chmod(folder, 0o711)
    os.environ["SAMSPIL_BENCH_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    from tests.support.postgres import Cluster

    cluster = Cluster(folder / "cluster")
    try:
        cluster.start()
        import django

        django.setup()
        from django.core.management import call_command

        call_command("collectstatic", verbosity=0, interactive=False)
        rows, notes = figures(folder, options.viewers)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    for row in rows:
        print(" | ".join(row))
    print("\n".join(notes))
    if not options.no_table:
        write(rows, notes, options.note)
    return 0


if __name__ == "__main__":
    sys.exit(main())
