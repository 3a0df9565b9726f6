"""Every address, every role: who is let in, and how the others are turned away (house rule 3).

Anonymous: to the sign-in. Outside one's scope: 404. Inside without the right: 403.
Nobody ever: 500.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
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


@dataclass(frozen=True)
class Answer:
    """What somebody got: the status, where to, and whether the audit trail grew."""

    status: int
    to: str
    changed: bool


def answers(address: Address, world: World) -> dict[tuple[str, str], Answer]:
    """What each person (and a visitor) gets by GET and by POST, those with least rights first."""
    url = reverse(address.name, kwargs=address.kwargs(world))
    got = {}
    for who in dict.fromkeys(("visitor", *walk.OUTSIDE, "reader", *world.people)):
        client = world.client(who)
        for method in ("get", "post"):
            before = AuditEvent.objects.count()
            answer = getattr(client, method)(url)
            to = answer.headers.get("Location", "")
            got[who, method] = Answer(answer.status_code, to, AuditEvent.objects.count() != before)
    return got


@pytest.mark.parametrize("address", ADDRESSES, ids=[a.name or a.route for a in ADDRESSES])
def test_every_address_says_who_may_reach_it(address: Address) -> None:
    assert address.needs, f"/{address.route} has no @requires"


def test_every_address_has_a_name_of_its_own() -> None:
    names = [a.name for a in OWN]
    assert len(names) == len(set(names))


@by_name(NAMED)
def test_everybody_meets_what_they_may(address: Address, shared_world: World) -> None:
    got = answers(address, shared_world)
    assert not {who: a.status for who, a in got.items() if a.status >= 500}
    if address.is_library:
        return
    a_visitor_is_sent_to_the_sign_in(address, got)
    outside_ones_scope_there_is_nothing(address, got)
    a_reader_changes_nothing(address, got)


def a_visitor_is_sent_to_the_sign_in(address: Address, got: dict[tuple[str, str], Answer]) -> None:
    for method in ("get", "post"):
        answer = got["visitor", method]
        if address.needs == TOKEN:  # whoever holds a key is walked in tests/api
            assert answer.status in {401, 405}
        elif address.needs != PUBLIC:
            assert answer.status in {302, 403}, f"{method} {answer.status}"
            if answer.status == 302:
                assert answer.to.startswith(reverse("account_login"))


def outside_ones_scope_there_is_nothing(
    address: Address, got: dict[tuple[str, str], Answer]
) -> None:
    if address.needs in {PUBLIC, TOKEN} or not address.parameters:
        return
    if address.name.startswith(walk.COMMON_TO_ALL):
        return
    seen = {key: answer.status for key, answer in got.items() if key[0] in walk.OUTSIDE}
    assert set(seen.values()) <= {404, 405}, seen
    assert 404 in seen.values(), seen


def a_reader_changes_nothing(address: Address, got: dict[tuple[str, str], Answer]) -> None:
    """What the pages answer differs (a form with faults, a message, 403); that nothing happened
    does not: every change stands on the audit trail."""
    if address.needs != PUBLIC:
        assert not got["reader", "post"].changed
        assert not got["reader", "get"].changed


@by_name([a for a in OWN if a.needs not in {PUBLIC, LOGIN, TOKEN}])
def test_a_special_need_is_documented(address: Address) -> None:
    """``@requires`` takes PUBLIC, LOGIN, TOKEN, or the name of an action."""
    from samspil.kernel.actions import ACTIONS

    assert address.needs in ACTIONS
