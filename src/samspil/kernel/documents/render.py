"""Write one PDF in a process of its own: a JSON request on stdin, the PDF on stdout.

typst keeps what it has laid out in memory for the life of the process (45 MB a document), so the
worker lets a child do it. Runs by itself, without Django.
"""

import json
import sys

import typst


def main() -> None:
    """Answer one request: template, root, fonts, data and files (JSON texts), standards, at (Unix
    seconds)."""
    wanted = json.load(sys.stdin)
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[wanted["fonts"]]
    )
    pdf = typst.Compiler(wanted["template"], root=wanted["root"], font_paths=fonts).compile(
        format="pdf",
        sys_inputs={"data": wanted["data"], "files": wanted["files"]},
        pdf_standards=wanted["standards"],
        timestamp=wanted["at"],
    )
    if isinstance(pdf, bytes):
        sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
