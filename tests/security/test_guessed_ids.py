"""The curious colleague: addresses and hidden fields with the ids of others.

Whoever it is, what is asked for is one's own round, school or page, and somewhere in it stands an
id of another school, another round or another network. Nothing happens and nothing is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from samspil.coordination.models import Proposal, ProposalLine
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.network.models import RoleAssignment
from tests.factories.board import NOW, RoundCase
from tests.support import walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(shared_world: walk.World) -> walk.World:
    return shared_world


def client_of(person: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def line(case: RoundCase) -> ProposalLine:
    proposal = Proposal.objects.create(round=case.round, created_at=NOW, status="ready")
    return ProposalLine.objects.create(
        proposal=proposal,
        round_course=case.rows[0],
        organisation=case.schools[0],
        role="own",
        reason="",
    )


# ------------------------------------------------ addresses with one's own first and theirs after

Mixed = tuple[str, Callable[[RoundCase, RoundCase], list[Any]], dict[str, Any]]
MIXED: list[Mixed] = [
    ("cell", lambda w, t: [w.round.pk, t.rows[0].pk, w.schools[0].pk], {"quick": "2", "version": 0}),
    ("cell", lambda w, t: [w.round.pk, w.rows[0].pk, t.schools[0].pk], {"quick": "2", "version": 0}),
    ("cell", lambda w, t: [t.round.pk, w.rows[0].pk, w.schools[0].pk], {"quick": "2", "version": 0}),
    ("course", lambda w, t: [w.round.pk, t.rows[0].pk], {}),
    ("comment", lambda w, t: [w.round.pk, t.rows[0].pk], {"text": "x"}),
    ("external", lambda w, t: [w.round.pk, t.rows[0].pk], {}),
    ("external_document", lambda w, t: [w.round.pk, t.rows[0].pk], {}),
    ("remove_external", lambda w, t: [w.round.pk, t.rows[0].pk], {"reason": "x"}),
    ("archive_course", lambda w, t: [w.round.pk, t.rows[0].pk], {"reason": "x"}),
    ("bring_back", lambda w, t: [w.round.pk, t.rows[0].pk], {}),
    ("form", lambda w, t: [w.round.pk, t.schools[0].pk], {}),
    ("save_lines", lambda w, t: [w.round.pk, t.schools[0].pk], {}),
    ("submit_form", lambda w, t: [w.round.pk, t.schools[0].pk], {"version": "1"}),
    ("form_workbook", lambda w, t: [w.round.pk, t.schools[0].pk], {}),
    ("reopen_form", lambda w, t: [w.round.pk, t.schools[0].pk], {"reason": "x"}),
    ("return_upload", lambda w, t: [w.round.pk, t.schools[0].pk], {}),
    ("board", lambda w, t: [w.round.pk, t.fkb.fkb.number], {}),
    ("overview", lambda w, t: [w.round.pk, t.fkb.fkb.number], {}),
    ("overview_xlsx", lambda w, t: [w.round.pk, t.fkb.fkb.number], {}),
    ("freeze", lambda w, t: [w.round.pk, t.fkb.fkb.number], {}),
    ("make_agreement", lambda w, t: [w.round.pk, t.fkb.fkb.number], {}),
    ("reopen_overview", lambda w, t: [w.round.pk, t.fkb.fkb.number], {"reason": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "args", "data"), MIXED, ids=[f"{m[0]}-{i}" for i, m in enumerate(MIXED)]
)
@pytest.mark.parametrize("who", ["secretariat", "coordinator"])
def test_their_part_under_our_round_is_not_there(
    world: walk.World, who: str, name: str, args: Any, data: dict[str, Any]
) -> None:
    url = reverse(f"coordination:{name}", args=args(world.inside, world.outside))
    client = client_of(world.people[who])
    before = AuditEvent.objects.count()
    got = {client.get(url).status_code, client.post(url, data).status_code}
    assert got <= {404, 405, 403}
    assert 404 in got or 403 in got
    assert AuditEvent.objects.count() == before


def test_a_change_of_theirs_is_not_undone_under_our_round(world: walk.World) -> None:
    client = client_of(world.people["outside secretariat"])
    url = reverse("coordination:undo", args=[world.outside.round.pk, world.change_set.pk])
    assert client.post(url).status_code == 404


# ------------------------------------------------------- ids of others in the fields of a form

Filled = tuple[str, Callable[[walk.World], list[Any]], Callable[[walk.World], dict[str, Any]]]
FILLED: list[Filled] = [
    ("coordination:add_to_round", lambda w: [w.inside.round.pk],
     lambda w: {"fkbs": w.outside.fkb.fkb_id, "schools": w.outside.schools[0].pk}),
    ("coordination:remove_fkb", lambda w: [w.inside.round.pk],
     lambda w: {"fkb": w.outside.fkb.fkb.number}),
    ("coordination:remind", lambda w: [w.inside.round.pk],
     lambda w: {"school": w.outside.schools[0].pk}),
    ("coordination:ask_proposal", lambda w: [w.inside.round.pk],
     lambda w: {"fkb": w.outside.fkb.pk}),
    ("coordination:use_proposal", lambda w: [line(w.inside).proposal_id],
     lambda w: {"lines": line(w.outside).pk}),
    ("coordination:use_proposal", lambda w: [line(w.inside).proposal_id],
     lambda w: {"all": "1", "fkb": w.outside.fkb.pk}),
    ("coordination:reject_proposal", lambda w: [line(w.inside).proposal_id],
     lambda w: {"lines": line(w.outside).pk}),
    ("coordination:save_lines", lambda w: [w.inside.round.pk, w.school.pk],
     lambda w: {f"runs-{w.outside.rows[0].pk}": "2", f"seen-{w.outside.rows[0].pk}": "0"}),
    ("coordination:form", lambda w: [w.inside.round.pk, w.school.pk],
     lambda w: {f"runs-{w.outside.rows[0].pk}": "2", f"offers-{w.outside.rows[0].pk}": "ja"}),
    ("coordination:open_round", lambda w: [w.inside.network.pk],
     lambda w: {"fkbs": w.outside.fkb.fkb_id, "schools": w.outside.schools[0].pk,
                "copy_from": w.outside.round.pk, "forms_due_on": "1-2-2027",
                "meeting_on": "1-3-2027", "signed_by_on": "1-6-2027", "low_activity_below": "1"}),
    ("network:add_member", lambda w: [w.inside.network.pk],
     lambda w: {"organisation": w.outside.schools[0].pk, "kind": "member"}),
    ("network:organisation_merge", lambda w: [w.school.pk],
     lambda w: {"successor": w.outside.schools[0].pk, "on": "1-8-2027"}),
    ("web:switch", lambda w: [], lambda w: {"organisation": w.outside.schools[0].pk}),
    ("web:switch", lambda w: [], lambda w: {"network": w.outside.network.pk}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "args", "data"), FILLED, ids=[f"{f[0]}-{i}" for i, f in enumerate(FILLED)]
)
@pytest.mark.parametrize("who", ["secretariat", "coordinator", "leader"])
def test_an_id_of_theirs_in_our_form_does_nothing(
    world: walk.World, who: str, name: str, args: Any, data: Any
) -> None:
    url = reverse(name, args=args(world))
    posted = data(world)
    client = client_of(world.people[who])
    before = AuditEvent.objects.count(), MailMessage.objects.count()
    answer = client.post(url, posted)
    assert answer.status_code < 500
    made = AuditEvent.objects.order_by("pk")[before[0] :]
    assert [event.verb for event in made] == []
    assert MailMessage.objects.count() == before[1]
    assert client.session.get("acting_for") != world.outside.schools[0].pk


# ------------------------------------------------------------- another school, the same network


def test_another_schools_form_and_returned_workbook_stay_closed(world: walk.World) -> None:
    neighbour = client_of(world.people["other coordinator"])
    returned, form = world.returned.pk, [world.inside.round.pk, world.school.pk]
    agreement = world.agreement.pk
    before = AuditEvent.objects.count()
    for name, args in (
        ("return", [returned]),
        ("return_file", [returned]),
        ("undo_return", [returned]),
        ("discard_return", [returned]),
        ("form", form),
        ("form_workbook", form),
        ("save_lines", form),
        ("submit_form", form),
        ("return_upload", form),
        ("reopen_form", form),
        ("sign", [agreement, world.school.pk]),
        ("decline", [agreement, world.school.pk]),
    ):
        url = reverse(f"coordination:{name}", args=args)
        got = {neighbour.get(url).status_code, neighbour.post(url, {"version": 1}).status_code}
        assert got <= {403, 404, 405}, (name, got)
    assert AuditEvent.objects.count() == before


def test_the_secretariat_does_not_sign_for_a_school(world: walk.World) -> None:
    agreement = world.agreement
    for who in ("secretariat", "coordinator", "reader", "administrator", "other coordinator"):
        client = client_of(world.people[who])
        url = reverse("coordination:sign", args=[agreement.pk, world.school.pk])
        answer = client.post(url, {"content_hash": agreement.content_hash, "example": "1"})
        assert (
            answer.status_code in {403, 404}
            or not agreement.signatures.filter(status="signed").exists()
        ), who
    assert not agreement.signatures.filter(status="signed").exists()


def test_a_leader_gives_and_ends_roles_in_the_own_school_only(world: walk.World) -> None:
    client = client_of(world.people["leader"])
    neighbours = world.inside.schools[1]
    role = RoleAssignment.objects.get(person=world.people["other coordinator"])
    secretariat = RoleAssignment.objects.get(person=world.people["secretariat"])
    invitation = world.invitation.pk
    before = AuditEvent.objects.count()
    person = {"email": "ny@example.test", "name": "Ny", "role": "school_leader"}
    for name, args, data in (
        ("invite_to_organisation", [neighbours.pk], person),
        ("invite_to_network", [world.inside.network.pk], {**person, "role": "secretariat_coordinator"}),
        ("end_role", [role.pk], {}),
        ("end_role", [secretariat.pk], {}),
        ("organisation_edit", [neighbours.pk], {}),
        ("organisation_rename", [neighbours.pk], {"name": "x", "on": "1-1-2027"}),
        ("invite_to_organisation", [world.school.pk], {**person, "role": "platform_admin"}),
        ("invite_to_organisation", [world.school.pk], {**person, "role": "secretariat_coordinator"}),
        ("withdraw_invitation", [invitation], {}),
    ):  # fmt: skip
        answer = client.post(reverse(f"network:{name}", args=args), data)
        assert answer.status_code in {200, 400, 403, 404}, name
    assert AuditEvent.objects.count() == before
