"""Check a round's archive with Python's standard library alone.

    python3 verify_archive.py [folder or zip]

Checks every file against SHA256SUMS, that no file is missing or added, the contents that were
signed against the hashes in the list of signatures, and the audit trail.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
from verify_audit import check as check_audit  # noqa: E402


def _read(place: Path) -> dict[str, bytes]:
    if place.is_dir():
        return {
            path.relative_to(place).as_posix(): path.read_bytes()
            for path in sorted(place.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    with zipfile.ZipFile(place) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist() if not name.endswith("/")}


def check(files: dict[str, bytes]) -> list[str]:
    """Return what is wrong, one Danish sentence each; empty when the archive is whole."""
    faults: list[str] = []
    listed: dict[str, str] = {}
    for line in files.get("SHA256SUMS", b"").decode("utf-8").split("\n")[:-1]:
        digest, _, name = line.partition("  ")
        listed[name] = digest
    if not listed:
        return ["SHA256SUMS mangler."]
    for name, digest in listed.items():
        if name not in files:
            faults.append(f"{name} mangler.")
        elif hashlib.sha256(files[name]).hexdigest() != digest:
            faults.append(f"{name} er ændret.")
    faults += [
        f"{name} hører ikke til." for name in files if name not in listed and name != "SHA256SUMS"
    ]
    signed = {
        hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name.startswith("aftaler/") and name.endswith(".json")
    }
    table = files.get("data/underskrifter.csv", b"").decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(table), delimiter=";"):
        if row.get("tilstand") == "signed" and row.get("indhold_sha256") not in signed:
            faults.append(f"{row['skole']} har underskrevet et indhold, der ikke er i arkivet.")
    overviews = {
        hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name.startswith("oversigter/") and name.endswith(".json")
    }
    for name, content in files.items():
        if name.startswith("aftaler/") and name.endswith(".json"):
            try:
                if json.loads(content)["overview_sha256"] not in overviews:
                    faults.append(f"Oversigten til {name} er ikke i arkivet.")
            except (ValueError, KeyError, TypeError):
                faults.append(f"{name} kan ikke læses.")
    trail = files.get("revisionsspor/audit.jsonl", b"")
    _, fault = check_audit(trail.split(b"\n")[:-1])
    if fault or not trail.endswith(b"\n"):
        faults.append(f"Revisionssporet holder ikke: {fault or 'det er skåret af'}")
    return faults


def main() -> int:
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    try:
        files = _read(place)
    except (OSError, zipfile.BadZipFile) as error:
        print(f"Arkivet kan ikke læses: {error}")
        return 2
    faults = check(files)
    for fault in faults[:30]:
        print(fault)
    if not faults:
        print(f"Arkivet er helt: {len(files)} filer, ingen ændret.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
