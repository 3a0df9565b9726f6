"""Check a sealed agreement and say in Danish what was signed, by whom, and whether it is unchanged.

    .venv/bin/python tools/verify_agreement.py aftale.pdf [--kendt segl/kendt-1.pem …]

Needs neither database nor settings, only the library pyHanko. Without ``--kendt`` nobody's seal is
known: then it says whether anything was changed, and the fingerprint to compare. Exit code 0: a
known seal that holds; 1: anything else; 2: the file cannot be read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
SOURCE = Path(__file__).resolve().parents[1] / "src"
sys.path.insert(0, str(SOURCE))
from samspil.coordination.domain.sealed_record import Holds, Verdict, verdict  # noqa: E402

KERNEL = SOURCE / "samspil" / "kernel"
SECONDS, MEGABYTES = 60, 512
SENTENCES = {
    Holds.WHOLE: "Seglet holder. Intet i filen er ændret, siden den blev forseglet.",
    Holds.STRANGER: "Filen er ikke ændret, siden den blev forseglet, men seglet er ikke blandt de kendte.",
    Holds.CHANGED: "Filen er ændret, efter at den blev forseglet.",
    Holds.REVOKED: "Seglet er sat med en nøgle, der var trukket tilbage.",
    Holds.UNSEALED: "Filen har intet segl.",
    Holds.UNREADABLE: "Filen kan ikke kontrolleres.",
}
REASONS = {
    "added": "Der er lagt noget til efter seglet. Det, der blev underskrevet, står nedenfor.",
    "not_pdf": "Den er ikke en PDF.",
    "encrypted": "Den er beskyttet med adgangskode.",
    "broken": "Den er ikke en hel PDF.",
    "too_much": "Det tager for lang tid eller for meget hukommelse at læse den.",
}
METHODS = {
    "totp": "engangskode",
    "webauthn": "adgangsnøgle",
    "recovery_codes": "reservekode",
    "example": "prøveunderskrift uden sikkerhed",
    "paper": "på papir",
    "openid": "bekræftet af en anden tjeneste",
}


def find(content: bytes, known: list[str]) -> Verdict:
    """The verdict on a PDF, found in a process with limited time and memory."""
    limits = [str(os.getpid()), str(MEGABYTES), str(SECONDS)]
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-I", str(KERNEL / "limited.py"), *limits),
                *(sys.executable, "-I", str(KERNEL / "sealing" / "checker.py"), *known),
            ],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, BrokenPipeError, ValueError):
        return verdict({}, "too_much")
    return verdict(found, found.get("unreadable", ""))


def sentences(found: Verdict) -> list[str]:
    """What there is to say, a line each."""
    lines = [SENTENCES[found.holds]]
    if found.reason:
        lines.append(REASONS.get(found.reason, found.reason))
    if found.content_matches is False:
        lines.append("Indholdet i filen er et andet end det, der er underskrevet.")
    if found.title:
        mark = " (konstrueret eksempel)" if found.constructed else ""
        lines += ["", f"{found.title}{mark}", found.network]
    for act in found.acts:
        at = act.at.astimezone().strftime("%d.%m.%Y kl. %H.%M") if act.at else "uden tid"
        method = act.provider or METHODS.get(act.method, act.method)
        by = f", mandat fra {act.basis['given_by']}" if act.basis.get("given_by") else ""
        lines.append(f"  {act.school}: {act.person}{by}, {at}, {method}")
    if found.by:
        at = found.stamped_at or found.said_at
        source = "tidsstempeltjeneste" if found.stamped_at else "seglets eget ur"
        when = f"{at.astimezone():%d.%m.%Y kl. %H.%M} ({source})" if at else "uden tid"
        lines += ["", f"Segl: {found.by}, {found.organisation}, {when}"]
        lines.append(f"Certifikat: {found.issuer}, SHA-256 {found.fingerprint}")
    if found.content_sha256:
        lines.append(f"Kontrolsum af det underskrevne: {found.content_sha256}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description="Kontrollér en forseglet aftale.")
    parser.add_argument("fil", type=Path)
    parser.add_argument("--kendt", action="append", default=[], help="PEM-fil med kendte segl")
    given = parser.parse_args()
    try:
        content = given.fil.read_bytes()
        for name in given.kendt:
            Path(name).read_bytes()
    except OSError as error:
        print(f"Filen kan ikke læses: {error}")
        return 2
    found = find(content, given.kendt)
    print("\n".join(sentences(found)))
    return 0 if found.holds == Holds.WHOLE and found.content_matches is not False else 1


if __name__ == "__main__":
    sys.exit(main())
