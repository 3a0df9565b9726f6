"""What every test gets: a database of the run's own, strict templates, no network, no mail."""

from __future__ import annotations

import gc
import os
import shutil
import unittest
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.support import network
from tests.support.order import shuffle_unordered
from tests.support.postgres import Cluster
from tests.support.smtp import SmtpServer
from tests.support.templates import Strict
from tools.messages import compile_all

ROOT = Path(__file__).resolve().parents[1]
_is_worker = "PYTEST_XDIST_WORKER" in os.environ

# No test is about time: a busy machine must not fail one.
hypothesis.settings.register_profile("samspil", deadline=None)
hypothesis.settings.load_profile("samspil")


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, and PostgreSQL in it where it was asked for.

    The settings only name the folder (``SAMSPIL_TEST_DIR``); the processes of xdist inherit
    the name, and the cluster that the first process started.
    """
    if _is_worker:
        return
    folder = Path(os.environ["SAMSPIL_TEST_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    compile_all()  # the English texts
    if os.environ.get("SAMSPIL_TEST_DB") == "postgres":
        config._samspil_cluster = cluster = Cluster(folder)  # type: ignore[attr-defined]
        cluster.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _is_worker:
        return
    cluster = getattr(config, "_samspil_cluster", None)
    if cluster is not None:
        cluster.stop()
    shutil.rmtree(os.environ["SAMSPIL_TEST_DIR"], ignore_errors=True)


_DATABASES = {"db", "transactional_db", "shared_world", "live_server", "client", "admin_client"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Folder gives mark: tests/e2e, tests/concurrency; both with real transactions. Whatever asks
    for no database is static."""
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in {"e2e", "concurrency"}:
            item.add_marker(getattr(pytest.mark, folder))
            item.add_marker(pytest.mark.django_db(transaction=True))
        elif not _asks_for_a_database(item):
            item.add_marker(pytest.mark.static)


def _asks_for_a_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("django_db"):
        return True
    if issubclass(getattr(item, "cls", None) or object, unittest.TestCase):
        return True
    return bool(_DATABASES & set(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session", autouse=True)
def _strict_templates() -> None:
    from django.template import engines

    for engine in engines.all():
        if hasattr(engine, "engine"):
            engine.engine.string_if_invalid = Strict("%s")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    network.forbid(monkeypatch)


@pytest.fixture(autouse=True)
def _any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    shuffle_unordered(monkeypatch)


@pytest.fixture(autouse=True)
def _a_busy_machine_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long somebody waits for a check says nothing here; its time on the processor does."""
    from samspil.kernel import sealing

    monkeypatch.setattr(sealing, "CHECK_WAIT", 300)


@pytest.fixture(autouse=True)
def _own_files(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> None:
    """Files of one test are not seen by the next; the tests of a shared world share them."""
    if "shared_world" not in request.fixturenames:
        settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture(autouse=True)
def _own_counts(request: pytest.FixtureRequest) -> None:
    """What waited for somebody in one test is not remembered in the next."""
    from samspil.web.domain import header

    if "shared_world" not in request.fixturenames:
        header._COUNTS.clear()


@pytest.fixture(scope="module")
def shared_world(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """A world with the object of every address, made once for the tests of a module."""
    from tests.support.shared import one_world  # needs the applications

    with one_world(django_db_blocker, tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def now() -> datetime:
    """A working day in the coordination season of 2026."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def smtp_server(settings: Any) -> Iterator[SmtpServer]:
    """A real SMTP server, and Django's mail sent to it."""
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = server.port
        yield server
    gc.collect()  # a socket left open shows here, not in somebody else's test


@pytest.fixture
def actor_with() -> Callable[..., Any]:
    """``actor_with("secretariat_coordinator", network=net)``: an actor without a database."""
    from samspil.kernel.actor import Actor, Grant

    def make(
        *roles: str, network: Any = None, organisation: Any = None, person_id: int = 1
    ) -> Actor:
        return Actor(
            kind="person",
            person_id=person_id,
            organisation_id=organisation.pk if organisation else None,
            label="Prøve Person",
            grants=frozenset(
                Grant(
                    role=role,
                    organisation_id=organisation.pk if organisation else None,
                    network_id=network.pk if network else None,
                )
                for role in roles
            ),
        )

    return make


@pytest.fixture
def system_actor() -> Any:
    from samspil.kernel.actor import Actor

    return Actor.system("tests")
