"""Keys: shown once, kept as a hash, good for what they were made for and no longer than that."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from samspil.api.domain import keys
from samspil.api.domain.keys import find, make_key, revoke_key
from samspil.api.models import ApiKey
from samspil.kernel import clock, roles
from samspil.kernel.errors import Forbidden, Invalid, NotFound
from samspil.kernel.models import AuditEvent
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun
from tests.factories.agreements import AgreementCase
from tests.factories.api import Api, key_for
from tests.factories.board import make_person
from tests.factories.public import make_open_run


def new(kit: AgreementCase, **values: Any) -> keys.Made:
    given: dict[str, Any] = {
        "actor": kit.case.coordinator(),
        "now": clock.now(),
        "owner": kit.case.schools[0],
        "name": "Hjemmesiden",
        "scopes": ["rounds:read"],
        "expires_on": clock.today() + timedelta(days=30),
        **values,
    }
    return make_key(**given)


def test_only_the_hash_is_kept(kit: AgreementCase) -> None:
    made = new(kit)
    row = ApiKey.objects.get()
    assert re.fullmatch(r"samspil_[a-z2-7]{8}_[\w-]{43}", made.text)
    secret = made.text.rsplit("_", 1)[-1]
    stored = " ".join(str(value) for value in ApiKey.objects.values().get().values())
    assert secret not in stored
    assert made.text.split("_")[1] == row.prefix
    told = AuditEvent.objects.get(verb="api.make_key")
    assert secret not in str(told.after)
    assert find(made.text, now=clock.now()) == row


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text.replace("samspil", "Samspil"),
        lambda text: text + " ",
        lambda _text: "",
        lambda _text: "samspil_aaaaaaaa_" + "x" * 43,
    ],
)
def test_nothing_else_opens(kit: AgreementCase, spoil: Any) -> None:
    made = new(kit)
    assert find(spoil(made.text), now=clock.now()) is None


def test_it_ends_at_the_end_of_its_last_day(kit: AgreementCase) -> None:
    made = new(kit, expires_on=clock.today() + timedelta(days=1))
    last = clock.start_of(clock.today() + timedelta(days=2)) - timedelta(seconds=1)
    assert find(made.text, now=last) is not None
    assert find(made.text, now=last + timedelta(seconds=1)) is None


def test_a_revoked_key_opens_nothing_and_says_so_once(kit: AgreementCase) -> None:
    made = new(kit)
    api = Api(made.text)
    assert api.get("me").status_code == 200
    for _click in range(2):
        revoke_key(actor=kit.case.coordinator(), now=clock.now(), key=made.key)
    assert AuditEvent.objects.filter(verb="api.revoke_key").count() == 1
    response = api.get("me")
    assert response.status_code == 401
    assert (
        api.get("courses").status_code == 401
    )  # whoever sends a key wants to know that it is dead


def test_a_school_that_is_closed_has_no_keys(kit: AgreementCase) -> None:
    made = new(kit)
    school = kit.case.schools[0]
    school.valid_to = clock.today() - timedelta(days=1)
    school.save(update_fields=["valid_to"])
    assert find(made.text, now=clock.now()) is None


def test_who_may_make_a_key(kit: AgreementCase) -> None:
    reader = make_person("Læser", roles.READER, organisation=kit.case.schools[0])
    from samspil.network.domain.actors import actor_for

    for actor in (
        kit.case.coordinator(1),
        kit.case.secretariat,
        actor_for(reader, today=clock.today()),
    ):
        with pytest.raises(Forbidden):
            new(kit, actor=actor)
    assert new(kit, actor=kit.leader(0))
    assert new(kit, actor=kit.case.secretariat, owner=kit.case.network)
    with pytest.raises(Forbidden):
        new(kit, owner=kit.case.network)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"scopes": ["alt"]}, "scopes"),
        ({"expires_on": clock.today()}, "expires_on"),
        ({"expires_on": clock.today() + timedelta(days=800)}, "expires_on"),
    ],
)
def test_what_a_key_cannot_be(kit: AgreementCase, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        new(kit, **values)
    assert refused.value.field == field


def test_a_networks_key_has_no_schools_scopes(kit: AgreementCase) -> None:
    with pytest.raises(Invalid):
        new(
            kit,
            actor=kit.case.secretariat,
            owner=kit.case.network,
            scopes=["runs:write"],
        )


def test_the_same_form_makes_one_key(kit: AgreementCase) -> None:
    new(kit, nonce="abc")
    with pytest.raises(Invalid):
        new(kit, nonce="abc")
    assert new(kit, nonce="abd")


def test_a_key_acts_for_its_owner_alone_and_no_further(kit: AgreementCase) -> None:
    key = new(kit, scopes=["rounds:read", "runs:write"]).key
    reading = keys.actor_of(key, "rounds:read")
    (grant,) = reading.grants
    assert (grant.role, grant.organisation_id) == (roles.READER, kit.case.schools[0].pk)
    assert reading.person_id is None
    assert not reading.is_platform_admin
    (grant,) = keys.actor_of(key, "runs:write").grants
    assert grant.role == roles.SCHOOL_COORDINATOR


def test_when_it_was_last_used_is_written_now_and_then(kit: AgreementCase) -> None:
    made = new(kit)
    api = Api(made.text)
    api.get("me")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    api.get("me")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=clock.now() - timedelta(minutes=6))
    api.get("me")
    assert ApiKey.objects.get().last_used_at > first


def test_the_whole_way_on_the_pages(kit: AgreementCase, client: Client) -> None:
    client.force_login(kit.case.people[0])
    assert "Ingen nøgler" in client.get("/api/noegler/").content.decode()
    form = client.get("/api/noegler/ny/").content.decode()
    nonce = re.search(r'name="nonce" value="(\w+)"', form)
    assert nonce is not None
    data = {
        "nonce": nonce[1],
        "owner": f"o{kit.case.schools[0].pk}",
        "name": "Hjemmesiden",
        "scopes": ["runs:read", "rounds:read"],
        "expires_on": f"{clock.today() + timedelta(days=10):%d-%m-%Y}",
    }
    wrong = client.post("/api/noegler/ny/", {**data, "expires_on": "31-12-2999"})
    assert "højst to år frem" in wrong.content.decode()
    made = client.post("/api/noegler/ny/", data)
    text = re.search(r"samspil_\w{8}_[\w-]{43}", made.content.decode())
    assert text is not None
    assert made["Cache-Control"] == "private, no-store"
    assert Api(text[0]).json("me")["scopes"] == ["rounds:read", "runs:read"]
    again = client.post("/api/noegler/ny/", data)
    assert "allerede lavet" in again.content.decode()
    listed = client.get("/api/noegler/").content.decode()
    assert text[0] not in listed
    assert f"samspil_{text[0].split('_')[1]}_" in listed
    key = ApiKey.objects.get()
    assert client.get(f"/api/noegler/{key.pk}/tilbagekald/").status_code == 200
    assert client.post(f"/api/noegler/{key.pk}/tilbagekald/").status_code == 302
    assert "Tilbagekaldt" in client.get("/api/noegler/").content.decode()
    client.force_login(kit.case.people[1])
    assert client.get(f"/api/noegler/{key.pk}/tilbagekald/").status_code == 404
    assert "Hjemmesiden" not in client.get("/api/noegler/").content.decode()


def test_the_documentation_lists_every_operation(kit: AgreementCase, client: Client) -> None:
    from samspil.api.urls import served

    page = client.get("/api/").content.decode()
    for path in served.document()["paths"]:
        assert f"<code>{path}</code>" in page
    assert "<script" not in page.split("</head>")[1]
    assert 'id="fejl-422"' in page


# ---------------------------------------------------------------- a school's own runs


def plan(kit: AgreementCase, **values: Any) -> dict[str, Any]:
    start = clock.today() + timedelta(days=40)
    return {
        "course": kit.case.rows[0].course.number,
        "capacity": 16,
        "minimum": 8,
        "periods": [{"kind": "dates", "dates": [str(start), str(start + timedelta(days=1))]}],
        "street": "Skolevej 1",
        "postcode": "8000",
        "city": "Aarhus C",
        "deadline_on": str(start - timedelta(days=14)),
        **values,
    }


def test_a_run_is_planned_announced_changed_and_cancelled(kit: AgreementCase) -> None:
    api = key_for(kit, "runs:read", "runs:write")
    made = api.send("POST", "own/runs", plan(kit), **{"Idempotency-Key": "k1"})
    assert made.status_code == 201, made.content
    run = made.json()
    assert (run["status"], run["capacity"], run["minimum"]) == ("planned", 16, 8)
    again = api.send("POST", "own/runs", plan(kit), **{"Idempotency-Key": "k1"})
    assert again.json()["id"] == run["id"]
    assert Api().get(f"runs/{run['id']}").status_code == 404
    at = f"own/runs/{run['id']}"
    told = api.send("POST", f"{at}/announce", {"version": run["version"]})
    assert told.status_code == 200, told.content
    assert told.json()["status"] == "announced"
    assert Api().json(f"runs/{run['id']}")["capacity"] == 16
    changed = api.send("PATCH", at, {"version": told.json()["version"], "capacity": 20})
    assert (changed.status_code, changed.json()["capacity"]) == (200, 20)
    assert changed.json()["street"] == "Skolevej 1"
    stale = api.send("PATCH", at, {"version": run["version"], "capacity": 21})
    assert (stale.status_code, stale["Content-Type"]) == (409, "application/problem+json")
    gone = api.send(
        "POST", f"{at}/cancel", {"version": changed.json()["version"], "reason": "For få"}
    )
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    assert Api().get(f"runs/{run['id']}").status_code == 404
    verbs = AuditEvent.objects.filter(actor_label__startswith="API: Prøven").values_list(
        "verb", flat=True
    )
    assert {"runs.plan_run", "runs.announce_run", "runs.change_run", "runs.cancel_run"} <= set(
        verbs
    )


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"course": "99999"}, "course"),
        ({"capacity": 0}, "capacity"),
        ({"minimum": 20}, "minimum"),
        ({"capacity": "mange"}, "capacity"),
        ({"periods": []}, "periods"),
        ({"ukendt": 1}, "ukendt"),
        ({"city": "a\0b"}, "city"),
    ],
)
def test_what_is_wrong_with_a_run_is_told_at_its_field(
    kit: AgreementCase, values: dict[str, Any], where: str
) -> None:
    api = key_for(kit, "runs:write")
    response = api.send("POST", "own/runs", plan(kit, **values))
    assert response.status_code == 422, response.content
    assert where in response.json()["errors"][0]["where"]
    assert CourseRun.objects.count() == 4


def test_reading_is_not_writing_and_one_school_is_not_another(kit: AgreementCase) -> None:
    reader = key_for(kit, "runs:read")
    assert reader.send("POST", "own/runs", plan(kit)).status_code == 403
    other = key_for(kit, "runs:read", "runs:write", school=1)
    mine = make_open_run(
        kit.case.rows[0].course, kit.case.schools[0], status=RunStatus.PLANNED, is_own=True
    )
    assert reader.json(f"own/runs/{mine.pk}")["status"] == "planned"
    for method, path, data in (
        ("GET", f"own/runs/{mine.pk}", None),
        ("PATCH", f"own/runs/{mine.pk}", {"version": 1, "capacity": 3}),
        ("POST", f"own/runs/{mine.pk}/announce", {"version": 1}),
        ("POST", f"own/runs/{mine.pk}/cancel", {"version": 1, "reason": "x"}),
    ):
        assert other.send(method, path, data).status_code == 404, (method, path)
    mine.refresh_from_db()
    assert (mine.capacity, mine.status) == (20, "planned")
    ids = {run["id"] for run in reader.json("own/runs", limit=200)["items"]}
    assert ids == set(
        CourseRun.objects.filter(organisation=kit.case.schools[0]).values_list("pk", flat=True)
    )
    assert [r["id"] for r in reader.json("own/runs", status="planned")["items"]] == [mine.pk]


def test_a_run_from_a_list_is_not_changed_here(kit: AgreementCase) -> None:
    api = key_for(kit, "runs:read", "runs:write")
    read_in = CourseRun.objects.get(organisation=kit.case.schools[0])
    response = api.send("PATCH", f"own/runs/{read_in.pk}", {"version": 1, "capacity": 3})
    assert response.status_code in {403, 404, 409, 422}
    read_in.refresh_from_db()
    assert read_in.capacity == 20


def test_a_network_has_no_runs_of_its_own(kit: AgreementCase) -> None:
    with pytest.raises(NotFound):
        from samspil.api.domain.keyed import own_school
        from samspil.kernel.actor import Actor

        own_school(Actor.anonymous())
