"""A PostgreSQL cluster for one test run: made in a temporary folder, ended by its process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

_OPTIONS = {
    "listen_addresses": "",  # unix socket only
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}


def bindir() -> Path | None:
    """Folder of the newest PostgreSQL on the machine, or ``None``."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3])
    )
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


class Cluster:
    """Starts in ``folder`` with a socket in the same folder; user and superuser ``postgres``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "pg"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster and wait until it answers. Raises ``RuntimeError`` when it does not."""
        bin_ = bindir()
        if bin_ is None:
            raise RuntimeError("PostgreSQL is not installed: run `make test`, which installs it.")
        user = pwd.getpwnam("postgres") if os.getuid() == 0 else None  # it refuses to run as root
        self.folder.mkdir(parents=True, exist_ok=True)
        if user:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            os.chmod(self.folder, 0o711)
        as_user: dict[str, object] = (
            {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        )
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
        subprocess.run(  # type: ignore[call-overload]
            [
                bin_ / "initdb",
                *("--pgdata", self.data, "--username", "postgres", "--auth", "trust"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            env=environment,
            **as_user,
        )
        options = [f"-c{name}={value}" for name, value in _OPTIONS.items()]
        log = (self.folder / "postgres.log").open("wb")
        self.process = subprocess.Popen(  # type: ignore[call-overload]
            [bin_ / "postgres", "-D", self.data, "-k", self.folder, *options],
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env=environment,
            **as_user,
        )
        log.close()  # the server has its own
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            ready = subprocess.run(
                [bin_ / "pg_isready", "-h", self.folder, "-U", "postgres", "-q"], check=False
            )
            if ready.returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(
            "PostgreSQL did not start:\n" + (self.folder / "postgres.log").read_text()
        )

    def stop(self) -> None:
        """End the server (fast shutdown) by its process id."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
