"""How well and how fast courses are found: writes docs/studies/search.md.

    python -m benchmarks.studies.search

The catalogue is the example's (350 constructed titles and 32 real ones). What each query should find was
judged by hand, by what a title is about, and written down as a pattern with its exceptions: the
patterns know nothing of the search.
"""

from __future__ import annotations

import csv
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspil.config.settings.test")

import django  # noqa: E402

django.setup()

from samspil.catalogue.domain import words  # noqa: E402
from samspil.catalogue.domain.search import Index, Title  # noqa: E402
from samspil.web.example.generator import COUNTRY, generate  # noqa: E402

# Query: what is right, and what only looks right.
QUERIES: dict[str, tuple[str, str]] = {
    "truck": ("truck", ""),
    "svejs": ("svejs", ""),
    "hygiejne": ("hygiejne", ""),
    "kran": (r"kran\b", ""),
    "robot": ("robot", ""),
    "stillads": ("stillads", ""),
    "kloak": ("kloak", ""),
    "rengøring": ("rengøring", ""),
    "maskine": ("maskin", ""),
    "demens": ("demens", ""),
    "beton": ("beton", ""),
    "mur": ("mur", ""),
    "bus": (r"bus\b|bussen|bustrailer", "seriel"),
    "gulve": ("gulv", ""),
    "træer": (r"træer|træpleje", ""),
    "børn": ("børn", ""),
    "ældre": (r"\bældre\b", "huse"),
    "chauffør": ("chauffør", ""),
    "brand": ("brand", ""),
    "vand": (r"vand", ""),
}
MISSPELT = {
    "trukc": "truck",
    "svesning": "svejsning",
    "hygejne": "hygiejne",
    "stilads": "stillads",
    "renggøring": "rengøring",
    "demns": "demens",
    "gaffeltrug": "gaffeltruck",
    "rehabilitring": "rehabilitering",
}
ROUNDS = 30


def _titles() -> list[str]:
    found = []
    for path, name in (
        (ROOT / "src/samspil/web/example/courses.csv", "title"),
        (ROOT / "data/amu.csv", "title"),
    ):
        with path.open(encoding="utf-8", newline="") as file:
            found += [row[name] for row in csv.DictReader(file)]
    return found


def _index(titles: list[str], known: set[str] | None = None) -> Index:
    return Index((Title(i, str(10_000 + i), title) for i, title in enumerate(titles)), known)


def _by_words(titles: list[str]) -> Callable[[str], list[int]]:
    """The beginning of a word, as written."""
    return lambda query: [
        i for i, t in enumerate(titles) if any(w.startswith(query) for w in words.words(t))
    ]


def _anywhere(titles: list[str]) -> Callable[[str], list[int]]:
    return lambda query: [i for i, title in enumerate(titles) if query in title.lower()]


def main() -> None:
    titles = _titles()
    right = {
        query: {
            i
            for i, title in enumerate(titles)
            if re.search(yes, title.lower()) and not (no and re.search(no, title.lower()))
        }
        for query, (yes, no) in QUERIES.items()
    }
    own_words = {
        w for title in titles for w in words.words(title)
        if 4 <= len(w) <= 9 and w not in words.LITTLE_WORDS
    }  # fmt: skip
    whole, bare = _index(titles), _index(titles, own_words)
    methods: list[tuple[str, Callable[[str], list[int]]]] = [
        ("beginning of a word", _by_words(titles)),
        ("anywhere in the title, as written", _anywhere(titles)),
        ("ours, parts known from the titles alone", lambda q: list(bare.find(q).ids)),
        ("**ours**", lambda q: list(whole.find(q).ids)),
    ]
    lines = [
        "| method | recall | precision | first hit is right | misspelt found | finds nothing for |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, find in methods:
        recall, precision, first, nothing = [], [], 0, []
        for query, wanted in right.items():
            found = find(query)
            recall.append(len(wanted & set(found)) / len(wanted))
            if found:
                precision.append(len(wanted & set(found)) / len(found))
                first += found[0] in wanted
            if not wanted & set(found):
                nothing.append(query)
        spelt = sum(
            bool(found) and meant in titles[found[0]].lower()
            for query, meant in MISSPELT.items()
            if (found := find(query)) is not None
        )
        lines.append(
            f"| {name} | {statistics.mean(recall):.2f} | {statistics.mean(precision):.2f} "
            f"| {first}/{len(right)} | {spelt}/{len(MISSPELT)} | {', '.join(nothing) or '–'} |"
        )
    missed = [
        f"- {query}: lacks {len(wanted - found)} of {len(wanted)}, {len(found - wanted)} too many"
        + (f" ({'; '.join(titles[i] for i in sorted(wanted ^ found))})")
        for query, wanted in right.items()
        if (found := set(whole.find(query).ids)) != wanted
    ]
    _write(len(titles), lines, missed, _times(titles))


def _times(titles: list[str]) -> list[str]:
    many = [*titles, *(course.title for course in generate(2027, COUNTRY).courses)]
    start = time.process_time()
    index = _index(many)
    made = time.process_time() - start
    rows = []
    for name, queries in (("20 queries", list(QUERIES)), ("8 misspelt", list(MISSPELT))):
        taken = []
        for _ in range(ROUNDS):
            for query in queries:
                start = time.process_time()
                index.find(query)
                taken.append((time.process_time() - start) * 1000)
        taken.sort()
        rows.append(
            f"| {name}, {len(many):,} titles | {statistics.median(taken):.2f} "
            f"| {taken[int(len(taken) * 0.95)]:.2f} | {taken[-1]:.2f} |"
        )
    return [
        f"Making the index of {len(many):,} titles anew takes {made * 1000:.0f} ms of CPU; it happens in the first search after "
        "a course was changed.",
        "",
        "| search alone, ms of CPU | median | p95 | longest |",
        "|---|---:|---:|---:|",
        *rows,
    ]


def _write(count: int, quality: list[str], missed: list[str], times: list[str]) -> None:
    text = [
        "# Finding courses",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m benchmarks.studies.search`, Python "
        f"{platform.python_version()}. Written by the run; do not edit.",
        "",
        f"{count} titles (350 constructed, 32 real), {len(QUERIES)} Danish queries and {len(MISSPELT)} misspelt ones. What is "
        "right was judged by hand by what a title is about; the patterns stand in the script.",
        "",
        *quality,
        "",
        "The search knows some 250 words of the trades as parts of compounds (`words.TRADE_PARTS`), written for it and "
        "not taken from a dictionary. They were written by somebody who knew that people look for trucks and welding, so the line "
        "before is the careful figure.",
        "",
        "Where ours and the judgement differ:",
        "",
        *(missed or ["- nowhere"]),
        "",
        "## Time",
        "",
        *times,
        "",
        "A search asks the database for two numbers (has anything changed?) and then for the courses of the page.",
        "Pages with 3,000 courses and 100,000 runs on PostgreSQL: `make bench`, [benchmarks](../benchmarks.md).",
        "",
    ]
    path = ROOT / "docs" / "studies" / "search.md"
    path.write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


if __name__ == "__main__":
    main()
