"""The change feed: what a program sees that asks again and again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from samspil.api.domain import feed
from samspil.api.domain.feed import look
from samspil.api.models import FeedHead, FeedItem
from samspil.kernel import audit, clock, outbox
from samspil.kernel.actor import Actor
from samspil.kernel.models import Job
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun
from tests.factories.agreements import AgreementCase
from tests.factories.api import Api
from tests.factories.public import make_open_run


def changed() -> None:
    event = audit.PendingEvent(
        "tests.change", audit.PLATFORM, "", "", "", "Prøve", None, None, None
    )
    from django.db import transaction

    with transaction.atomic():
        audit.append([event], actor=Actor.system("tests"), now=clock.now())


class Follower:
    """A program that keeps a copy by the feed alone."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.since = ""
        self.copy: set[tuple[str, str]] = set()
        self.heard: list[tuple[str, str, str]] = []

    def follow(self, limit: int = 3) -> list[tuple[str, str, str]]:
        self.heard = []
        while True:
            page = self.api.json("changes", since=self.since, limit=limit)
            for item in page["items"]:
                thing = (item["kind"], item["id"])
                self.heard.append((item["change"], *thing))
                if item["change"] == "gone":
                    assert item["url"] is None
                    self.copy.discard(thing)
                else:
                    self.copy.add(thing)
            self.since = page["since"]
            if page["next"] is None:
                return self.heard


def public_things(api: Api) -> set[tuple[str, str]]:
    found = {("course", c["number"]) for c in api.json("courses", limit=200)["items"]}
    return found | {("run", str(r["id"])) for r in api.json("runs", limit=200)["items"]}


def test_a_copy_that_follows_is_equal_to_the_lists(kit: AgreementCase, api: Api) -> None:
    follower = Follower(api)
    look(now=clock.now())
    assert {change for change, *_thing in follower.follow()} == {"created"}
    assert follower.copy == public_things(api)
    assert follower.follow() == []
    first, second, third, fourth = CourseRun.objects.order_by("pk")
    first.capacity = 30
    first.save(update_fields=["capacity"])
    second.status = RunStatus.CANCELLED
    second.save(update_fields=["status"])
    new = make_open_run(kit.case.rows[2].course, kit.case.schools[0], days=50)
    kit.case.rows[3].course.is_archived = True
    kit.case.rows[3].course.save(update_fields=["is_archived"])
    changed()
    look(now=clock.now())
    assert set(follower.follow()) == {
        ("changed", "run", str(first.pk)),
        ("gone", "run", str(second.pk)),
        ("created", "run", str(new.pk)),
        ("gone", "course", kit.case.rows[3].course.number),
    }
    assert follower.copy == public_things(api)
    assert third.pk != fourth.pk


def test_what_came_and_went_meanwhile_is_not_told(kit: AgreementCase, api: Api) -> None:
    follower = Follower(api)
    look(now=clock.now())
    follower.follow()
    run = make_open_run(kit.case.rows[2].course, kit.case.schools[0], days=50)
    changed()
    look(now=clock.now())
    run.status = RunStatus.CANCELLED
    run.save(update_fields=["status"])
    changed()
    look(now=clock.now())
    assert follower.follow() == []
    run.status = RunStatus.ANNOUNCED
    run.save(update_fields=["status"])
    changed()
    look(now=clock.now())
    assert follower.follow() == [("created", "run", str(run.pk))]


def test_a_run_that_begins_is_gone_without_anybody_doing_anything(
    kit: AgreementCase, api: Api
) -> None:
    look(now=clock.now())
    follower = Follower(api)
    follower.follow()
    look(now=clock.now() + timedelta(days=11))
    gone = [heard for heard in follower.follow() if heard[0] == "gone"]
    assert len(gone) == 1


def test_the_day_that_numbers_are_from_is_no_change(kit: AgreementCase, api: Api) -> None:
    look(now=clock.now())
    follower = Follower(api)
    follower.follow()
    CourseRun.objects.update(seen_on=clock.today() - timedelta(days=1))
    changed()
    look(now=clock.now())
    assert follower.follow() == []


def test_frozen_commitments_are_told_and_boards_are_not(kit: AgreementCase, api: Api) -> None:
    look(now=clock.now())
    follower = Follower(api)
    follower.follow()
    kit.freeze()
    look(now=clock.now())
    kinds = {kind for _change, kind, _key in follower.follow(limit=200)}
    assert kinds == {"commitment"}
    assert FeedItem.objects.filter(kind="cell").exists()
    assert not [i for i in api.json("changes", limit=200)["items"] if i["kind"] == "cell"]


def test_nothing_is_looked_at_when_nothing_can_have_changed(kit: AgreementCase) -> None:
    assert look(now=clock.now()) is not None
    assert look(now=clock.now()) is None
    assert look(now=clock.now() + timedelta(days=1)) is not None


def test_the_worker_looks_when_something_changed(kit: AgreementCase) -> None:
    kit.freeze()
    memory: dict[Any, Any] = {}
    now = clock.now()
    outbox.look_around(now, memory)
    outbox.look_around(now, memory)
    assert Job.objects.filter(kind="api.look").count() == 1
    outbox.run_due(now)
    assert FeedHead.objects.get().seq > 0
    outbox.look_around(now + timedelta(seconds=31), memory)
    assert Job.objects.filter(kind="api.look").count() == 1
    changed()
    outbox.look_around(now + timedelta(seconds=40), memory)
    assert Job.objects.filter(kind="api.look").count() == 1  # not sooner than every half minute
    outbox.look_around(now + timedelta(seconds=62), memory)
    assert Job.objects.filter(kind="api.look").count() == 2


def test_numbers_only_grow_and_each_thing_has_one(kit: AgreementCase) -> None:
    look(now=clock.now())
    for capacity in (21, 22):
        CourseRun.objects.update(capacity=capacity)
        changed()
        look(now=clock.now())
    rows = list(FeedItem.objects.order_by("seq").values_list("seq", "kind", "key"))
    assert len({seq for seq, *_thing in rows}) == len(rows)
    assert len({thing for _seq, *thing in map(tuple, rows) for thing in [tuple(thing)]}) == len(
        rows
    )
    assert FeedHead.objects.get().seq == rows[-1][0]
    assert feed.since(rows[-1][0], limit=5).items == []
