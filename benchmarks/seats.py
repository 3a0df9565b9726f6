"""Sign-ups against the clock: how many a second, how long each takes, and a rush on few seats.

``python benchmarks/seats.py`` measures on a PostgreSQL of its own that keeps what it commits (fsync
on), through the real server (gunicorn 2 × 4), and writes the section 'Signing up' of
``docs/benchmarks.md``; the rest of that page is not touched. The clients run in a process of their own
on the same cores. Each sign-up is the whole POST of the form: CSRF, checks, seats under the run's
lock, people, jobs for the mail and the end of the time, the audit chain.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from benchmarks import measure  # noqa: E402
from benchmarks.meeting import cpu_seconds, gone_on, postgres_pids  # noqa: E402

HEADING = "## Signing up"
AT_ONCE, EACH, RUNS = 8, 75, 40
RUSH, RUSH_SEATS = 200, 20
QUEUE = 500


# ---------------------------------------------------------------- the clients, a process of their own


class Client:
    """Somebody at a browser: the form once for its cookie, then sign-ups on a kept connection."""

    def __init__(self, port: int, number: int, run: int) -> None:
        self.number = number
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", f"/tilmelding/{run}/")
        answer = self.connection.getresponse()
        answer.read()
        cookie = answer.headers.get_all("Set-Cookie", [])
        self.cookie = next(c.split(";")[0] for c in cookie if "csrftoken" in c)
        self.connection.close()  # opened again by the first sign-up, and its time counts

    def sign_up(self, run: int, n: int) -> tuple[float, int]:
        """Milliseconds and status of one sign-up."""
        body = urlencode(
            {
                "csrfmiddlewaretoken": self.cookie.split("=", 1)[1],
                "orderer": "private",
                "name": f"Måling {self.number}-{n}",
                "email": f"m{self.number}-{n}-{run}@example.test",
                "head_count": "1",
                "form_key": str(uuid.uuid4()),
            }
        )
        headers = {
            "Cookie": self.cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": f"10.{self.number % 250}.{n // 200}.{n % 200 + 1}",
        }
        start = time.perf_counter()
        self.connection.request("POST", f"/tilmelding/{run}/", body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return (time.perf_counter() - start) * 1000, answer.status


def drive(task: dict[str, int | list[int]]) -> dict[str, object]:
    """All clients begin together. Answers with times, statuses and the seconds it took in all."""
    port, count, each, runs = task["port"], task["clients"], task["each"], task["runs"]
    assert isinstance(port, int) and isinstance(count, int)
    assert isinstance(each, int) and isinstance(runs, list)
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda i: Client(port, i, runs[0]), range(count)))
    begin = threading.Barrier(count + 1)
    times: list[float] = []
    statuses: list[int] = []

    def work(client: Client) -> None:
        begin.wait()
        for n in range(each):
            taken, status = client.sign_up(runs[(client.number + n) % len(runs)], n)
            times.append(taken)
            statuses.append(status)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    begin.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    if len(times) != count * each:
        raise RuntimeError(f"only {len(times)} of {count * each} were answered")
    return {"seconds": time.perf_counter() - start, "times": times, "statuses": statuses}


def in_a_process(**task: object) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), "--drive", json.dumps(task)],
        check=True, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    found: dict[str, object] = json.loads(done.stdout)
    return found


# ---------------------------------------------------------------- what is measured


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drive", default="", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help="sign_ups, rush, moved_up; all when none is given")
    parser.add_argument("--no-table", action="store_true", help="leave docs/benchmarks.md alone")
    parser.add_argument("--note", default="", help="a sentence on how it was run")
    options = parser.parse_args()
    if options.drive:
        json.dump(drive(json.loads(options.drive)), sys.stdout)
        return 0
    folder = Path(tempfile.mkdtemp(prefix="samspil-bench-"))
    os.chmod(folder, 0o711)
    os.environ["SAMSPIL_BENCH_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    os.environ["SAMSPIL_PROXIES"] = "1"
    with contextlib.suppress(PermissionError):
        os.nice(-10)
    from tests.support import postgres

    postgres._OPTIONS |= {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    cluster = postgres.Cluster(folder / "cluster")
    try:
        cluster.start()
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        rows = []
        for measured in (sign_ups, rush, moved_up):
            if options.names and measured.__name__ not in options.names:
                continue
            rows += measured(folder)
            print(*rows, sep="\n", file=sys.stderr)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    text = table(rows, options.note)
    print(text)
    if not options.no_table and not options.names:
        write(text)
    return 0


Row = tuple[str, str, str, str]


def made_runs(count: int, capacity: int) -> list[int]:
    from samspil.kernel import clock
    from tests.factories import enrolments as make

    school, course = make.make_school(), make.make_course()
    return [
        make.make_open_run(school, course, now=clock.now(), in_days=40 + i, capacity=capacity).pk
        for i in range(count)
    ]


def sign_ups(folder: Path) -> list[Row]:
    """Eight at once, over many runs, and then all on one run."""
    found: list[Row] = []
    for what, runs in (
        ("spread over 40 runs", made_runs(RUNS, 30)),
        ("all on one run", made_runs(1, 30)),
    ):
        with measure.server() as server:
            in_a_process(port=server.port, clients=AT_ONCE, each=3, runs=made_runs(1, 30))
            pids = [server.pid, *server.workers()]
            before = {pid: cpu_seconds([pid]) for pid in pids}
            base = {pid: cpu_seconds([pid]) for pid in postgres_pids(folder)}
            result = in_a_process(port=server.port, clients=AT_ONCE, each=EACH, runs=runs)
            web = gone_on(before, pids)
            database = gone_on(base, postgres_pids(folder))
        times, statuses = result["times"], result["statuses"]
        assert isinstance(times, list) and isinstance(statuses, list)
        if set(statuses) != {302}:
            raise RuntimeError(f"not every sign-up was taken: {sorted(set(statuses))}")
        count, seconds = len(times), float(str(result["seconds"]))
        cpu = (web + database) * 1000 / count
        found += [
            (
                f"Sign-ups a second, {what}", f"{count / seconds:.0f}/s", "at least 60/s",
                f"{AT_ONCE} at once, {count} sign-ups; CPU {web * 1000 / count:.1f} ms web + {database * 1000 / count:.1f} ms database each: two cores alone would take {2000 / cpu:.0f}/s",
            ),
            (
                f"Answered in, p95, {what}", f"{measure.percentile(times, 0.95):.0f} ms", "200 ms",
                f"median {measure.median(times):.0f} ms, longest {max(times):.0f} ms",
            ),
        ]  # fmt: skip
    return found


def rush(_folder: Path) -> list[Row]:
    """Two hundred people press the button at the same moment for twenty seats."""
    from samspil.enrolment.models import Enrolment

    (run,) = made_runs(1, RUSH_SEATS)
    with measure.server() as server:
        in_a_process(port=server.port, clients=AT_ONCE, each=3, runs=made_runs(1, 30))
        result = in_a_process(port=server.port, clients=RUSH, each=1, runs=[run])
    times, statuses = result["times"], result["statuses"]
    assert isinstance(times, list) and isinstance(statuses, list)
    seated = Enrolment.objects.filter(run=run, status="reserved").count()
    waiting = Enrolment.objects.filter(run=run, status="waiting").count()
    if (seated, waiting, set(statuses)) != (RUSH_SEATS, RUSH - RUSH_SEATS, {302}):
        raise RuntimeError(f"{seated} seats, {waiting} waiting, {sorted(set(statuses))}")
    return [
        (
            f"{RUSH} at once on {RUSH_SEATS} seats, p95",
            f"{measure.percentile(times, 0.95) / 1000:.2f} s", "2 s",
            f"{seated} got a seat, {waiting} a place in the queue; median {measure.median(times) / 1000:.2f} s, longest {max(times) / 1000:.2f} s",
        )
    ]  # fmt: skip


def moved_up(_folder: Path) -> list[Row]:
    """Five hundred people move up from a waiting list at once, each with history, audit and mail."""
    from samspil.enrolment.domain import capacity, tokens
    from samspil.enrolment.models import Enrolment, SignUp
    from samspil.kernel import clock
    from samspil.kernel.actor import Actor
    from samspil.kernel.models import AuditEvent, MailMessage, StatusChange
    from samspil.runs.models import CourseRun
    from tests.factories import enrolments as make

    taken, cpu = [], []
    for _ in range(5):
        (run,) = made_runs(1, 1)
        row = CourseRun.objects.get(pk=run)
        start = clock.now()
        make.sign_up(row, now=start)
        links = [tokens.new_link() for _ in range(QUEUE)]
        orders = SignUp.objects.bulk_create(
            SignUp(
                run=row, school_id=row.organisation_id, contact_name=f"Måling {i}",
                contact_email=f"q{run}-{i}@example.test", status="confirmed", token_nonce=nonce,
                token_hash=hashed, created_at=start + timedelta(seconds=i),
            )
            for i, (nonce, hashed) in enumerate(links)
        )  # fmt: skip
        Enrolment.objects.bulk_create(
            Enrolment(
                sign_up=one, run=row, origin_id=row.organisation_id, status="waiting",
                queued_at=one.created_at,
            )
            for one in orders
        )  # fmt: skip
        CourseRun.objects.filter(pk=run).update(capacity=QUEUE + 1)
        before = (
            AuditEvent.objects.count(), MailMessage.objects.count(), StatusChange.objects.count(),
        )  # fmt: skip
        begun = time.perf_counter()
        spent = time.process_time()
        moved = capacity.fill_run(actor=Actor.system("benchmark"), now=clock.now(), run_id=run)
        taken.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - spent)
        after = (
            AuditEvent.objects.count(), MailMessage.objects.count(), StatusChange.objects.count(),
        )  # fmt: skip
        grown = [b - a for a, b in zip(before, after, strict=True)]
        seated = Enrolment.objects.filter(run=run, status="enrolled").count()
        if (moved, seated, grown) != (QUEUE, QUEUE + 1, [QUEUE] * 3):
            raise RuntimeError(f"{moved} moved, {seated} seated, {grown}")
    return [
        (
            f"{QUEUE} moved up from a waiting list", f"{measure.median(taken):.2f} s", "0.5 s",
            f"one transaction with {QUEUE} audit events, mails and status rows; median of {len(taken)}, longest {max(taken):.2f} s; CPU of the process {measure.median(cpu):.2f} s",
        )
    ]  # fmt: skip


# ---------------------------------------------------------------- the table


def table(rows: list[Row], note: str) -> str:
    load = os.getloadavg()[0]
    lines = [
        HEADING, "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python benchmarks/seats.py`: {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, gunicorn 2 × 4, PostgreSQL with fsync. "
        f"Load average at the end {load:.1f}.{' ' + note if note else ''}",
        "", "| what | measured | limit | how |", "|---|---:|---:|---|",
        *(f"| {a} | {b} | {c} | {d} |" for a, b, c, d in rows),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def write(text: str) -> None:
    path = ROOT / "docs" / "benchmarks.md"
    page = path.read_text(encoding="utf-8")
    head, found, rest = page.partition(HEADING)
    after = rest.partition("\n## ")
    tail = f"\n## {after[2]}" if found and after[1] else ""
    path.write_text(head.rstrip() + "\n\n" + text + tail, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
