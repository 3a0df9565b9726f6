from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from samspil.config.env import Env, database


def test_values_are_typed() -> None:
    env = Env({"SAMSPIL_A": " x ", "SAMSPIL_B": "yes", "SAMSPIL_C": "7", "SAMSPIL_D": "a, b c"})
    assert env.text("A") == "x"
    assert env.flag("B") is True
    assert env.flag("MISSING", True) is True
    assert env.number("C", 1) == 7
    assert env.words("D") == ["a", "b", "c"]
    assert "SAMSPIL_MISSING" in env.asked


@pytest.mark.parametrize(("name", "read"), [("A", "flag"), ("A", "number")])
def test_a_wrong_value_is_said_with_its_name(name: str, read: str) -> None:
    env = Env({"SAMSPIL_A": "perhaps"})
    with pytest.raises(ImproperlyConfigured, match=r"SAMSPIL_A must be .* “perhaps”"):
        env.flag(name) if read == "flag" else env.number(name, 0)


def test_sqlite_takes_its_write_lock_at_once() -> None:
    entry = database("sqlite:////srv/samspil.sqlite3")
    assert entry["NAME"] == Path("/srv/samspil.sqlite3")
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]
    assert entry["CONN_MAX_AGE"] == 600
    assert entry["CONN_HEALTH_CHECKS"] is True


def test_postgres_by_network_and_by_socket() -> None:
    entry = database("postgres://sam:p%40ss@db.dk:5433/samspil?sslmode=require")
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"], entry["NAME"]) == (
        "sam",
        "p@ss",
        "db.dk",
        "5433",
        "samspil",
    )
    assert entry["OPTIONS"] == {"sslmode": "require"}
    assert database("postgres:///s?host=/run/postgresql")["HOST"] == "/run/postgresql"


def test_another_database_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="mysql"):
        database("mysql://x/y")
