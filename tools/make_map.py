"""Draw the municipalities small enough to stand inside a page: src/samspil/web/interfaces/denmark.json.

Every point is moved to the nearest whole unit of the drawing (0.7 km). Neighbours share their points
in the source, so they share them afterwards too, and no gaps come between them. Rings that become
nothing are left out. Bornholm is moved up beside Zealand, as Danish maps do.

    python tools/make_map.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from samspil.web.interfaces.projection import place  # noqa: E402

SOURCE = ROOT / "data" / "municipalities.geojson"
TARGET = ROOT / "src" / "samspil" / "web" / "interfaces" / "denmark.json"
SMALLEST = 3.0
"""Area in square units of the smallest island that is drawn (about 1.5 square km)."""


def ring(points: list[list[float]]) -> list[tuple[int, int]]:
    """The ring in whole units, without points that fall together or on a straight line."""
    moved: list[tuple[int, int]] = []
    for lon, lat in points:
        x, y = place(lat, lon)
        point = (round(x), round(y))
        if not moved or moved[-1] != point:
            moved.append(point)
    if len(moved) > 1 and moved[0] == moved[-1]:
        moved.pop()
    changed = True
    while changed and len(moved) > 2:
        kept = [
            point
            for i, point in enumerate(moved)
            if _turns(moved[i - 1], point, moved[(i + 1) % len(moved)])
        ]
        changed, moved = len(kept) < len(moved), kept
    return moved


def _turns(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    return (b[0] - a[0]) * (c[1] - b[1]) != (b[1] - a[1]) * (c[0] - b[0])


def area(points: list[tuple[int, int]]) -> float:
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def path(points: list[tuple[int, int]]) -> str:
    """Relative steps: whole numbers of one or two figures."""
    x, y = points[0]
    steps = []
    for nx, ny in points[1:]:
        steps.append(f"{nx - x}{' ' if ny - y >= 0 else ''}{ny - y}")
        x, y = nx, ny
    text = f"M{points[0][0]} {points[0][1]}l"
    for i, step in enumerate(steps):
        text += (" " if i and not step.startswith("-") else "") + step
    return text + "z"


def main() -> None:
    shapes: dict[str, str] = {}
    for feature in json.loads(SOURCE.read_text(encoding="utf-8"))["features"]:
        geometry = feature["geometry"]
        polygons = geometry["coordinates"]
        if geometry["type"] == "Polygon":
            polygons = [polygons]
        found = [ring(points) for polygon in polygons for points in polygon]
        kept = [points for points in found if len(points) > 2 and area(points) >= SMALLEST]
        if kept:
            shapes[feature["properties"]["code"]] = "".join(path(points) for points in kept)
    TARGET.write_text(
        json.dumps(dict(sorted(shapes.items())), separators=(",", ":")) + "\n", encoding="utf-8"
    )
    size = TARGET.stat().st_size
    print(f"{len(shapes)} municipalities, {size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
