"""A catalogue as plain rows: what the example and the generator both make.

Nothing here knows the database. `example_catalogue()` reads the real public lists in `data/` and
the constructed lists beside this file; `generator.generate()` makes the same shape at any size.
`seed.load()` is the only door from these rows into the tables.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path

from samspil.web.example.sources import CONSTRUCTED_SOURCE, source_words

HERE = Path(__file__).resolve().parent
REAL_DATA = HERE.parents[3] / "data"

CORE, LINKED, COMMON = "core", "linked", "common"
MEMBER, INVITED = "member", "invited"

# What stands as evidence of everything that was made up for the example.
CONSTRUCTED = "constructed"

# ESØ's own eight groups, in the order of the terms of reference (R16).
BRANCH_GROUPS: tuple[tuple[str, str], ...] = (
    ("transport", "Transport"),
    ("byg", "Bygge- og anlæg"),
    ("industri", "Industri"),
    ("hakl", "HAKL"),
    ("levnedsmiddel", "Levnedsmiddel"),
    ("service", "Service"),
    ("landbrug", "Landbrug og gartneri"),
    ("sosu", "SOSU"),
)
BRANCH_KEYS = {name: key for key, name in BRANCH_GROUPS}

VALID_FROM = date(2020, 1, 1)
ACTIVITY_YEARS = (2024, 2025)


@dataclass(frozen=True)
class SchoolRow:
    """A school; `key` is ours, coordinates are WGS84 degrees."""

    key: str
    name: str
    short_name: str
    aliases: tuple[str, ...]
    kind: str
    municipality_code: str
    street: str
    postcode: str
    city: str
    lat: float | None
    lon: float | None
    institution_number: str
    website: str
    constructed: bool


@dataclass(frozen=True)
class FkbRow:
    """A joint competence description (R1), with validity and predecessors (R7)."""

    number: str
    title: str
    branch_group: str
    committee: str
    valid_from: date
    valid_to: date | None
    predecessors: tuple[str, ...]
    constructed: bool
    source: str = CONSTRUCTED_SOURCE


@dataclass(frozen=True)
class CourseRow:
    """An AMU course; `days` is None where the source does not say (R10)."""

    number: str
    title: str
    days: Decimal | None
    level: str
    valid_from: date
    valid_to: date | None
    archived_reason: str
    successor: str
    constructed: bool
    source: str = CONSTRUCTED_SOURCE


@dataclass(frozen=True)
class RelationRow:
    """How a course belongs to an FKB: core, linked or common (R3)."""

    fkb: str
    course: str
    kind: str


@dataclass(frozen=True)
class ApprovalRow:
    """A school approved for an FKB, and how well that is known (R43)."""

    school: str
    fkb: str
    valid_from: date
    evidence: str
    source: str


@dataclass(frozen=True)
class ActivityRow:
    """Learners and runs of a school on a course in a calendar year (R33)."""

    course: str
    school: str
    year: int
    learners: int
    runs: int


@dataclass(frozen=True)
class RunRow:
    """One announced run. Only written to CSV: the catalogue counts runs per school and year."""

    course: str
    school: str
    starts_on: date
    ends_on: date
    seats: int
    enrolled: int
    guarantee: bool


Row = SchoolRow | FkbRow | CourseRow | RelationRow | ApprovalRow | ActivityRow | RunRow


@dataclass(frozen=True)
class Catalogue:
    """Everything together, in an order that only the seed decides."""

    schools: tuple[SchoolRow, ...]
    fkbs: tuple[FkbRow, ...]
    courses: tuple[CourseRow, ...]
    relations: tuple[RelationRow, ...]
    approvals: tuple[ApprovalRow, ...]
    activity: tuple[ActivityRow, ...]
    runs: tuple[RunRow, ...] = ()

    def write_csv(self, folder: Path) -> list[Path]:
        """Write one CSV file per kind of row that there is any of. Returns the files."""
        folder.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        for field in fields(self):
            rows: tuple[Row, ...] = getattr(self, field.name)
            if not rows:
                continue
            path = folder / f"{field.name}.csv"
            with path.open("w", encoding="utf-8", newline="") as handle:
                writer = csv.writer(handle, lineterminator="\n")
                writer.writerow(f.name for f in fields(rows[0]))
                for row in rows:
                    writer.writerow(_text(value) for value in asdict(row).values())
            written.append(path)
        return written


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "ja" if value else "nej"
        case tuple():
            return ";".join(str(part) for part in value)
        case _:
            return str(value)


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a UTF-8 CSV file as dictionaries."""
    with path.open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _float(text: str) -> float | None:
    return float(text) if text else None


def real_schools() -> tuple[SchoolRow, ...]:
    """The schools of `data/schools.csv`, with the short names and spellings that lists use."""
    extra = {row["key"]: row for row in read_csv(HERE / "school_names.csv")}
    schools = []
    for row in read_csv(REAL_DATA / "schools.csv"):
        more = extra.get(row["key"], {"short_name": "", "list_spellings": ""})
        aliases = [a for a in row["alias"].split(";") if a]
        aliases += [a for a in more["list_spellings"].split(";") if a and a not in aliases]
        name = row["name"].split(" - UddannelsesCenter")[0]
        if name != row["name"]:
            aliases.append(row["name"])  # as the national search writes it
        schools.append(
            SchoolRow(
                key=row["key"],
                name=name,
                short_name=more["short_name"] or row["name"].split(" - ")[0],
                aliases=tuple(aliases),
                kind="school",
                municipality_code=row["municipality_code"],
                street=row["street"],
                postcode=row["postcode"],
                city=row["city"],
                lat=_float(row["lat"]),
                lon=_float(row["lon"]),
                institution_number=row["institution_number"],
                website=row["website"],
                constructed=False,
            )
        )
    return tuple(schools)


def network_members() -> dict[str, list[tuple[str, str]]]:
    """Network key → (school key, member or invited). Three SOSU schools are guests in ESØ."""
    members: dict[str, list[tuple[str, str]]] = {"eso": [], "sosu": []}
    for row in read_csv(REAL_DATA / "schools.csv"):
        networks = row["networks"].split(";")
        if "ESO" in networks:
            members["eso"].append((row["key"], MEMBER))
        if "SOSU" in networks:
            members["sosu"].append((row["key"], MEMBER))
    members["eso"] += [(key, INVITED) for key in ("sosu-herning", "sosu-stv", "sosu-fvh")]
    return members


def _real_fkbs() -> list[FkbRow]:
    rows = []
    closed = {"2692": date(2009, 12, 31), "2778": date(2014, 12, 31)}
    for row in read_csv(REAL_DATA / "fkb.csv"):
        if row["fkb"] not in closed:
            continue
        rows.append(
            FkbRow(
                number=row["fkb"],
                title=row["title"],
                branch_group=BRANCH_KEYS[row["branch_group"]],
                committee=row["efteruddannelsesudvalg"].split(" (now")[0],
                valid_from=date(2005, 1, 1),
                valid_to=closed[row["fkb"]],
                predecessors=(),
                constructed=False,
                source=source_words(row["source"], row["year"]),
            )
        )
    return rows


def _example_fkbs() -> list[FkbRow]:
    # 2222 came when 2692 was split, and 2257 took over from 2778 (EPOS 2009, ERA 2014).
    predecessors = {"2222": ("2692",), "2257": ("2778",)}
    sources = {
        row["fkb"]: source_words(row["source"], row["year"])
        for row in read_csv(REAL_DATA / "fkb.csv")
    }
    return [
        FkbRow(
            number=row["number"],
            title=row["title"],
            branch_group=BRANCH_KEYS[row["branch_group"]],
            committee=row["committee"],
            valid_from=VALID_FROM,
            valid_to=None,
            predecessors=predecessors.get(row["number"], ()),
            constructed=row["constructed"] == "ja",
            source=CONSTRUCTED_SOURCE if row["constructed"] == "ja" else sources[row["number"]],
        )
        for row in read_csv(HERE / "fkbs.csv")
    ]


def _real_courses() -> tuple[list[CourseRow], list[RelationRow]]:
    """The AMU courses of `data/amu.csv`. The source has no relation kind: core is assumed."""
    courses, relations = [], []
    for row in read_csv(REAL_DATA / "amu.csv"):
        successor = "21078" if row["amu"] == "48307" else ""
        courses.append(
            CourseRow(
                number=row["amu"],
                title=row["title"],
                days=_decimal(row["duration_days"]),
                level=row["level"],
                valid_from=VALID_FROM,
                valid_to=date(2023, 12, 31) if successor else None,
                archived_reason="",
                successor=successor,
                constructed=False,
                source=source_words(row["source"], row["year"]),
            )
        )
        if row["fkb"] and not successor:
            relations.append(RelationRow(row["fkb"], row["amu"], CORE))
    return courses, relations


def example_catalogue(seed: int = 2027) -> Catalogue:
    """Real schools, FKBs and courses, and the constructed catalogue around them.

    Parameters
        seed: of the constructed activity; the same seed gives the same numbers.
    Returns a catalogue of 33 FKBs in force and 2 closed, 349 constructed and 32 real courses.
    """
    real_courses, real_relations = _real_courses()
    courses = real_courses + [
        CourseRow(
            number=row["number"],
            title=row["title"],
            days=_decimal(row["days"]),
            level=row["level"],
            valid_from=VALID_FROM,
            valid_to=None,
            archived_reason=row["archived_reason"],
            successor="",
            constructed=True,
        )
        for row in read_csv(HERE / "courses.csv")
    ]
    relations = real_relations + [
        RelationRow(row["fkb"], row["course"], row["kind"])
        for row in read_csv(HERE / "relations.csv")
    ]
    approvals = _example_approvals()
    return Catalogue(
        schools=real_schools(),
        fkbs=tuple(_real_fkbs() + _example_fkbs()),
        courses=tuple(courses),
        relations=tuple(relations),
        approvals=tuple(approvals),
        activity=tuple(_example_activity(courses, relations, approvals, seed)),
    )


def _example_approvals() -> list[ApprovalRow]:
    """Constructed approvals, except where `data/approvals.csv` knows one: that evidence wins."""
    known = {
        (row["school_key"], row["fkb"]): (
            row["evidence"].split()[0].strip(":"),
            source_words(row["source"], row["year"]),
        )
        for row in read_csv(REAL_DATA / "approvals.csv")
        if row["scope"] == "fkb" and row["fkb"] and row["school_key"]
    }
    rows = []
    for row in read_csv(HERE / "approvals.csv"):
        evidence, source = known.get((row["school"], row["fkb"]), (CONSTRUCTED, CONSTRUCTED_SOURCE))
        # The last round was decided in September 2019 and holds from 1 October (R46).
        rows.append(ApprovalRow(row["school"], row["fkb"], date(2019, 10, 1), evidence, source))
    return rows


def _example_activity(
    courses: list[CourseRow],
    relations: list[RelationRow],
    approvals: list[ApprovalRow],
    seed: int,
) -> list[ActivityRow]:
    """Learners and runs per course, school and year. A third of the courses draw next to nobody."""
    fixed = {
        row["course"]: int(row["learners_2025"]) for row in read_csv(HERE / "activity_fixed.csv")
    }
    schools_of: dict[str, list[str]] = {}
    for approval in approvals:
        schools_of.setdefault(approval.fkb, []).append(approval.school)
    home = {r.course: r.fkb for r in relations if r.kind == CORE}
    rng = random.Random(seed)  # noqa: S311  (example data, no secrets)
    rows: list[ActivityRow] = []
    for course in sorted(courses, key=lambda c: c.number):
        fkb = home.get(course.number)
        schools = sorted(schools_of.get(fkb, [])) if fkb else []
        total = _popularity(rng, always=fkb == "2222")
        previous = max(0, round(total * rng.uniform(0.7, 1.3)))
        if not schools or course.archived_reason:
            continue
        totals = {2024: previous, 2025: fixed.get(course.number, total)}
        for year, learners in totals.items():
            rows += _spread(rng, course.number, schools, year, learners)
    return rows


def _popularity(rng: random.Random, *, always: bool) -> int:
    kind = rng.random()
    if kind < 0.3 and not always:
        return rng.randint(0, 17)
    if kind < 0.75:
        return rng.randint(24, 110)
    return rng.randint(110, 340)


def _spread(
    rng: random.Random, course: str, schools: list[str], year: int, learners: int
) -> list[ActivityRow]:
    """Share a number of learners among some of the schools, in runs of about twelve."""
    if learners == 0:
        return []
    count = min(len(schools), max(1, round(learners / 40)))
    chosen = sorted(rng.sample(schools, count))
    rows, left = [], learners
    for index, school in enumerate(chosen):
        last = index == len(chosen) - 1
        share = left if last else max(1, min(left, round(learners / count * rng.uniform(0.6, 1.4))))
        left -= share
        if share:
            rows.append(ActivityRow(course, school, year, share, max(1, round(share / 12))))
    return rows


def summary_json(catalogue: Catalogue) -> str:
    """How many rows of each kind, as one line of JSON."""
    return json.dumps({f.name: len(getattr(catalogue, f.name)) for f in fields(catalogue)})
