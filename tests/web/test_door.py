"""The one-click door of the example: who stands there, and that nobody else gets through."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from samspil.kernel import roles
from samspil.network.models import Organisation, Person, RoleAssignment

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.example_site")]


@pytest.fixture(autouse=True)
def _example(settings: Any) -> None:
    settings.EXAMPLE_DOOR = True


def person(name: str, role: str, school: str, *, constructed: bool = True) -> Person:
    organisation, _ = Organisation.objects.get_or_create(key=school.lower(), name=school)
    made = Person.objects.create_user(
        f"{name.lower()}@example.test", name=name, is_constructed=constructed
    )
    RoleAssignment.objects.create(person=made, role=role, organisation=organisation)
    return made


def test_the_front_page_leads_to_the_door(client: Client) -> None:
    assert client.get("/").headers["location"] == "/proev/"


def test_each_role_is_a_button_and_the_rest_are_folded(client: Client) -> None:
    person("Anna", roles.SCHOOL_COORDINATOR, "Østby")
    person("Bodil", roles.SCHOOL_LEADER, "Østby")
    person("Carl", roles.SCHOOL_COORDINATOR, "Vestby")
    person("Virkelig", roles.SCHOOL_LEADER, "Østby", constructed=False)
    html = client.get("/proev/").content.decode()
    first, folded = html.split('<details class="fold">')
    assert first.count("Log ind som") == 2
    assert "Skolekoordinator, Østby" in first
    assert "Skoleleder, Østby" in first
    assert "Skolekoordinator, Vestby" in folded
    assert "Virkelig" not in html


def test_one_click_signs_in_and_another_changes_role(client: Client) -> None:
    first = person("Anna", roles.SCHOOL_COORDINATOR, "Østby")
    second = person("Bodil", roles.SCHOOL_LEADER, "Vestby")
    html = client.post(f"/proev/{first.pk}/", follow=True).content.decode()
    assert "Skolekoordinator, Østby" in html
    assert "Skift rolle" in html
    html = client.post(f"/proev/{second.pk}/", follow=True).content.decode()
    assert "Skoleleder, Vestby" in html


def test_looking_signs_nobody_in(client: Client) -> None:
    anna = person("Anna", roles.SCHOOL_COORDINATOR, "Østby")
    assert client.get(f"/proev/{anna.pk}/").status_code == 405
    assert "_auth_user_id" not in client.session


def test_a_real_person_does_not_stand_behind_the_door(client: Client) -> None:
    real = person("Virkelig", roles.SCHOOL_LEADER, "Østby", constructed=False)
    assert client.post(f"/proev/{real.pk}/").status_code == 404
    assert client.post("/proev/999999/").status_code == 404


def test_an_empty_example_says_what_to_do(client: Client) -> None:
    assert "Start med »make run«" in client.get("/proev/").content.decode()


def test_the_door_takes_a_token() -> None:
    anna = person("Anna", roles.SCHOOL_COORDINATOR, "Østby")
    assert Client(enforce_csrf_checks=True).post(f"/proev/{anna.pk}/").status_code == 403
