"""Plans for many courses at once: chosen, calculated in one go, approved per course or all at once, carried out."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from samspil.catalogue.models import BranchGroup, Fkb
from samspil.enrolment.domain import moves, moves_asking, moves_bundles, planning, tokens
from samspil.enrolment.models import Enrolment, MoveBundle, MoveLine, MovePlan
from samspil.kernel import calculations, clock, solving
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import MailMessage
from samspil.kernel.outbox import run_due
from samspil.kernel.tasks import tasks_for
from samspil.runs.domain import scopes
from tests.factories.bundles import answered, propose, two_courses
from tests.factories.moves import Case, make_case

pytestmark = pytest.mark.django_db


def client(person: Any) -> Client:
    made = Client()
    made.force_login(person)
    return made


def text(response: Any) -> str:
    return str(response.content.decode())


def approve(case: Case, bundle: MoveBundle, index: int) -> int:
    school = case.schools[index].pk
    return moves_bundles.approve_bundle(
        actor=case.staff(index),
        now=case.now,
        bundle=bundle,
        organisation_id=school,
        sha256=moves_bundles.hash_for(bundle, school),
    )


def test_an_fkb_is_one_calculation_and_a_plan_for_each_course() -> None:
    case = two_courses()
    bundle = answered(case)
    assert bundle.status == "answered"
    plans = list(bundle.plans.order_by("course__number"))
    assert [plan.status for plan in plans] == ["proposed", "proposed"]
    numbers = bundle.statistics
    assert (numbers["people"], numbers["alone"], numbers["taught"]) == (15, 0, 15)
    assert numbers["asked"] == sum(plan.statistics["asked"] for plan in plans) == 7
    # each plan is what a plan for its course alone would have been
    for plan in plans:
        alone = moves.propose_moves(
            actor=case.round.secretariat, now=case.now, network=case.round.network,
            course=plan.course, limits=planning.Limits(km=75, days=28),
        )  # fmt: skip
        assert solving.run_next()
        run_due(clock.now())
        alone.refresh_from_db()
        for name in ("people", "taught", "alone", "asked", "metres", "longest_metres", "money"):
            assert alone.statistics[name] == plan.statistics[name], name
        assert {(x.source_id, x.target_id, x.heads) for x in alone.lines.all()} == {
            (x.source_id, x.target_id, x.heads) for x in plan.lines.all()
        }
    # nobody is asked about another course
    for line in MoveLine.objects.filter(plan__bundle=bundle).select_related("source", "target"):
        assert line.source.course_id == line.target.course_id == line.plan.course_id
    # what one school gains by the move is what the others lose
    assert sum(row["income"] for row in numbers["money"].values()) == 0
    assert sum(row["gives"] for row in numbers["money"].values()) == 7


def test_a_branch_group_and_a_week_choose_their_courses() -> None:
    case = two_courses()
    group = BranchGroup.objects.create(key="proeve", name="Prøve")
    Fkb.objects.filter(number="9222").update(branch_group=group)
    assert answered(case, "branch", "proeve").statistics["plans"] == 2
    begins = clock.local_date(case.now) + timedelta(days=60)
    assert answered(case, "starting", begins.isoformat()).statistics["plans"] == 2
    # three weeks on there is no run of the second course to save, and none to go to within a week
    late = begins + timedelta(days=14)
    found = scopes.runs_in(
        scopes.find("starting", late.isoformat(), today=begins),
        case.round.network, days=8, now=case.now,
    )  # fmt: skip
    assert {run.pk for run in found} == {
        case.runs[1].pk,
        case.runs[2].pk,
        case.runs[4].pk,
        case.runs[5].pk,
    }
    # a run is decided by its decision day, where it has one
    case.runs[0].decision_on = begins - timedelta(days=21)
    case.runs[0].save(update_fields=["decision_on"])
    decided = scopes.runs_in(
        scopes.find("decided", case.runs[0].decision_on.isoformat(), today=clock.today()),
        case.round.network, days=28, now=case.now,
    )  # fmt: skip
    assert {run.course_id for run in decided} == {case.runs[0].course_id}


def test_what_cannot_be_chosen_is_said() -> None:
    case = two_courses()
    today = clock.today()
    for kind, value in (
        ("fkb", "0000"), ("branch", "ukendt"), ("decided", "i morgen"), ("andet", "x"),
        ("starting", (today - timedelta(days=14)).isoformat()),
        ("starting", (today + timedelta(weeks=80)).isoformat()),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            scopes.find(kind, value, today=today)
    with pytest.raises(Invalid, match="intet at spørge om"):
        propose(case, "starting", today.isoformat())
    with pytest.raises(Invalid):
        propose(case, km=-1)


def test_a_scope_where_nobody_can_be_asked_says_so_when_it_is_looked_at() -> None:
    case = two_courses((1, 0, 0), (0, 0, 0))
    Enrolment.objects.all().delete()
    bundle = propose(case)
    run_due(clock.now())
    bundle.refresh_from_db()
    assert (bundle.status, bundle.statistics["failure"]) == ("failed", "nothing")
    page = client(case.round.secretariat_person).get(f"/tilmelding/flytning/samlet/{bundle.pk}/")
    assert "intet at spørge om" in text(page)


def test_a_double_click_asks_once_and_other_conditions_ask_anew() -> None:
    case = two_courses()
    first = propose(case)
    assert propose(case).pk == first.pk
    assert propose(case, km=40).pk != first.pk


def test_a_school_approves_all_at_once_and_then_people_are_asked() -> None:
    case = two_courses()
    bundle = answered(case)
    mails = MailMessage.objects.filter(subject__contains="Godkend 2 planer")
    assert {m.organisation_id for m in mails} >= {case.schools[0].pk, case.schools[1].pk}
    tasks = [t for t in tasks_for(case.staff(0), case.now.date()) if "2 mål" in t.title]
    assert len(tasks) == 1 and tasks[0].url.endswith(f"/samlet/{bundle.pk}/")
    assert approve(case, bundle, 0) == 2
    assert approve(case, bundle, 0) == 0  # a double click
    assert not [t for t in tasks_for(case.staff(0), case.now.date()) if "Godkend" in t.title]
    assert set(bundle.plans.values_list("status", flat=True)) == {"proposed"}
    # one approves a course by itself first
    plan = bundle.plans.filter(approvals__organisation=case.schools[1]).order_by("pk")[0]
    moves.approve_moves(
        actor=case.staff(1), now=case.now, plan=plan, organisation_id=case.schools[1].pk,
        sha256=plan.sha256,
    )  # fmt: skip
    approve(case, bundle, 1)
    for index in (2,):
        approve(case, bundle, index)
    run_due(clock.now())
    assert set(bundle.plans.values_list("status", flat=True)) == {"asking"}
    for line in MoveLine.objects.filter(plan__bundle=bundle, state="asked"):
        line.refresh_from_db()
        assert line.offer is not None
        moves_asking.answer_move(
            actor=tokens.holder_of(line.order), now=case.now, offer=line.offer, verb="accept"
        )
    run_due(clock.now())
    assert set(bundle.plans.values_list("status", flat=True)) == {"carried_out"}
    for run in case.runs:
        run.refresh_from_db()
        people = Enrolment.objects.filter(run=run, status="enrolled").count()
        assert people == run.signed_up_here <= run.capacity
    assert Enrolment.objects.filter(status="enrolled").count() == 15


def test_one_course_that_fails_does_not_hold_the_other_back() -> None:
    case = two_courses()
    bundle = answered(case)
    for index in range(3):
        approve(case, bundle, index)
    run_due(clock.now())
    first, second = bundle.plans.order_by("course__number")
    for plan, verb in ((first, "decline"), (second, "accept")):
        for line in plan.lines.filter(state="asked").order_by("pk"):
            line.refresh_from_db()
            if line.offer is not None and line.offer.state == "pending":
                moves_asking.answer_move(
                    actor=tokens.holder_of(line.order), now=case.now, offer=line.offer, verb=verb
                )
    run_due(clock.now())
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("lapsed", "carried_out")


def test_a_stale_page_a_stranger_and_another_school_approve_nothing() -> None:
    case = two_courses()
    bundle = answered(case)
    school = case.schools[0].pk
    common: dict[str, Any] = {"now": case.now, "bundle": bundle, "organisation_id": school}
    with pytest.raises(Conflict, match="nogle andre"):
        moves_bundles.approve_bundle(actor=case.staff(0), sha256="x", **common)
    sha256 = moves_bundles.hash_for(bundle, school)
    for actor in (case.staff(1), case.round.secretariat):
        with pytest.raises(Forbidden):
            moves_bundles.approve_bundle(actor=actor, sha256=sha256, **common)
    with pytest.raises(Forbidden):
        moves_bundles.drop_bundle(actor=case.staff(0), now=case.now, bundle=bundle, reason="nej")
    outside = make_case(fkb="9333")
    with pytest.raises(NotFound):
        moves_bundles.get_bundle(outside.staff(0), bundle.pk)


def test_courses_that_are_under_way_are_left_out() -> None:
    case = two_courses()
    case.approved()
    bundle = answered(case)
    assert bundle.statistics["busy"] == [case.round.rows[0].course.number]
    assert [plan.course_id for plan in bundle.plans.all()] == [case.round.rows[1].course_id]


def test_a_plan_waits_while_another_asks_on_the_same_runs() -> None:
    case = two_courses()
    bundle = answered(case)
    other = case.approved()
    assert other.status == "asking"
    for index in range(3):
        approve(case, bundle, index)
    run_due(clock.now())
    waits = bundle.plans.get(course=other.course)
    assert waits.status == "proposed"
    moves.drop_moves(actor=case.round.secretariat, now=case.now, plan=other, reason="Forbi")
    run_due(clock.now() + timedelta(hours=2))
    waits.refresh_from_db()
    assert waits.status == "asking"


def test_given_up_the_open_plans_end_and_the_calculation_is_dropped() -> None:
    case = two_courses()
    bundle = answered(case)
    for index in range(3):
        approve(case, bundle, index)
    run_due(clock.now())
    secretariat = case.round.secretariat
    with pytest.raises(Invalid):
        moves_bundles.drop_bundle(actor=secretariat, now=case.now, bundle=bundle, reason=" ")
    for _twice in range(2):
        moves_bundles.drop_bundle(
            actor=secretariat, now=case.now, bundle=bundle, reason="Vi venter"
        )
    run_due(clock.now())
    assert set(bundle.plans.values_list("status", flat=True)) == {"dropped"}
    assert MailMessage.objects.filter(subject__contains="ikke flyttet").count() == 7
    queued = propose(case)
    run_due(clock.now())
    moves_bundles.drop_bundle(actor=secretariat, now=case.now, bundle=queued, reason="Forkert uge")
    row = calculations.of(queued).first()
    assert row is not None and row.status == "dropped"


def test_stopped_it_answers_with_the_best_so_far_and_done_twice_it_changes_nothing() -> None:
    case = two_courses()
    bundle = propose(case)
    run_due(clock.now())
    for _twice in range(2):
        moves_bundles.stop_bundle(actor=case.round.secretariat, now=case.now, bundle=bundle)
    row = calculations.of(bundle).first()
    assert row is not None and row.asked_to_stop_at is not None
    assert solving.run_next()
    run_due(clock.now())
    bundle.refresh_from_db()
    assert bundle.status == "answered"
    plans, mails = MovePlan.objects.count(), MailMessage.objects.count()
    moves_bundles.bundle_answered({"calculation": row.pk}, now=case.now)
    assert (MovePlan.objects.count(), MailMessage.objects.count()) == (plans, mails)


def test_when_some_say_no_it_is_taken_apart_too() -> None:
    case = two_courses((5, 4, 3), (4, 4, 4))
    bundle = answered(case, yes="50")
    assert bundle.statistics["plans"] == 2
    for plan in bundle.plans.all():
        assert plan.solution is not None
        assert plan.solution["format"] == "samspil.offers.result"
        assert plan.lines.exists()


def test_from_the_choice_to_the_approval_by_plain_posts() -> None:
    case = two_courses()
    secretariat = client(case.round.secretariat_person)
    page = text(secretariat.get("/tilmelding/flytning/ny/"))
    assert "Hvad skal lægges sammen?" in page and 'value="fkb:9222"' in page
    form = {"km": "75", "days": "28", "yes": "all", "answer_days": "4",
            "network": str(case.round.network.pk)}  # fmt: skip
    wrong = secretariat.post("/tilmelding/flytning/ny/", form)
    assert wrong.status_code == 400 and "Vælg en uge, en branche" in text(wrong)
    number = case.runs[0].course.number
    one = secretariat.post(
        "/tilmelding/flytning/ny/", {**form, "what": "fkb:9222", "course": number}
    )
    assert one["Location"].endswith(f"/maal/{number}/") and not MoveBundle.objects.exists()
    sent = secretariat.post("/tilmelding/flytning/ny/", {**form, "what": "fkb:9222"})
    bundle = MoveBundle.objects.get()
    assert sent["Location"].endswith(f"/samlet/{bundle.pk}/")
    run_due(clock.now())
    page = text(secretariat.get(sent["Location"]))
    assert "Regner" in page and "Stop og brug" in page
    assert solving.run_next()
    run_due(clock.now())
    page = text(secretariat.get(sent["Location"]))
    assert page.count('class="timeline"') == 2
    assert "Hvad det betyder for skolerne" in page and "Godkend alle" not in page
    # a decision about a run, and all is calculated again with it
    run = case.runs[2]
    again = secretariat.post(
        f"/tilmelding/flytning/samlet/{bundle.pk}/igen/", {f"hold-{run.pk}": "held"}
    )
    second = MoveBundle.objects.latest("pk")
    assert again["Location"].endswith(f"/samlet/{second.pk}/") and second.pk != bundle.pk
    assert second.conditions["held"] == [run.pk]
    run_due(clock.now())
    assert solving.run_next()
    run_due(clock.now())
    second.refresh_from_db()
    assert second.plans.get(course=run.course).runs.get(run=run).fate == "held"
    assert f'name="hold-{run.pk}"' in text(
        secretariat.get(f"/tilmelding/flytning/ny/?fra={second.pk}")
    )
    school = client(case.round.people[0])
    page = text(school.get(sent["Location"]))
    assert "Godkend alle 2 mål" in page
    key = case.schools[0].pk
    stale = {"organisation": str(key), "sha256": "x"}
    url = f"/tilmelding/flytning/samlet/{bundle.pk}/godkend/"
    assert "nogle andre end dem" in text(school.post(url, stale, follow=True))
    right = {**stale, "sha256": moves_bundles.hash_for(bundle, key)}
    assert "Du har godkendt 2 mål" in text(school.post(url, right, follow=True))
    assert "allerede godkendt" in text(school.post(url, right, follow=True))


def test_the_pages_about_runs_lead_to_it() -> None:
    case = two_courses()
    page = text(client(case.round.people[0]).get("/hold/risiko/"))
    links = re.findall(r'href="(/tilmelding/flytning/ny/\?hvad=decided:[0-9-]+)"', page)
    assert links
    chosen = text(client(case.round.people[0]).get(links[0]))
    value = links[0].split("hvad=")[1]
    assert f'<option value="{value}" selected>' in chosen
    number = case.runs[0].course.number
    page = text(client(case.round.people[0]).get(f"/hold/maal/{number}/"))
    assert f'href="/tilmelding/flytning/maal/{number}/"' in page


def test_a_bundle_costs_as_many_queries_with_two_courses_as_with_one() -> None:
    counts = []
    for second, fkb in (((0, 0, 0), "9222"), ((4, 2, 0), "9333")):
        case = two_courses(second=second, fkb=fkb)
        bundle = answered(case)
        person = client(case.round.people[1])
        url = f"/tilmelding/flytning/samlet/{bundle.pk}/"
        person.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert person.get(url).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
