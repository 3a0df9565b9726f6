"""An answer to a pooling problem as a picture: runs on a time line by school, moves as arrows. Pure functions.

A filled circle is held, an open one isn't: its people are asked about another run, or (dashed) nothing is within
what they said. The number is participants afterwards; in a run that isn't held, people signed up. The words in
the picture are Danish, like the screens.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import hypot
from xml.sax.saxutils import escape

from benchmarks.studies.snapshot import DATA
from planning.pooling import Problem, Run, Solution

ANNOUNCED_ON = date(2026, 8, 4)
"""The day of the snapshot."""
TITLE = "Hold på 22906 efter skole og dato"
SHORT = {
    "NEXT UDDANNELSE KØBENHAVN": "NEXT",
    "JUUL Danmark A/S": "JUUL",
    "Roskilde Tekniske Skole": "Roskilde TS",
    "Learnmark Horsens": "Learnmark",
    "ZBC - Zealand Business College": "ZBC",
}
MONTHS = (
    "januar februar marts april maj juni juli august september oktober november december".split()
)
WIDTH, LEFT, RIGHT, TOP = 1200, 150, 24, 44
LATER = 70
RADIUS = 11.0
LANE, ROW = 40, 25
DAY = 7.2
SHOWN_DAYS = 130
HELD, OFF, MOVE, INK, MUTED, LINE = "#1b6b3a", "#8c1d00", "#2f5f8f", "#1a1a1a", "#595959", "#d9d9d9"


@dataclass(frozen=True)
class Move:
    """People who are asked about the same run from the same run; distances in kilometres from home."""

    heads: int
    source: str
    target: str
    km: int
    days: str


@dataclass(frozen=True)
class Mark:
    """A circle: the run, where it stands, the number in it."""

    run: Run
    x: float
    y: float
    number: int
    is_held: bool
    is_left: bool


def moves(problem: Problem, solution: Solution) -> list[Move]:
    """The moves of an answer, most people first."""
    found: dict[tuple[str, str], list[int]] = {}
    for seat in solution.seats:
        party = problem.party_by_key[seat.party]
        if party.run and seat.run != party.run:
            metres = problem.metres(party.home, problem.run_by_key[seat.run].place)
            cell = found.setdefault((party.run, seat.run), [0, 0])
            cell[0] += seat.heads
            cell[1] = max(cell[1], metres)
    signed = signed_up(problem)
    rows = []
    for (source, target), (heads, metres) in found.items():
        old, new = problem.run_by_key[source], problem.run_by_key[target]
        days = new.starts_on - old.starts_on
        later = "same day" if not days else f"{abs(days)} {'later' if days > 0 else 'earlier'}"
        rows.append(
            (
                -heads,
                old.starts_on,
                Move(
                    heads,
                    f"{_name(old.school)} {_town(old)}, {_day(old)} ({signed[source]} of at least {old.minimum})",
                    f"{_name(new.school)} {_town(new)}, {_day(new)} "
                    f"(becomes {solution.heads_of_run[target]} of at least {new.minimum})",
                    round(metres / 1000),
                    later,
                ),
            )
        )
    return [move for _, _, move in sorted(rows, key=lambda row: (row[0], row[1], row[2].source))]


def signed_up(problem: Problem) -> dict[str, int]:
    """People signed up per run."""
    found: dict[str, int] = {}
    for party in problem.parties:
        if party.run:
            found[party.run] = found.get(party.run, 0) + party.size
    return found


def timeline(problem: Problem, solution: Solution) -> str:
    """The picture as SVG. Runs without anybody before or after are left out, and counted in a note."""
    signed = signed_up(problem)
    shown = [
        run for run in problem.runs if signed.get(run.key) or solution.heads_of_run.get(run.key)
    ]
    flows = _flows(problem, solution)
    first = date.fromordinal(min(run.starts_on for run in shown)).replace(day=1).toordinal()
    lanes, height = _lanes(problem, solution, shown, flows, first, signed)
    marks = {mark.run.key: mark for _, _, some in lanes for mark in some}
    has_later = any(run.starts_on - first > SHOWN_DAYS for run in shown)
    empty = len(problem.runs) - len(shown)
    people = sum(party.size for party in problem.parties)
    taught = sum(seat.heads for seat in solution.seats)
    note = (
        f"{taught} af {people} bliver undervist. {empty} hold uden deltagere er ikke vist. "
        "Tallet er deltagere efter flytning; ved hold, der ikke gennemføres, er det tilmeldte."
    )
    bottom = height + 64
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" role="img" lang="da" '
        'aria-labelledby="tl-t tl-d" font-family="\'IBM Plex Sans\', system-ui, sans-serif" font-size="14">',
        f'<title id="tl-t">{TITLE}</title>',
        '<desc id="tl-d">Hver cirkel er et hold. Fyldt cirkel gennemføres. Åben cirkel gennemføres ikke, og '
        "deltagerne spørges om et andet hold; stiplet cirkel: der er ikke noget hold inden for det, de har sagt. "
        f"Pile viser, hvem der flyttes hvorhen; jo tykkere, jo flere. {escape(note)} "
        "Tabellen ved siden af siger det samme.</desc>",
        f'<rect width="{WIDTH}" height="{bottom}" fill="#ffffff"/>',
        f'<defs><marker id="ar" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{MOVE}"/></marker></defs>',
    ]
    parts += _grid(first, height, has_later)
    for name, y, _ in lanes:
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#ececec"/>'
            f'<text x="4" y="{y + 5}" fill="{INK}">{escape(name)}</text>'
        )
    for (source, target), heads in sorted(flows.items()):
        parts.append(_arrow(marks[source], marks[target], heads))
    for mark in sorted(marks.values(), key=lambda mark: (mark.y, mark.x)):
        parts.append(_circle(problem, mark, signed))
    parts += _legend(height + 18, note)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _flows(problem: Problem, solution: Solution) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for seat in solution.seats:
        own = problem.party_by_key[seat.party].run
        if own and own != seat.run:
            found[own, seat.run] = found.get((own, seat.run), 0) + seat.heads
    return found


def _lanes(
    problem: Problem,
    solution: Solution,
    shown: list[Run],
    flows: dict[tuple[str, str], int],
    first: int,
    signed: dict[str, int],
) -> tuple[list[tuple[str, int, list[Mark]]], int]:
    """Schools from top to bottom with their circles; circles that would touch stand in rows. And the height."""
    untaught = {
        key: sum(
            party.size - sum(s.heads for s in solution.seats_of_party.get(party.key, ()))
            for party in problem.parties
            if party.run == key
        )
        for key in signed
    }
    held = set(solution.held)
    lanes = []
    y = TOP
    order = _order(problem, shown, flows)
    place = {school: i for i, school in enumerate(order)}
    for school in order:
        rows: dict[int, list[tuple[float, Run]]] = {}
        mine = [run for run in shown if run.school == school]
        for run in sorted(mine, key=lambda r: (r.key not in held, r.starts_on, r.key)):
            x = _x(run.starts_on - first)
            goes = [place[problem.run_by_key[b].school] for a, b in flows if a == run.key]
            below = bool(goes) and min(goes) > place[school]
            for row in (0, 1, -1, 2, -2, 3) if below else (0, -1, 1, -2, 2, -3):
                if all(abs(x - other) >= 2 * RADIUS + 2 for other, _ in rows.get(row, ())):
                    rows.setdefault(row, []).append((x, run))
                    break
        y += LANE - ROW * min(rows)
        marks = [
            Mark(
                run,
                x,
                y + ROW * row,
                solution.heads_of_run.get(run.key, 0) if run.key in held else signed[run.key],
                run.key in held,
                run.key not in held and untaught.get(run.key, 0) > 0,
            )
            for row, some in rows.items()
            for x, run in some
        ]
        lanes.append((_name(school), y, marks))
        y += ROW * max(rows)
    return lanes, y + 24


def _order(problem: Problem, shown: list[Run], flows: dict[tuple[str, str], int]) -> list[str]:
    """Schools so that those who give and take people stand near each other; else by their first run."""
    schools = list(
        dict.fromkeys(r.school for r in sorted(shown, key=lambda r: (r.starts_on, r.key)))
    )
    weight: dict[tuple[str, str], int] = {}
    for (source, target), heads in flows.items():
        pair = (problem.run_by_key[source].school, problem.run_by_key[target].school)
        weight[pair] = weight.get(pair, 0) + heads

    def length(order: list[str]) -> int:
        place = {school: i for i, school in enumerate(order)}
        return sum(heads * abs(place[a] - place[b]) for (a, b), heads in weight.items())

    while True:
        best = min(_reordered(schools), key=length, default=schools)
        if length(best) >= length(schools):
            return schools
        schools = best


def _reordered(order: list[str]) -> Iterator[list[str]]:
    """The order with any block of it put elsewhere, either way round."""
    for i in range(len(order)):
        for j in range(i + 1, len(order) + 1):
            rest, block = order[:i] + order[j:], order[i:j]
            for at in range(len(rest) + 1):
                yield rest[:at] + block + rest[at:]
                yield rest[:at] + block[::-1] + rest[at:]


def _x(days: int) -> float:
    if days > SHOWN_DAYS:
        return WIDTH - RIGHT - LATER / 2
    return LEFT + 14 + days * (WIDTH - RIGHT - LATER - LEFT - 28) / SHOWN_DAYS


def _grid(first: int, height: int, has_later: bool) -> list[str]:
    months = []
    day = date.fromordinal(first)
    while day.toordinal() - first <= SHOWN_DAYS:
        months.append(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    parts = []
    for month in months:
        x = _x(month.toordinal() - first) - 14
        parts.append(_rule(x, height, MONTHS[month.month - 1]))
    if has_later:
        parts.append(_rule(WIDTH - RIGHT - LATER, height, "senere"))
    return parts


def _rule(x: float, height: int, name: str) -> str:
    return (
        f'<line x1="{x:.0f}" x2="{x:.0f}" y1="30" y2="{height}" stroke="{LINE}"/>'
        f'<text x="{x + 6:.0f}" y="24" fill="{MUTED}">{name}</text>'
    )


def _arrow(a: Mark, b: Mark, heads: int) -> str:
    """An arrow from edge to edge, bent upwards, more when both stand in one lane."""
    dx, dy = b.x - a.x, b.y - a.y
    far = hypot(dx, dy) or 1.0
    bend = min(34.0, (0.16 if abs(dy) < ROW else 0.07) * far)
    side = -1 if dx > 0 or (dx == 0 and dy < 0) else 1
    mx = (a.x + b.x) / 2 - side * bend * dy / far
    my = (a.y + b.y) / 2 + side * bend * dx / far
    start, end = _edge(a, mx, my, RADIUS), _edge(b, mx, my, RADIUS + 1.5)
    width = 1.1 + 0.42 * heads
    return (
        f'<path d="M{start[0]:.1f},{start[1]:.1f} Q{mx:.1f},{my:.1f} {end[0]:.1f},{end[1]:.1f}" fill="none" '
        f'stroke="{MOVE}" stroke-opacity="0.6" stroke-width="{width:.1f}" marker-end="url(#ar)"/>'
    )


def _edge(mark: Mark, x: float, y: float, radius: float) -> tuple[float, float]:
    dx, dy = x - mark.x, y - mark.y
    far = hypot(dx, dy) or 1.0
    return mark.x + dx / far * radius, mark.y + dy / far * radius


def _circle(problem: Problem, mark: Mark, signed: dict[str, int]) -> str:
    run = mark.run
    where = f"{_name(run.school)}, {_town(run)}, {_day_dk(run)}"
    if mark.is_held:
        told = f"{where}: gennemføres med {mark.number}, mindst {run.minimum}"
        if problem.is_promised(run):
            told += ", garanti"
        style, ink = f'fill="{HELD}"', "#ffffff"
    else:
        told = f"{where}: gennemføres ikke, {signed[run.key]} tilmeldte, mindst {run.minimum}"
        dash = ' stroke-dasharray="3 2.4"' if mark.is_left else ""
        style, ink = f'fill="#ffffff" stroke="{OFF}" stroke-width="1.6"{dash}', OFF
    return (
        f'<g><title>{escape(told)}</title><circle cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{RADIUS:.0f}" {style}/>'
        f'<text x="{mark.x:.1f}" y="{mark.y + 4:.1f}" text-anchor="middle" font-size="12" font-weight="600" '
        f'fill="{ink}">{mark.number}</text></g>'
    )


def _legend(y: float, note: str) -> list[str]:
    items = (
        (f'fill="{HELD}"', "gennemføres", 140),
        (f'fill="#ffffff" stroke="{OFF}" stroke-width="1.6"', "lægges sammen med andre hold", 270),
        (
            f'fill="#ffffff" stroke="{OFF}" stroke-width="1.6" stroke-dasharray="3 2.4"',
            "gennemføres ikke, og nogen får ikke et andet hold",
            400,
        ),
    )
    parts = []
    x = 12.0
    for style, name, width in items:
        parts.append(
            f'<circle cx="{x}" cy="{y}" r="8" {style}/>'
            f'<text x="{x + 16}" y="{y + 5}" fill="{INK}">{name}</text>'
        )
        x += width
    parts.append(
        f'<path d="M{x},{y} L{x + 34},{y}" stroke="{MOVE}" stroke-opacity="0.6" stroke-width="3" '
        f'marker-end="url(#ar)"/><text x="{x + 44}" y="{y + 5}" fill="{INK}">bliver spurgt om at flytte</text>'
    )
    parts.append(f'<text x="4" y="{y + 32}" fill="{MUTED}">{escape(note)}</text>')
    return parts


def _name(school: str) -> str:
    return SHORT.get(school, school.split(" - ", maxsplit=1)[0])


@cache
def _towns() -> dict[str, str]:
    with (DATA / "postcodes.csv").open(encoding="utf-8", newline="") as file:
        return {row["postcode"]: row["city"] for row in csv.DictReader(file)}


def _town(run: Run) -> str:
    return _towns().get(run.place, run.place)


def _day(run: Run) -> str:
    day = date.fromordinal(run.starts_on)
    return f"{day.day} {('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split())[day.month - 1]}"


def _day_dk(run: Run) -> str:
    day = date.fromordinal(run.starts_on)
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"
