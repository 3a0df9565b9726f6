"""The decorator of every change: its form, its permission, its transaction, its audit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from samspil.kernel import actions
from samspil.kernel.actions import UnrecordedChange, action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Forbidden
from samspil.kernel.models import AuditEvent
from samspil.network.models import Organisation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PERSON = Actor(kind="person", label="Prøve", person_id=1)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "ACTIONS", dict(actions.ACTIONS))


def _yes(actor: Actor, obj: Any) -> bool:
    return True


def _school(key: str) -> Organisation:
    return Organisation.objects.create(key=key, name=key.title())


def test_it_records_under_its_own_name_and_knows_the_actor() -> None:
    @action("test.create", permission=_yes)
    def create(*, actor: Actor, now: datetime, key: str) -> Organisation:
        school = _school(key)
        record(school, after={"key": key}, network_id=4)
        return school

    made = create(actor=PERSON, now=NOW, key="a")
    event = AuditEvent.objects.get()
    assert (event.verb, event.stream, event.subject_id) == (
        "test.create",
        "network:4",
        str(made.pk),
    )
    assert (event.person_id, event.at) == (1, NOW)


def test_a_no_stops_it_before_anything_is_done() -> None:
    @action("test.create", permission=lambda actor, obj: False)
    def create(*, actor: Actor, now: datetime) -> None:
        record(_school("a"))

    with pytest.raises(Forbidden):
        create(actor=PERSON, now=NOW)
    assert not Organisation.objects.exists()
    create(actor=Actor.system("job"), now=NOW)


def test_a_change_without_a_record_fails_and_is_undone() -> None:
    @action("test.silent", permission=_yes)
    def silent(*, actor: Actor, now: datetime) -> None:
        _school("a")

    with pytest.raises(UnrecordedChange):
        silent(actor=PERSON, now=NOW)
    assert not Organisation.objects.exists()


def test_an_error_takes_the_inner_action_with_it() -> None:
    @action("test.inner", permission=_yes)
    def inner(*, actor: Actor, now: datetime) -> None:
        record(_school("inner"))

    @action("test.outer", permission=_yes)
    def outer(*, actor: Actor, now: datetime, fails: bool) -> None:
        inner(actor=actor, now=now)
        record(_school("outer"))
        if fails:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outer(actor=PERSON, now=NOW, fails=True)
    assert not AuditEvent.objects.exists()
    assert not Organisation.objects.exists()
    outer(actor=PERSON, now=NOW, fails=False)
    verbs = AuditEvent.objects.order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["test.inner", "test.outer"]


def test_the_inner_permission_is_asked_too() -> None:
    @action("test.inner", permission=lambda actor, obj: False)
    def inner(*, actor: Actor, now: datetime) -> None: ...

    @action("test.outer", permission=_yes)
    def outer(*, actor: Actor, now: datetime) -> None:
        inner(actor=actor, now=now)

    with pytest.raises(Forbidden):
        outer(actor=PERSON, now=NOW)


def test_the_form_of_an_action_is_held() -> None:
    with pytest.raises(TypeError, match="keyword-only"):

        @action("test.positional", permission=_yes)
        def positional(actor: Actor, now: datetime) -> None: ...

    with pytest.raises(TypeError, match="actor and now first"):

        @action("test.order", permission=_yes)
        def order(*, now: datetime, actor: Actor) -> None: ...


def test_record_belongs_inside_an_action() -> None:
    with pytest.raises(RuntimeError):
        record(_school("a"))
