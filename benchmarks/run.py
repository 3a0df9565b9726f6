"""Measure what the requirements put a number on. See `benchmarks/README.md`."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import measure  # noqa: E402
from benchmarks.measure import Figure  # noqa: E402

USERS, PAGES_EACH, THINK = 20, 20, 2.0
"""20 users, each asking for 20 pages, with two seconds on average to look at each."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which: " + ", ".join(BENCHES))
    parser.add_argument("--no-table", action="store_true", help="leave docs/benchmarks.md alone")
    parser.add_argument("--note", default="", help="a sentence for the table on how it was run")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    folder = Path(tempfile.mkdtemp(prefix="samspil-bench-"))
    os.chmod(folder, 0o711)
    os.environ["SAMSPIL_BENCH_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    from tests.support.postgres import Cluster

    cluster = Cluster(folder / "cluster")
    failed: list[str] = []
    try:
        cluster.start()
        figures = _measure(options.names or list(BENCHES), failed)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    for figure in figures:
        print(_line(figure))
    if failed:
        print(f"Not measured: {', '.join(failed)}")
        return 1
    if not options.no_table and not options.names:
        _write_table(figures, options.note)
    return 0


def _measure(names: list[str], failed: list[str]) -> list[Figure]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("collectstatic", verbosity=0, interactive=False)
    figures: list[Figure] = []
    for name in names:
        print(f"{name} …", flush=True)
        try:
            figures += BENCHES[name]()
        except Exception:  # noqa: BLE001  (the other figures are worth having)
            traceback.print_exc()
            failed.append(name)
    return figures


def _database(name: str) -> None:
    """Work on a database of its own from here on, made and migrated when it is new."""
    from django.core.management import call_command
    from django.db import connection

    if name in _databases:
        is_new = False
    else:
        _databases.add(name)
        is_new = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
            _shared["postgres"] = connection.connection.info.server_version // 10000
    connection.close()
    connection.settings_dict["NAME"] = name
    os.environ["SAMSPIL_BENCH_DB"] = name
    if is_new:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)


# ---------------------------------------------------------------- pages

_shared: dict[str, object] = {}
_databases: set[str] = set()


def _country() -> tuple[object, str]:
    """The round over the whole country and a cookie of its secretariat, made once a run."""
    _database("land")
    if "country" not in _shared:
        from benchmarks import world

        round = world.country()
        _shared["country"] = (round, measure.session_cookie(world.secretary(round.network)))
        _analyze()
    return _shared["country"]  # type: ignore[return-value]


def _analyze() -> None:
    """What autovacuum does in service; the throw-away cluster has it off."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _board_path(round: object) -> str:
    from django.urls import reverse

    return reverse("coordination:board", args=[round.pk, "8001"])  # type: ignore[attr-defined]


def board() -> list[Figure]:
    """The board of the largest FKB with 20 users, each over a connection of its own."""
    import http.client
    import random

    round, cookie = _country()
    path = _board_path(round)
    times: list[float] = []

    def user(number: int) -> None:
        rng = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for _ in range(PAGES_EACH):
            time.sleep(rng.expovariate(1 / THINK))
            taken, status, _bytes = measure.get(connection, path, cookie)
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
            times.append(taken)
        connection.close()

    log = Path(os.environ["SAMSPIL_BENCH_DIR"]) / "access.log"
    with measure.server(log=log) as server:
        threads = [threading.Thread(target=user, args=(n,)) for n in range(USERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    at_server = measure.server_times(log, path)
    if not len(times) == len(at_server) == USERS * PAGES_EACH:
        raise RuntimeError("Not every page was answered.")
    how = (
        f"{USERS} users with {THINK:.0f} s to look, {len(times)} pages, gunicorn 2 × 4; "
        f"at the client {measure.median(times):.0f} and {measure.percentile(times, 0.95):.0f} ms"
    )
    return [
        Figure("Board 40 × 15, median", measure.median(at_server), 60, "ms", how),
        Figure("Board 40 × 15, p95", measure.percentile(at_server, 0.95), 150, "ms", how),
    ]


def overview() -> list[Figure]:
    """The page of a round over the whole country."""
    import http.client

    from django.urls import reverse

    round, cookie = _country()
    path = reverse("coordination:round", args=[round.pk])  # type: ignore[attr-defined]
    with measure.server() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        times = []
        for _ in range(33):
            taken, status, _bytes = measure.get(connection, path, cookie)
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
            times.append(taken)
        connection.close()
    how = "134 FKBs, 90 schools, 3,000 courses; median of 30 pages after 3"
    return [Figure("Overview of the whole country", measure.median(times[3:]), 200, "ms", how)]


def process() -> list[Figure]:
    """A web process after it has served the board: memory, and time from start to answer."""
    import http.client

    round, cookie = _country()
    ready, sizes = [], []
    for _ in range(3):
        with measure.server(workers=1) as server:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            for _page in range(20):
                measure.get(connection, _board_path(round), cookie)
            connection.close()
            ready.append(server.ready)
            sizes += [measure.pss_mb(pid) for pid in server.workers()]
    worker = measure.worker_mb()
    return [
        Figure("Web process, memory", measure.median(sizes), 90, "MB", "PSS after 20 boards"),
        Figure("Worker process, memory", worker, 90, "MB", "PSS after 20 s with its queue"),
        Figure("Web process, ready", measure.median(ready), 2, "s", "start to first answer, of 3"),
    ]


def weight() -> list[Figure]:
    """Bytes over the wire in a real browser, with its cache from the first to the second visit."""
    from playwright.sync_api import sync_playwright

    round, cookie = _country()
    name, value = cookie.split("=", 1)
    with measure.server() as server, sync_playwright() as playwright:
        base = f"http://127.0.0.1:{server.port}"
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": value, "url": base}])
        sums = []
        for _visit in range(2):
            page = context.new_page()
            client = context.new_cdp_session(page)
            client.send("Network.enable")
            got: list[float] = []
            client.on(
                "Network.loadingFinished", lambda e, got=got: got.append(e["encodedDataLength"])
            )
            page.goto(base + _board_path(round), wait_until="networkidle")
            sums.append(sum(got) / 1000)
            page.close()
        browser.close()
    how = "board 40 × 15 in Chromium, bytes over the wire"
    return [
        Figure("Page weight, first visit", sums[0], 350, "kB", how),
        Figure("Page weight, next visit", sums[1], 40, "kB", how),
    ]


def queries() -> list[Figure]:
    """The board asks the database as often with many rows as with few."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    round, cookie = _country()
    name, value = cookie.split("=", 1)
    client = Client()
    client.cookies[name] = value
    small = (
        round.fkbs.annotate(n=_count("courses"))  # type: ignore[attr-defined]
        .order_by("n", "pk").first().fkb.number
    )  # fmt: skip
    counts = []
    for number in (small, "8001"):
        path = reverse("coordination:board", args=[round.pk, number])  # type: ignore[attr-defined]
        client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(path)
        counts.append(len(caught))
    return [
        Figure(
            "Queries of the board, many rows against few",
            counts[1],
            counts[0],
            "",
            f"FKB {small} against 8001",
        )
    ]


def _count(field: str) -> object:
    from django.db.models import Count

    return Count(field)


def public() -> list[Figure]:
    """The public site, the API and the search with 100,000 runs: what ``benchmarks/public.py`` measures."""
    from django.conf import settings

    from benchmarks import public as measured
    from benchmarks import world
    from samspil.runs.models import CourseRun

    _country()
    if not CourseRun.objects.exists():
        world.announced_runs(100_000)
        _analyze()
    allowed = settings.SAMSPIL_API_PER_MINUTE
    try:
        return measured.figures()
    finally:
        settings.SAMSPIL_API_PER_MINUTE = allowed


def runs() -> list[Figure]:
    """The pages of runs for those who keep them, over a country: a week, a month, those at risk, figures."""
    from datetime import timedelta

    from django.test import Client

    from benchmarks import world
    from samspil.kernel import clock
    from samspil.network.models import Person
    from samspil.runs.models import CourseRun, RunCount

    _country()
    if not CourseRun.objects.exists():
        world.announced_runs(100_000)
    if not RunCount.objects.exists():
        world.counted_runs()
    _analyze()
    client = Client(headers={"host": "localhost"})
    client.force_login(Person.objects.get(email="sekretariat@land.example"))
    day = (clock.today() + timedelta(days=30)).isoformat()

    def asked(path: str) -> None:
        response = client.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}")

    figures = []
    year = clock.today().year + 1  # half of the runs
    _happened(year)
    how = "100,000 runs of 3,000 courses; CPU of application and database, mean of 10 after 2"
    # 300 ms is asked of a week; the ceilings of the wider pages are our own.
    for what, path, limit in (
        ("Runs: a week of the country", f"/hold/kalender/?vis=uge&samarbejde=0&fra={day}", 300),
        ("Runs: those at risk, with curves", "/hold/risiko/?samarbejde=0", 300),
        ("Runs: a month of the country", f"/hold/kalender/?samarbejde=0&fra={day}", 1000),
        ("Runs: a year's figures by school", f"/hold/tal/?samarbejde=0&aar={year}", 300),
        (
            "Runs: a year's figures by branch group",
            f"/hold/tal/?samarbejde=0&aar={year}&efter=branche",
            300,
        ),
        (
            "Runs: a year's figures as a workbook",
            f"/hold/tal/tal.xlsx?samarbejde=0&aar={year}",
            600,
        ),
    ):
        measure.cpu_ms(lambda path=path: asked(path), 2)
        taken = measure.cpu_ms(lambda path=path: asked(path), 10)
        figures.append(Figure(what, taken, limit, "ms", how))
    return figures


def _happened(year: int) -> None:
    """Most runs of the year were held or cancelled, as a share of their number says."""
    from django.db.models import F
    from django.db.models.functions import Mod

    from samspil.runs.models import CourseRun

    rows = CourseRun.objects.filter(starts_on__year=year).annotate(rest=Mod(F("pk"), 10))
    rows.filter(rest__lt=6).update(status="held", taught=F("enrolled"))
    rows.filter(rest__gte=6, rest__lt=9).update(status="cancelled")


# ---------------------------------------------------------------- files


def returns() -> list[Figure]:
    """13 filled-in workbooks: judged, read, checked against the form, previews stored."""
    from benchmarks import world
    from samspil.coordination.domain.form_cycle import XLSX
    from samspil.coordination.domain.forms import form_snapshot
    from samspil.coordination.domain.returns import preview, receive_workbook
    from samspil.coordination.interfaces.form_reader import read_form
    from samspil.coordination.models import Form, Return
    from samspil.kernel.uploads import inspect

    _database("tretten")
    books = world.thirteen_workbooks()
    rows = sum(rows for _form, _content, rows in books)
    _analyze()

    def take() -> None:
        for form_id, content, _rows in books:
            form = Form.objects.select_related("organisation", "round__network").get(pk=form_id)
            info = inspect(content, "skema.xlsx", kinds={"xlsx", "ods", "csv"})
            snapshot = form_snapshot(form)
            ret = receive_workbook(
                actor=world.SYSTEM,
                now=world.NOW,
                form=form,
                name="skema.xlsx",
                content=content,
                content_type=XLSX,
                reading=read_form(content, info.kind, snapshot),
                snapshot=snapshot,
            )
            preview(ret)

    times = [measure.timed(take) for _ in range(3)]
    changed = sum(Return.objects.order_by("pk").values_list("changed", flat=True)[:13])
    how = f"{len(books)} workbooks, {rows} rows, {changed} answers; median of 3"
    return [Figure("Returned workbooks, previewed", measure.median(times), 5, "s", how)]


def follow_up() -> list[Figure]:
    """How agreements over the whole country are kept: the check of a night, and its pages."""
    from benchmarks import compliance

    _database("opfoelgning")
    return compliance.measured()


def catalogue() -> list[Figure]:
    """10,000 courses as a CSV list: half of them known, half new, over 134 FKBs."""
    from benchmarks import world
    from samspil.kernel.imports.actions import apply, upload

    _database("liste")
    content = world.course_list(10_000, known=5_000)
    _analyze()
    spec = "catalogue.courses"
    start = time.perf_counter()
    batch = upload(
        actor=world.SYSTEM, now=world.NOW, spec=spec, content=content, name="fagliste.csv"
    )
    previewed = time.perf_counter() - start
    applied = measure.timed(lambda: apply(actor=world.SYSTEM, now=world.NOW, batch=batch))
    batch.refresh_from_db()
    told = ", ".join(f"{n} {state}" for state, n in batch.counts.items() if n)
    return [
        Figure("Catalogue of 10,000 rows, previewed", previewed, 5, "s", told),
        Figure(
            "Catalogue of 10,000 rows, applied", applied, 10, "s", "with check anew and undo log"
        ),
    ]


def agreement() -> list[Figure]:
    """The agreement of an FKB so long that it fills 20 pages, from its row to the PDF's bytes."""
    import io

    from pypdf import PdfReader

    from benchmarks import world
    from samspil.coordination.interfaces.overview_pdf import agreement_pdf

    _database("aftale")
    made = world.long_agreement()
    rows = made.content["overview"]["rows"]
    titles = [row["title"] for row in rows]
    times = []
    for number in range(15):
        # typst remembers what it has set: every copy must differ in every row.
        for row, title in zip(rows, titles, strict=True):
            row["title"] = f"{title} {number}"
        start = time.perf_counter()
        content = agreement_pdf(made, signed=False)
        times.append(time.perf_counter() - start)
    pages = len(PdfReader(io.BytesIO(content)).pages)
    how = (
        f"{pages} pages, {len(content) // 1000} kB, PDF/UA-1; "
        f"median of 15, the first of the process {times[0]:.2f} s"
    )
    return [Figure("Agreement of 20 pages, written", measure.median(times), 0.5, "s", how)]


# ---------------------------------------------------------------- the table


def _line(figure: Figure) -> str:
    sign = "ok" if figure.holds else "OVER"
    return f"{figure.what:45} {_number(figure.value):>8} {figure.unit:3} limit {_number(figure.limit):>6}  {sign:4}  {figure.how}"


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 and value != int(value) else f"{value:.0f}"


def _write_table(figures: list[Figure], note: str) -> None:
    lines = [
        "# Benchmarks",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench`: {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, PostgreSQL {_shared['postgres']}. "
        f"{note} Written by the run; do not edit.".lstrip(),
        "",
        "| what | measured | limit | share of limit | how |",
        "|---|---:|---:|---:|---|",
    ]
    for f in figures:
        share = f"{f.value / f.limit:.0%}" if f.limit else "–"
        lines.append(
            f"| {f.what} | {_number(f.value)} {f.unit} | {_number(f.limit)} {f.unit} | {share} | {f.how} |"
        )
    lines += ["", "How each figure comes about stands in `benchmarks/README.md`.", ""]
    page = ROOT / "docs" / "benchmarks.md"
    page.parent.mkdir(exist_ok=True)
    # Sections below the table are written by other runs.
    _table, heading, others = (
        page.read_text(encoding="utf-8").partition("\n## ") if page.exists() else ("", "", "")
    )
    page.write_text("\n".join(lines) + heading + others, encoding="utf-8")


BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "process": process,
    "board": board,
    "overview": overview,
    "queries": queries,
    "public": public,
    "runs": runs,
    "weight": weight,
    "follow_up": follow_up,
    "returns": returns,
    "catalogue": catalogue,
    "agreement": agreement,
}

if __name__ == "__main__":
    sys.exit(main())
