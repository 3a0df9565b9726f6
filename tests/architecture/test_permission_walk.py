"""Every address, every role: who is let in, and how the others are turned away (house rule 3).

Anonymous: to the sign-in. Outside one's scope: 404. Inside without the right: 403.
Nobody ever: 500.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from samspil.kernel.http import LOGIN, PUBLIC, TOKEN
from samspil.kernel.models import AuditEvent
from tests.support import walk
from tests.support.walk import Address, World

ADDRESSES = list(walk.addresses())
NAMED = [a for a in ADDRESSES if a.name and not a.name.endswith(":")]
OWN = [a for a in NAMED if not a.is_library]

pytestmark = pytest.mark.django_db


def by_name(addresses: list[Address]) -> Any:
    return pytest.mark.parametrize("address", addresses, ids=[a.name for a in addresses])


@pytest.fixture
def world() -> World:
    return World()


def visit(person: Any, method: str, url: str) -> int:
    """The status that the person (``None``: a visitor) gets."""
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    return int(getattr(client, method)(url).status_code)


@pytest.mark.parametrize("address", ADDRESSES, ids=[a.name or a.route for a in ADDRESSES])
def test_every_address_says_who_may_reach_it(address: Address) -> None:
    assert address.needs, f"/{address.route} has no @requires"


def test_every_address_has_a_name_of_its_own() -> None:
    names = [a.name for a in OWN]
    assert len(names) == len(set(names))


@by_name(OWN)
def test_a_visitor_is_sent_to_the_sign_in(address: Address, world: World) -> None:
    url = reverse(address.name, kwargs=address.kwargs(world))
    for method in ("get", "post"):
        response = getattr(Client(raise_request_exception=False), method)(url)
        if address.needs == PUBLIC:
            assert response.status_code < 500
        elif address.needs == TOKEN:  # whoever holds a key is walked in tests/api
            assert response.status_code in {401, 405}
        else:
            assert response.status_code in {302, 403}, f"{method} {response.status_code}"
            if response.status_code == 302:
                assert response["Location"].startswith(reverse("account_login"))


@by_name(
    [
        a
        for a in OWN
        if a.needs not in {PUBLIC, TOKEN}
        and a.parameters
        and not a.name.startswith(walk.COMMON_TO_ALL)
    ]
)
def test_outside_ones_scope_there_is_nothing(address: Address, world: World) -> None:
    url = reverse(address.name, kwargs=address.kwargs(world))
    got = {
        f"{who} {method}": visit(world.people[who], method, url)
        for who in walk.OUTSIDE
        for method in ("get", "post")
    }
    assert set(got.values()) <= {404, 405}, got
    assert 404 in got.values(), got


@by_name([a for a in OWN if a.needs != PUBLIC])
def test_a_reader_changes_nothing(address: Address, world: World) -> None:
    """What the pages answer differs (a form with faults, a message, 403); that nothing happened
    does not: every change stands on the audit trail."""
    url = reverse(address.name, kwargs=address.kwargs(world))
    before = AuditEvent.objects.count()
    visit(world.people["reader"], "post", url)
    assert AuditEvent.objects.count() == before


@by_name(NAMED)
def test_nobody_meets_an_error(address: Address, world: World) -> None:
    url = reverse(address.name, kwargs=address.kwargs(world))
    got = {
        f"{who} {method}": visit(person, method, url)
        for who, person in {**world.people, "visitor": None}.items()
        for method in ("get", "post")
    }
    broken = {who: status for who, status in got.items() if status >= 500}
    assert not broken


@by_name([a for a in OWN if a.needs not in {PUBLIC, LOGIN, TOKEN}])
def test_a_special_need_is_documented(address: Address) -> None:
    """``@requires`` takes PUBLIC, LOGIN, TOKEN, or the name of an action."""
    from samspil.kernel.actions import ACTIONS

    assert address.needs in ACTIONS
