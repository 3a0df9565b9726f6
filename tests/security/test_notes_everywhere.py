"""No page and no file shows a school's free text to those who may not read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from tests.security.test_notes import says_it, written
from tests.support import walk
from tests.support.shared import one_world
from tests.support.walk import World

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def shared_world(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    files = tmp_path_factory.mktemp("world")
    with one_world(django_db_blocker, files, first=written) as world:
        yield world


def readable() -> list[walk.Address]:
    own = (a for a in walk.addresses() if a.name and not a.name.endswith(":") and not a.is_library)
    return [a for a in own if a.parameters]


@pytest.mark.parametrize("address", readable(), ids=[a.name for a in readable()])
def test_a_curious_colleague_finds_it_nowhere(address: walk.Address, shared_world: World) -> None:
    """Every page and file of the system, asked for by another school and by the network's reader."""
    url = reverse(address.name, kwargs=address.kwargs(shared_world))
    for who in ("other coordinator", "reader"):
        assert not says_it(shared_world.client(who).get(url)), f"{who} reads it at {url}"
