"""What holds for every address: no page of a person is kept, no post goes without its token."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.support import walk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    cache.clear()  # no attempts from other tests
    settings.SAMSPIL_REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def world(shared_world: walk.World) -> walk.World:
    return shared_world


def test_no_page_of_a_person_is_kept_anywhere(world: walk.World) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.people["secretariat"])
    for address in walk.addresses():
        if not address.name or address.name.endswith(":") or address.is_for_everybody:
            continue
        answer = client.get(reverse(address.name, kwargs=address.kwargs(world)))
        if "_auth_user_id" not in client.session:
            client.force_login(world.people["secretariat"])
        assert "no-store" in answer["Cache-Control"], address.name
        assert "private" in answer["Cache-Control"], address.name
        if address.is_for_machines:
            continue  # data for programs: nothing to frame
        assert answer["X-Frame-Options"] == "DENY", address.name
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], address.name
        # What a meeting's viewers ask each second says no more than the pass in its address.
        assert not answer.has_header("ETag") or address.name == "coordination:meeting_now"


def test_the_public_site_knows_nobody(world: walk.World) -> None:
    """It may be kept anywhere, because it is the same for everybody; not with somebody's cookie."""
    client = Client(raise_request_exception=False)
    client.force_login(world.people["secretariat"])
    for address in walk.addresses():
        if address.is_for_everybody:
            url = reverse(address.name, kwargs=address.kwargs(world))
            seen, stranger = client.get(url), Client().get(url)
            assert not stranger.cookies, address.name
            assert not seen.cookies or seen["Cache-Control"] == "private, no-store", address.name
            assert seen.getvalue() == stranger.getvalue(), address.name


def test_every_post_needs_its_token(world: walk.World) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(world.people["secretariat"])
    for address in walk.addresses():
        if not address.name or address.name.endswith(":"):
            continue
        url = reverse(address.name, kwargs=address.kwargs(world))
        if address.is_for_machines:  # somebody's cookies are nobody there
            assert client.post(url).status_code in (401, 405), address.name
            continue
        assert client.post(url).status_code == 403, address.name
        answer = client.post(
            url, HTTP_ORIGIN="https://evil.example", HTTP_REFERER="https://evil.example/"
        )
        assert answer.status_code == 403, address.name


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace", "options"])
def test_other_methods_change_nothing(world: walk.World, method: str) -> None:
    from samspil.kernel.models import AuditEvent

    client = Client(raise_request_exception=False)
    client.force_login(world.people["secretariat"])
    urls = [
        (a.name, reverse(a.name, kwargs=a.kwargs(world)))
        for a in walk.addresses()
        if a.name and not a.name.endswith(":")
    ]
    before = AuditEvent.objects.count()
    for name, url in urls:
        assert getattr(client, method)(url).status_code < 500, name
    assert AuditEvent.objects.count() == before
