"""Measure the public site, the API and the search with 3,000 courses and 100,000 runs on PostgreSQL.

    python benchmarks/public.py

CPU of application and database per request, as in `docs/benchmarks.md`; in the same round a bare Django
view with one indexed query, so that figures from a busy or another machine can be compared by their ratio.
Writes its own section of `docs/benchmarks.md`.
"""

from __future__ import annotations

import itertools
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import measure  # noqa: E402
from benchmarks.measure import Figure  # noqa: E402

HEADING = "## The public site, the API and the search"
ROUNDS = 20
"""Many short rounds: on a machine that does other things too, some of them are nearly undisturbed."""


def main() -> None:
    folder = Path(os.environ.get("SAMSPIL_BENCH_DIR") or tempfile.mkdtemp(prefix="samspil-bench-"))
    kept = "SAMSPIL_BENCH_DIR" in os.environ  # a cluster that somebody else has started and filled
    os.chmod(folder, 0o711)
    os.environ["SAMSPIL_BENCH_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    from tests.support.postgres import Cluster

    cluster = None if kept else Cluster(folder / "cluster")
    try:
        if cluster is not None:
            cluster.start()
        import django
        from django.core.management import call_command

        django.setup()
        call_command("collectstatic", verbosity=0, interactive=False)
        if cluster is not None:
            from benchmarks import run, world

            run._country()
            world.announced_runs(100_000)
            run._analyze()
        measured = figures()
    finally:
        if cluster is not None:
            cluster.stop()
            shutil.rmtree(folder, ignore_errors=True)
    _write(measured)


def _least(work: Callable[[], object], requests: int) -> float:
    """Other work on the machine only ever adds to a figure, so the least of the rounds is the nearest."""
    measure.cpu_ms(work, 5)
    return min(measure.cpu_ms(work, requests) for _ in range(ROUNDS))


def figures() -> list[Figure]:
    """Every figure of the public site, on the database that is open: the bare view first."""
    from django.conf import settings
    from django.test import Client, override_settings

    from samspil.catalogue.models import Course
    from samspil.kernel import kept

    settings.SAMSPIL_API_PER_MINUTE = 10**9
    number = Course.objects.filter(is_archived=False).order_by("pk")[100].number
    client = Client(headers={"host": "localhost"})

    def asked(path: str, status: int = 200, etag: str = "") -> str:
        response = client.get(path, headers={"If-None-Match": etag} if etag else {})
        if response.status_code != status:
            raise RuntimeError(f"{path} answered {response.status_code}")
        return str(response.headers.get("ETag", ""))

    def anew(path: str) -> Callable[[], object]:
        # Another address each time, so that no answer is one that was kept.
        paths = (f"{path}{'&' if '?' in path else '?'}n={n}" for n in itertools.count())
        return lambda: asked(next(paths))

    with override_settings(ROOT_URLCONF="benchmarks.bare", MIDDLEWARE=[]):
        other = Client(headers={"host": "localhost"})
        bare = _least(lambda: other.get(f"/{number}"), 25)
    found = [Figure("Bare Django view, one indexed query", bare, 0, "ms", "no middleware")]
    for what, path, limit in (
        ("List of courses", "/kurser/", 20),
        ("Search, a word", "/kurser/?q=svejs", 20),
        ("Search, misspelt, region, seats", "/kurser/?q=svesning&sted=1084&ledige=1", 20),
        ("List of a region", "/kurser/?sted=1084", 20),
        ("Page of a course", f"/kurser/{number}/", 10),
        ("API, 50 courses", "/api/v1/courses?limit=50", 6.5),
        ("API, 50 runs", "/api/v1/runs?limit=50", 6.5),
        ("API, 50 runs of a region", "/api/v1/runs?limit=50&place=1084", 6.5),
        ("API, runs of a place that has none", "/api/v1/runs?limit=50&place=0825", 6.5),
    ):
        found.append(Figure(what, _least(anew(path), 5), limit, "ms", "written freshly"))

    def after_a_change() -> None:
        kept._VALUES.clear()
        kept._ANSWERS.clear()
        asked("/kurser/?sted=1084")

    taken = _least(after_a_change, 2)
    found.append(Figure("List of a region, first after a change", taken, 0, "ms", "once a change"))
    for what, path in (("List of courses", "/kurser/"), ("API, 50 runs", "/api/v1/runs?limit=50")):
        etag = asked(path)
        taken = _least(lambda path=path: asked(path), 25)
        found.append(Figure(f"{what}, kept", taken, 1.5, "ms", "written before"))
        taken = _least(lambda path=path, etag=etag: asked(path, 304, etag), 25)
        found.append(Figure(f"{what}, not changed", taken, 1.5, "ms", "304"))
    return [*found, *_search()]


def _search() -> list[Figure]:
    """Every query of the search study, and the misspelt ones, with the 20 courses and their next runs."""
    from benchmarks.studies import search
    from samspil.kernel import clock
    from samspil.web.domain import courses

    today = clock.today()
    courses.find_courses(courses.Wish("gulv"), today=today)
    taken = []
    for text in (*search.QUERIES, *search.MISSPELT):
        wish = courses.Wish(text)
        taken.append(
            min(
                measure.cpu_ms(lambda wish=wish: courses.find_courses(wish, today=today), 2)
                for _ in range(ROUNDS // 2)
            )
        )
    how = f"{len(taken)} queries, each with 20 courses and their next runs, nothing kept"
    return [
        Figure("Search, median", measure.median(taken), 25, "ms", how),
        Figure("Search, p95", measure.percentile(taken, 0.95), 25, "ms", how),
    ]


def _write(measured: list[Figure]) -> None:
    bare = measured[0].value
    load = os.getloadavg()[0]
    lines = [
        HEADING,
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python benchmarks/public.py`: {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, PostgreSQL, 3,000 courses, 100,000 runs. CPU of application and "
        f"database per request, the least mean of {ROUNDS} rounds; the load average at the end was {load:.0f}. "
        "Written by the run; do not edit.",
        "",
        "| what | measured | times the bare view | limit | how |",
        "|---|---:|---:|---:|---|",
    ]
    for figure in measured:
        limit = f"{figure.limit:g} ms" if figure.limit else "–"
        lines.append(
            f"| {figure.what} | {figure.value:.2f} ms | {figure.value / bare:.1f} | {limit} | {figure.how} |"
        )
        print(lines[-1])
    page = ROOT / "docs" / "benchmarks.md"
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(f"\n{HEADING}\n")
    _old, more, others = rest.partition("\n## ")
    after = f"\n## {others}" if found and more else "\n"
    page.write_text(
        before.rstrip() + "\n\n" + "\n".join(lines) + "\n" + after.rstrip() + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
