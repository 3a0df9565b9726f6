"""Back up a running Samspil, and restore it: the database and the files, with checksums.

    python tools/backup.py save FOLDER
    python tools/backup.py restore FOLDER [--replace]

Reads ``SAMSPIL_DATABASE`` and ``SAMSPIL_VAR`` from the environment, as the service does. Saving
takes nothing down: SQLite copies a consistent state, PostgreSQL dumps one. Restoring checks every
checksum first, and refuses to write over a database that has tables unless ``--replace`` is said.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from samspil.config.env import Env  # noqa: E402

SUMS = "SHA256SUMS"


class Fault(Exception):
    """Something that the operator must know; the message is the whole story."""


def _where() -> tuple[dict[str, Any], Path]:
    env = Env()
    var = Path(env.text("VAR", str(ROOT / "var")))
    return env.database("DATABASE", f"sqlite:///{var / 'samspil.sqlite3'}"), var / "files"


def _tool(database: dict[str, Any], name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    for variable, key in (
        ("PGHOST", "HOST"), ("PGPORT", "PORT"), ("PGUSER", "USER"),
        ("PGPASSWORD", "PASSWORD"), ("PGDATABASE", "NAME"),
    ):  # fmt: skip
        if database[key]:
            environment[variable] = str(database[key])
    for key, value in database["OPTIONS"].items():
        environment[f"PG{key.upper()}"] = str(value)
    if shutil.which(name) is None:
        raise Fault(f"{name} is not installed: it comes with Debian's postgresql-client.")
    done = subprocess.run(
        [name, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Fault(f"{name} failed: {done.stderr.strip()}")
    return done


def _is_sqlite(database: dict[str, Any]) -> bool:
    return str(database["ENGINE"]).endswith("sqlite3")


def _sum(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def save(folder: Path) -> None:
    """Write a back-up into ``folder``, which must be empty or new."""
    database, files = _where()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Fault(f"{folder} is not empty: a back-up gets a folder of its own.")
    folder.chmod(0o700)
    # The database first: every file it names is written before its row, so none will be missing.
    if _is_sqlite(database):
        if not Path(database["NAME"]).exists():
            raise Fault(f"There is no database at {database['NAME']}.")
        source = sqlite3.connect(database["NAME"])
        target = sqlite3.connect(folder / "database.sqlite3")
        with target:
            source.backup(target)
        target.close()
        source.close()
    else:
        _tool(database, "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
              f"--file={folder / 'database.dump'}")  # fmt: skip
    with tarfile.open(folder / "files.tar", "w") as archive:
        if files.is_dir():
            archive.add(files, arcname="files")
    lines = [f"{_sum(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / SUMS).write_text("".join(lines))


def check(folder: Path) -> None:
    """Raise ``Fault`` unless every file of the back-up is there and unchanged."""
    sums = folder / SUMS
    if not sums.exists():
        raise Fault(f"{folder} is no back-up: {SUMS} is missing.")
    for line in sums.read_text().splitlines():
        wanted, name = line.split("  ", 1)
        path = folder / name
        if not path.exists() or _sum(path) != wanted:
            raise Fault(f"{name} is missing or changed since the back-up was made.")


def restore(folder: Path, *, replace: bool) -> None:
    """Put a back-up in the place of what ``SAMSPIL_DATABASE`` and ``SAMSPIL_VAR`` name."""
    check(folder)
    database, files = _where()
    if _is_sqlite(database):
        saved, target = folder / "database.sqlite3", Path(database["NAME"])
        if not saved.exists():
            raise Fault("The back-up is of PostgreSQL, and the database here is SQLite.")
        if target.exists() and not replace:
            raise Fault(f"{target} exists: say --replace to write over it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        shutil.copyfile(saved, part)
        for left in ("-wal", "-shm"):
            target.with_name(target.name + left).unlink(missing_ok=True)
        part.replace(target)
    else:
        saved = folder / "database.dump"
        if not saved.exists():
            raise Fault("The back-up is of SQLite, and the database here is PostgreSQL.")
        tables = _tool(database, "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command",
                       "select count(*) from pg_tables where schemaname = 'public'")  # fmt: skip
        if int(tables.stdout) and not replace:
            raise Fault("The database has tables: say --replace to write over them.")
        _tool(database, "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges",
              "--single-transaction", "--exit-on-error", f"--dbname={database['NAME']}", str(saved))  # fmt: skip
    with tarfile.open(folder / "files.tar") as archive:
        # Files are named by their content: what is there already is the same.
        # (Debian's Python 3.11.2 has no filters; the checksums were checked above.)
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(files.parent, **safe)  # type: ignore[arg-type]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Back up Samspil, or restore it.")
    parser.add_argument("what", choices=["save", "restore", "check"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--replace", action="store_true")
    given = parser.parse_args(arguments)
    try:
        if given.what == "save":
            save(given.folder)
        elif given.what == "check":
            check(given.folder)
        else:
            restore(given.folder, replace=given.replace)
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"{given.what}: {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
