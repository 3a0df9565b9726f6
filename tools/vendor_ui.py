"""Build ``src/samspil/ui/static/ui/vendor`` and the icon sprite from three unpacked npm packages.

Usage (each argument is the ``package`` folder of ``npm pack`` output, unpacked)::

    python tools/vendor_ui.py DKFDS PLEX_SANS HTMX

What changes on the way in, and why:

* The compiled stylesheet keeps every rule except its font faces (eot, woff and ttf variants of nine
  cuts), its source map comment and the rules whose only purpose is an icon we do not ship: a manifest
  storage refuses a stylesheet that names a missing file.
* IBM Plex Sans comes as IBM's own split files (Latin 1 and Latin 2), unmodified: a browser fetches
  about 22 kB a cut instead of 60 kB, and the reserved font name stays honoured.
* Icons: one sprite with the icons named below, and the single files which the stylesheet names.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "src" / "samspil" / "ui" / "static" / "ui"

#: Icons that templates may use through ``{% icon "name" %}``.
SPRITE = (
    "account arrow-back arrow-downward arrow-forward arrow-upward attach-file business calendar-month "
    "chat check checklist chevron-down chevron-left chevron-right chevron-up close contact-support "
    "copy delete document download edit email error file file-excel file-pdf flag forum groups help "
    "history home hourglass info language link location lock menu minus more-horiz notifications "
    "open-in-new person person-add persons plus print refresh reply save search send settings "
    "star star-fill success sync time undo upload visibility warning"
).split()

FONT_CUTS = (
    ("Regular", 400, "normal"),
    ("SemiBold", 600, "normal"),
    ("Bold", 700, "normal"),
    ("Italic", 400, "italic"),
)
RANGES = {
    "Latin1": (
        "U+0000,U+000D,U+0020-007E,U+00A0-00FF,U+0131,U+0152-0153,U+02C6,U+02DA,U+02DC,U+2013-2014,U+2018-201A,"
        "U+201C-201E,U+2020-2022,U+2026,U+2030,U+2039-203A,U+2044,U+2074,U+20AC,U+2122,U+2212,U+FB01-FB02"
    ),
    "Latin2": "U+0100-0130,U+0132-0151,U+0154-024F,U+0259,U+1E00-1EFF,U+20A0-20AB,U+20AD-20CF",
}


def vendor_dkfds(source: Path) -> None:
    """Write the stylesheet, script, icons, licence and version of Det Fælles Designsystem."""
    target = STATIC / "vendor" / "dkfds"
    shutil.rmtree(target, ignore_errors=True)
    for folder in ("css", "js", "img/svg-icons"):
        (target / folder).mkdir(parents=True)
    css = (source / "dist/css/dkfds.min.css").read_text(encoding="utf-8")
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r"/\*# sourceMappingURL=[^*]*\*/", "", css)
    css = re.sub(r"\.icon-[a-z0-9-]+(?::not\(a\))?\{background-image:url\([^)]*\)\}", "", css)
    css = re.sub(r"background-image:url\(\.\./img/logo-(?:header-)?placeholder\.png\);", "", css)
    (target / "css/dkfds.min.css").write_text(css.strip() + "\n", encoding="utf-8")
    for name in sorted(set(re.findall(r"url\(\.\./img/svg-icons/([a-z0-9-]+\.svg)\)", css))):
        shutil.copy(source / "dist/img/svg-icons" / name, target / "img/svg-icons" / name)
    script = (source / "dist/js/dkfds.min.js").read_text(encoding="utf-8")
    script = re.sub(r"//# sourceMappingURL=.*", "", script)
    (target / "js/dkfds.min.js").write_text(script.strip() + "\n", encoding="utf-8")
    shutil.copy(source / "LICENSE.md", target / "LICENSE.md")
    write_version(
        source, target, "compiled CSS and script, the icons they use; changes: tools/vendor_ui.py"
    )

    sprite = (source / "dist/img/all-svg-icons.svg").read_text(encoding="utf-8")
    symbols = dict(re.findall(r'(?s)<symbol id="([^"]+)"(.*?</symbol>)', sprite))
    wanted = [name for name in SPRITE if name in symbols]
    body = "".join(f'<symbol id="{name}"{symbols[name]}' for name in wanted)
    (STATIC / "icons.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>\n', encoding="utf-8"
    )


def vendor_fonts(source: Path) -> None:
    """Copy IBM's split font files and write the font faces that name them."""
    target = STATIC / "vendor" / "plex"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    faces = []
    for cut, weight, style in FONT_CUTS:
        for part, unicode_range in RANGES.items():
            name = f"IBMPlexSans-{cut}-{part}.woff2"
            shutil.copy(source / "fonts/split/woff2" / name, target / name)
            faces.append(
                f'@font-face{{font-display:swap;font-family:"IBM Plex Sans";font-style:{style};font-weight:{weight};'
                f'src:url({name}) format("woff2");unicode-range:{unicode_range}}}\n'
            )
    (target / "plex.css").write_text("".join(faces), encoding="utf-8")
    shutil.copy(source / "LICENSE.txt", target / "LICENSE.txt")
    write_version(source, target, "IBM's split woff2 files, unmodified; plex.css is ours")


def vendor_htmx(source: Path) -> None:
    """Copy the minified htmx."""
    target = STATIC / "vendor" / "htmx"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy(source / "dist/htmx.min.js", target / "htmx.min.js")
    shutil.copy(source / "LICENSE", target / "LICENSE")
    write_version(source, target, "minified script, unmodified")


def write_version(source: Path, target: Path, note: str) -> None:
    """Note name, version and licence of a package next to what was taken from it."""
    package = json.loads((source / "package.json").read_text(encoding="utf-8"))
    (target / "VERSION").write_text(
        f"{package['name']} {package['version']} (npm)\nlicence: {package['license']}\n{note}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    dkfds, plex, htmx = (Path(argument) for argument in sys.argv[1:4])
    vendor_dkfds(dkfds)
    vendor_fonts(plex)
    vendor_htmx(htmx)
