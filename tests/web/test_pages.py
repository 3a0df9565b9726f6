"""The front page, the header, the choice of whom one acts for, languages, and error pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from samspil.kernel import roles, tasks
from samspil.kernel.actor import Actor
from samspil.kernel.models import AuditEvent
from samspil.kernel.tasks import Task
from samspil.network.domain.actors import actor_for
from samspil.network.enums import OrganisationKind
from samspil.network.models import Membership, Network, Organisation, Person, RoleAssignment

pytestmark = pytest.mark.django_db


@pytest.fixture
def network() -> Network:
    return Network.objects.create(key="proeve", name="Prøvekredsen", short_name="PK")


def school(network: Network, name: str) -> Organisation:
    organisation = Organisation.objects.create(
        key=name.lower(), name=name, kind=OrganisationKind.SCHOOL
    )
    Membership.objects.create(network=network, organisation=organisation)
    return organisation


@pytest.fixture
def person(network: Network) -> Person:
    person = Person.objects.create_user("inge@example.test", name="Inge Prøve")
    RoleAssignment.objects.create(
        person=person, role=roles.SCHOOL_COORDINATOR, organisation=school(network, "Østby")
    )
    return person


@pytest.fixture
def known(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def own_tasks(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """The only tasks there are."""
    found: list[Task] = []
    monkeypatch.setattr(tasks, "_SOURCES", {"proeve": lambda actor, today: list(found)})
    return found


def test_a_visitor_is_shown_to_the_sign_in(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 302
    assert response.headers["location"] == reverse("account_login")


def test_tasks_stand_in_order_of_deadline(known: Client, own_tasks: list[Task]) -> None:
    own_tasks += [
        Task(title="Uden frist", url="/a/", context="PK"),
        Task(title="Sidst", url="/b/", context="PK", due_on=date(2099, 1, 1)),
        Task(title="Først", url="/c/", context="PK", due_on=date(2020, 1, 1), detail="Østby"),
    ]
    html = known.get("/").content.decode()
    assert html.index("Først") < html.index("Sidst") < html.index("Uden frist")
    assert "3 opgaver venter på dig." in html
    assert '<b class="count">3</b>' in html
    assert "over fristen" in html


def test_a_remembered_count_holds_until_something_changes(
    person: Person, own_tasks: list[Task]
) -> None:
    from samspil.network.domain.languages import choose_language
    from samspil.web.domain import header

    today = date(2027, 1, 12)
    actor = actor_for(person, today=today)
    assert header.count_waiting(actor, today) == 0
    own_tasks.append(Task(title="Ny", url="/a/", context="PK"))
    assert header.count_waiting(actor, today) == 0
    choose_language(
        actor=actor, now=datetime(2027, 1, 12, tzinfo=UTC), person=person, language="en"
    )
    assert header.count_waiting(actor, today) == 1


def test_nothing_to_do_says_so(known: Client, own_tasks: list[Task]) -> None:
    html = known.get("/").content.decode()
    assert "Intet venter på dig" in html
    assert 'class="count"' not in html


def test_the_header_names_role_school_and_circle(known: Client) -> None:
    html = known.get("/").content.decode()
    assert "Skolekoordinator, Østby" in html
    assert "Prøvekredsen" in html
    assert "Skift samarbejde" not in html


def test_the_menu_holds_only_pages_that_are_there(known: Client) -> None:
    html = known.get("/").content.decode()
    menu = html.split('class="mainmenu"')[1].split("</ul>")[0]
    assert "Koordinering" in menu
    assert "Job-VEU" not in menu
    assert "Hold og ventelister" not in menu


def test_the_header_costs_the_same_for_one_school_and_many(
    known: Client, person: Person, network: Network, own_tasks: list[Task]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    known.get("/")
    with CaptureQueriesContext(connection) as one:
        known.get("/")
    for number in range(8):
        RoleAssignment.objects.create(
            person=person, role=roles.SCHOOL_LEADER, organisation=school(network, f"Skole{number}")
        )
    with CaptureQueriesContext(connection) as many:
        known.get("/")
    assert len(many) == len(one)


def test_one_chooses_whom_one_acts_for(known: Client, person: Person, network: Network) -> None:
    other = school(network, "Vestby")
    RoleAssignment.objects.create(person=person, role=roles.SCHOOL_LEADER, organisation=other)
    page = known.get("/skift/").content.decode()
    assert "Vestby" in page
    assert "Skoleleder" in page
    response = known.post("/skift/", {"organisation": other.pk, "next": "https://onde.example/"})
    assert response.headers["location"] == "/"
    assert "Skoleleder, Vestby" in known.get("/").content.decode()


def test_one_cannot_act_for_a_strange_school(known: Client, network: Network) -> None:
    strange = school(network, "Fremmed")
    assert known.post("/skift/", {"organisation": strange.pk}).status_code == 400
    assert "Skolekoordinator, Østby" in known.get("/").content.decode()


def test_the_circle_in_the_header_can_be_chosen(
    known: Client, person: Person, network: Network
) -> None:
    other = Network.objects.create(key="anden", name="Den anden kreds", short_name="AK")
    Membership.objects.create(network=other, organisation=Organisation.objects.get(key="østby"))
    known.post("/skift/", {"network": network.pk})
    assert "Prøvekredsen</a>" in known.get("/").content.decode()
    known.post("/skift/", {"network": other.pk})
    html = known.get("/").content.decode()
    assert "Den anden kreds</a>" in html
    assert "Skift samarbejde" in html


def test_the_language_follows_the_account(known: Client, person: Person) -> None:
    response = known.post("/sprog/", {"language": "en", "next": "/min-konto/"})
    assert response.headers["location"] == "/min-konto/"
    person.refresh_from_db()
    assert person.language == "en"
    assert AuditEvent.objects.filter(verb="network.choose_language").count() == 1
    assert '<html lang="en">' in known.get("/").content.decode()
    elsewhere = Client()
    elsewhere.force_login(person)
    assert '<html lang="en">' in elsewhere.get("/").content.decode()


def test_a_visitor_chooses_a_language_for_the_browser(client: Client) -> None:
    client.post("/sprog/", {"language": "en"})
    assert '<html lang="en">' in client.get("/konto/login/").content.decode()
    assert client.post("/sprog/", {"language": "xx"}).status_code == 400


def test_danish_is_not_the_browsers_to_change(client: Client) -> None:
    html = client.get("/konto/login/", headers={"accept-language": "en-US"}).content.decode()
    assert '<html lang="da">' in html


def test_my_account_shows_roles_and_second_factor(known: Client) -> None:
    html = known.get("/min-konto/").content.decode()
    assert "Østby" in html
    assert "Du har ikke sat to-trins-login op" in html


def test_a_page_that_is_not_there(known: Client) -> None:
    response = known.get("/findes-ikke/")
    assert response.status_code == 404
    assert "Siden findes ikke" in response.content.decode()
    assert "Mine opgaver" in response.content.decode()


def test_a_stale_form_is_explained() -> None:
    response = Client(enforce_csrf_checks=True).post("/konto/login/", {"login": "x"})
    assert response.status_code == 403
    assert "Siden var for gammel" in response.content.decode()


def test_the_page_for_our_own_mistakes_needs_nothing() -> None:
    from django.template.loader import get_template

    html = get_template("500.html").render()
    assert "Noget gik galt hos os" in html
    assert "Mine opgaver" not in html


@pytest.mark.parametrize("code", ["400", "403", "404", "409", "413", "429", "500"])
def test_error_pages_say_what_happened_and_what_to_do(code: str) -> None:
    from django.template.loader import get_template

    html = get_template(f"{code}.html").render({"message": "Kun det her."})
    assert "Kun det her." in html
    assert get_template(f"{code}.html").render().count("<p>") >= 2


def test_the_door_is_shut_outside_the_example(client: Client) -> None:
    assert not settings.EXAMPLE_DOOR
    assert client.get("/proev/").status_code == 404
    assert client.post("/proev/1/").status_code == 404


def test_the_door_itself_refuses_elsewhere() -> None:
    """Even if somebody routed to it."""
    from django.http import Http404
    from django.test import RequestFactory

    from samspil.web.views import example_door

    request = RequestFactory().get("/proev/")
    request.actor = Actor.anonymous()  # type: ignore[attr-defined]
    with pytest.raises(Http404):
        example_door.door(request)


def test_the_door_lets_only_constructed_people_in(settings: Any, person: Person) -> None:
    from samspil.web.domain.door import door_person, door_roles

    assert door_person(person.pk) is None
    assert door_roles(today=date(2027, 1, 1)) == []
    Person.objects.filter(pk=person.pk).update(is_constructed=True)
    assert door_person(person.pk) == person
    assert [role.title for role in door_roles(today=date(2027, 1, 1))] == [
        "Skolekoordinator, Østby"
    ]


def test_a_platform_administrator_is_named_without_a_school() -> None:
    admin = Person.objects.create_user("drift@example.test", name="Frederik")
    RoleAssignment.objects.create(person=admin, role=roles.PLATFORM_ADMIN)
    client = Client()
    client.force_login(admin)
    assert "Platformsadministrator" in client.get("/").content.decode()


def test_somebody_without_a_role_still_gets_a_page() -> None:
    client = Client()
    client.force_login(Person.objects.create_user("ny@example.test", name="Ny"))
    html = client.get("/").content.decode()
    assert "Uden rolle" in html
