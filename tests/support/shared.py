"""A world that the tests of one module share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import override_settings

from tests.support.walk import World, furnished


@contextmanager
def one_world(
    blocker: Any, files: Path, *, first: Callable[[World], None] = lambda world: None
) -> Iterator[World]:
    """A world with the object of every address, made once; ``first`` acts before they are made.

    It stands in a transaction that is rolled back at the end. What a test does in it stands in a
    savepoint and is rolled back after the test, so the objects in memory say how things were when
    the world was made: ask the database for what has changed.

    ``blocker`` is pytest-django's ``django_db_blocker``; ``files`` takes what is stored meanwhile.
    """
    with blocker.unblock(), override_settings(MEDIA_ROOT=files), transaction.atomic():
        world = World()
        first(world)
        yield furnished(world)
        transaction.set_rollback(True)
