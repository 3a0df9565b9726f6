"""A list is read in while somebody corrects the same course on the screen, and twice at once.

With the locks one is first and the other is told. The control takes them away: both succeed, and
one correction is silently gone.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from django.db import connection

from samspil.catalogue.domain import actions as catalogue
from samspil.catalogue.models import Course
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.imports import actions as imports
from samspil.kernel.imports import engine
from samspil.kernel.imports.models import ImportBatch
from tests.concurrency.test_board import run_together
from tests.factories.board import NOW

SYSTEM = Actor.system("tests")


def upload(content: str) -> ImportBatch:
    return imports.upload(
        actor=SYSTEM, now=NOW, spec="catalogue.courses", content=content.encode(), name="liste.csv"
    )


@pytest.fixture
def course() -> Course:
    return Course.objects.create(number="47592", title="Fra før")


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read before either writes, unless a lock keeps one out."""
    barrier = threading.Barrier(2)

    def wait() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)

    save, changes = engine._save, catalogue.changes

    def slow_save(*args: Any) -> None:
        wait()
        save(*args)

    def slow_changes(*args: Any) -> Any:
        wait()
        return changes(*args)

    monkeypatch.setattr(engine, "_save", slow_save)
    monkeypatch.setattr(catalogue, "changes", slow_changes)


def both(course: Course, batch: ImportBatch) -> list[BaseException | None]:
    return run_together(
        lambda: imports.apply(actor=SYSTEM, now=NOW, batch=batch),
        lambda: catalogue.change_course(
            actor=SYSTEM, now=NOW, course=course, version=1, values={"title": "Fra skærmen"}
        ),
    )


@pytest.mark.usefixtures("meet")
def test_one_is_first_and_the_other_is_told(course: Course) -> None:
    listed, screen = both(course, upload("Fagnr;Titel\n47592;Fra listen\n"))
    course.refresh_from_db()
    assert [type(listed), type(screen)].count(Conflict) == 1
    assert course.title == ("Fra skærmen" if listed else "Fra listen")
    assert course.version == 2


@pytest.mark.usefixtures("meet")
def test_control_without_the_locks_a_correction_is_lost(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite holds its write lock from the beginning of every transaction")
    monkeypatch.setattr(engine, "lock_rows", lambda queryset: list(queryset.order_by("pk")))
    monkeypatch.setattr(catalogue, "lock_row", lambda queryset, pk: queryset.get(pk=pk))
    assert both(course, upload("Fagnr;Titel\n47592;Fra listen\n")) == [None, None]
    course.refresh_from_db()
    assert course.version == 2  # two savings, one version: one of them is lost


def test_the_same_list_is_read_in_once(course: Course) -> None:
    batch = upload("Fagnr;Titel\n47592;Fra listen\n47593;Nyt\n")
    once = lambda: imports.apply(actor=SYSTEM, now=NOW, batch=batch)  # noqa: E731
    outcome = run_together(once, once)
    assert sorted(type(error).__name__ for error in outcome) == ["Conflict", "NoneType"]
    assert Course.objects.count() == 2
    assert Course.objects.get(number="47592").version == 2


def test_two_lists_with_the_same_new_course() -> None:
    one, two = upload("Fagnr;Titel\n47593;Nyt\n"), upload("Fagnr;Titel\n47593;Nyere\n")
    outcome = run_together(
        lambda: imports.apply(actor=SYSTEM, now=NOW, batch=one),
        lambda: imports.apply(actor=SYSTEM, now=NOW, batch=two),
    )
    assert sorted(type(error).__name__ for error in outcome) == ["Conflict", "NoneType"]
    assert Course.objects.count() == 1
    assert ImportBatch.objects.filter(status="applied").count() == 1
