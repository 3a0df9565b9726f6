"""A round's state as a coverage problem: what is taken from where, and the reasons in words."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from planning import coverage as planning_core
from planning.coverage import OfferRole, PinRole, Problem
from planning.planners import COVERAGE
from samspil.catalogue.models import Approval, CourseActivity
from samspil.coordination.domain import forms, planning, reasons
from samspil.coordination.domain.board import CellChange, apply_changes
from samspil.coordination.models import (
    Commitment,
    ExternalAgreement,
    Form,
    Intent,
    Round,
    RoundCourse,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel import files
from samspil.kernel.errors import Invalid
from samspil.lending.models import Loan
from samspil.network.models import Municipality, Organisation, Territory
from tests.factories.board import NOW, RoundCase, make_round

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def case() -> RoundCase:
    return make_round(courses=4)


def solved(problem: dict[str, Any]) -> dict[str, Any]:
    """What the planner writes about a problem."""
    data = COVERAGE.read_problem(problem)
    return COVERAGE.write_result(data, COVERAGE.solve(data))


def problem_of(case: RoundCase, fkb: RoundFkb | None = None) -> Problem:
    return COVERAGE.read_problem(planning.snapshot(case.round, fkb).problem)


def key(case: RoundCase, row: int) -> str:
    row_ = case.rows[row]
    return f"{row_.round_fkb.fkb.number}/{row_.course.number}"


def test_gaps_are_duty_courses_that_nobody_holds(case: RoundCase) -> None:
    case.commit(case.rows[0], 0, "own")
    case.commit(case.rows[1], 0, "none")
    RoundCourse.objects.filter(pk=case.rows[2].pk).update(archived_reason="udgår")
    RoundCourse.objects.filter(pk=case.rows[3].pk).update(is_duty=False)
    assert [course.key for course in problem_of(case).gaps] == [key(case, 1)]


def test_an_agreement_outside_covers(case: RoundCase, system_actor) -> None:
    document = files.store(
        b"%PDF-1.4", "aftale.pdf", "application/pdf", actor=system_actor, now=NOW
    )
    ExternalAgreement.objects.create(
        round_course=case.rows[0],
        school_name="SOSU Nord",
        document=document,
        created_at=NOW,
        created_by_label="Sekretær",
    )
    assert key(case, 0) not in {course.key for course in problem_of(case).gaps}


def test_lines_and_capacity_come_from_forms_that_were_handed_in(case: RoundCase) -> None:
    case.intend(case.rows[0], 0, offers=False, take_on_days=Decimal(6), guarantee=True)
    case.intend(case.rows[1], 0, take_on_days=Decimal("4.5"))
    case.intend(case.rows[0], 1, will_follow=True)
    case.intend(case.rows[0], 2, take_on_days=Decimal(9))
    Form.objects.filter(round=case.round, organisation=case.schools[2]).update(status="sent")
    problem = problem_of(case)
    first, second, third = (case.schools[i].key for i in range(3))
    assert problem.line_by_cell[key(case, 0), first].can_take_on == 60
    assert problem.line_by_cell[key(case, 0), first].guarantee
    assert problem.line_by_cell[key(case, 1), first].can_take_on == 45
    assert problem.line_by_cell[key(case, 0), second].will_follow
    assert (key(case, 0), third) not in problem.line_by_cell
    # The same days are written on every course they could be used for.
    assert problem.school_by_key[first].capacity == (("sosu", 60),)
    assert problem.school_by_key[third].capacity == ()


def test_decisions_are_pins_and_offers_are_not(case: RoundCase) -> None:
    case.commit(case.rows[0], 0, "own", origin="form")
    case.commit(case.rows[1], 0, "none", is_pinned=True)
    case.commit(case.rows[2], 0, "holder", origin="proposal", is_pinned=True)
    case.commit(case.rows[2], 1, "follower", origin="hand", is_pinned=True)
    case.commit(case.rows[3], 1, "holder", origin="form")
    problem = problem_of(case)
    first, second = case.schools[0].key, case.schools[1].key
    assert problem.offer_by_cell[key(case, 0), first].role == OfferRole.OWN
    assert problem.pin_by_cell[key(case, 1), first].role == PinRole.NO
    assert problem.pin_by_cell[key(case, 2), first].role == PinRole.HOLDER
    assert problem.pin_by_cell[key(case, 2), second].role == PinRole.FOLLOWER
    assert problem.offer_by_cell[key(case, 3), second].role == OfferRole.HOLDER
    assert problem.pinned_load(first) == {"sosu": 30}


def test_an_own_offer_that_others_follow_uses_no_capacity(case: RoundCase) -> None:
    case.intend(case.rows[0], 0, offers=True)
    case.commit(case.rows[0], 0, "holder", origin="hand", is_pinned=True)
    problem = problem_of(case)
    assert problem.pinned_load(case.schools[0].key) == {}
    assert problem.providers(problem.course_by_key[key(case, 0)]) == (case.schools[0].key,)


def test_one_fkb_counts_what_a_school_took_on_in_another(case: RoundCase) -> None:
    other = case.add_fkb("9223", courses=2)
    case.intend(case.rows[0], 0, take_on_days=Decimal(3))
    case.commit(case.rows[4], 0, "holder", origin="proposal", is_pinned=True)
    facts = planning.snapshot(case.round, case.fkb)
    assert (facts.asked, facts.gaps) == (4, 4)
    answer = planning.read_answer(facts.problem, solved(facts.problem))
    assert answer.statistics["covered"] == 0
    message = next(
        m
        for x in answer.lines
        if x.course == key(case, 0)
        for m in x.messages
        if m["code"] == "help_days"
    )
    assert (message["missing"], message["limit"]) == (30, "group")
    assert planning.snapshot(case.round, other).asked == 2


def test_a_frozen_fkb_is_left_alone(case: RoundCase) -> None:
    RoundFkb.objects.filter(pk=case.fkb.pk).update(status="frozen")
    assert planning.snapshot(case.round).asked == 0


def test_outside_schools_that_are_approved_are_known_but_not_those_that_left(
    case: RoundCase,
) -> None:
    outside = Organisation.objects.create(
        key="udenfor", name="Udenfor", kind="school", lat=56.0, lon=10.0
    )
    Approval.objects.create(organisation=outside, fkb=case.fkb.fkb)
    expired = Organisation.objects.create(key="udloebet", name="Udløbet", kind="school")
    Approval.objects.create(organisation=expired, fkb=case.fkb.fkb, valid_to=date(2026, 12, 31))
    RoundSchool.objects.filter(organisation=case.schools[2]).update(left_on=date(2026, 3, 1))
    problem = problem_of(case)
    assert {s.key for s in problem.schools if not s.in_round} == {"udenfor"}
    assert {s.key for s in problem.schools if s.in_round} == {s.key for s in case.schools[:2]}


def test_last_years_holder_and_distances(case: RoundCase) -> None:
    last = Round.objects.create(
        network=case.network,
        year=case.round.year - 1,
        forms_due_on=date(2025, 2, 1),
        meeting_on=date(2025, 3, 1),
        signed_by_on=date(2025, 6, 30),
        created_at=NOW,
    )
    place = RoundFkb.objects.create(round=last, fkb=case.fkb.fkb)
    row = RoundCourse.objects.create(round_fkb=place, course=case.rows[0].course, relation="core")
    Commitment.objects.create(
        round_course=row, organisation=case.schools[1], role="own", updated_at=NOW
    )
    for school, lat in zip(case.schools, (56.0, 56.5, None), strict=True):
        Organisation.objects.filter(pk=school.pk).update(lat=lat, lon=10.0)
    problem = problem_of(case)
    assert problem.course_by_key[key(case, 0)].last_holder == case.schools[1].key
    assert problem.course_by_key[key(case, 1)].last_holder is None
    assert problem.km(case.schools[0].key, case.schools[1].key) == pytest.approx(72, abs=1)
    assert problem.km(case.schools[0].key, case.schools[2].key) is None


def test_the_same_number_of_queries_for_few_and_many(case: RoundCase) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            planning.snapshot(Round.objects.get(pk=case.round.pk))
        return len(queries)

    case.intend(case.rows[0], 0, take_on_days=3)
    case.commit(case.rows[1], 0)
    few = count()
    case.add_fkb("9224", courses=12)
    for row in case.rows[5:]:
        case.intend(row, 0, take_on_days=3)
        case.commit(row, 1)
    assert count() == few


def test_an_answer_that_breaks_a_rule_is_not_used(case: RoundCase) -> None:
    case.intend(case.rows[0], 0, take_on_days=Decimal(6))
    problem = planning.snapshot(case.round).problem
    written = solved(problem)
    one = written["solution"]["assignments"][0]
    written["solution"]["assignments"].append({**one, "school": case.schools[1].key})
    with pytest.raises(planning.PlannerFault, match="two_holders"):
        planning.read_answer(problem, written)


def test_an_answer_to_another_problem_or_of_another_version_is_not_used(case: RoundCase) -> None:
    case.intend(case.rows[0], 0, take_on_days=Decimal(6))
    problem = planning.snapshot(case.round).problem
    written = solved(problem)
    other = make_round(fkb="9333")
    with pytest.raises(planning.PlannerFault):
        planning.read_answer(planning.snapshot(other.round).problem, written)
    with pytest.raises(planning.PlannerFault):
        planning.read_answer(problem, {**written, "version": 0})
    assert planning.start_from(written) == written
    assert planning.start_from({**written, "version": 0}) is None


def test_keys_come_back_from_json(case: RoundCase) -> None:
    case.commit(case.rows[0], 1)
    keys = planning.snapshot(case.round).keys
    assert planning.Keys.from_json(json.loads(json.dumps(keys.to_json()))) == keys
    assert keys.versions


def test_the_site_and_the_worker_load_no_solver() -> None:
    """A web process stays small: the libraries belong to the planner's own process."""
    script = """
import sys, django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
from samspil.coordination.domain import planning, proposals
from samspil.kernel import solving
from samspil.kernel.management.commands import worker
heavy = {"ortools", "highspy", "numpy", "pandas", "scipy"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "samspil.config.settings.test",
            "PYTHONPATH": str(ROOT / "src"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------ in words


def _documented_codes() -> set[str]:
    source = Path(planning_core.__file__).parent / "explain.py"
    table = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    body = table.split("why a school holds a course", 1)[1]
    found = set(re.findall(r"^  ([a-z_]+)(?:\s|$)", body, re.MULTILINE))
    return found | {"guarantee"}


def test_every_code_has_words() -> None:
    assert _documented_codes() == set(reasons._WORDS)


def test_reasons_read_as_sentences() -> None:
    messages = [
        {"code": "nearest", "km": 31, "other": "Herning SOSU", "other_km": 64},
        {"code": "uses_days", "days": 30, "left": 25, "group": "SOSU"},
        {"code": "days_assumed", "days": 10},
        {"code": "help_days", "school": "Randers SOSU", "missing": 10, "limit": "group"},
        {"code": "help_outside", "schools": ["A", "B", "C"]},
        {"code": "from_a_later_planner"},
    ]
    with translation.override("da"):
        assert reasons.sentences(messages) == [
            "Kortest at køre: 31 km i snit mod 64 km til Herning SOSU.",
            "Bruger 3 dage; 2,5 dage er tilbage i SOSU.",
            "Målets varighed er ukendt; der er regnet med 1 dag.",
            "Randers SOSU kan, hvis skolen får 1 dag mere til andre i branchegruppen.",
            "Lav en bindende aftale uden for runden: A, B og C er godkendt.",
        ]


def _codes_in(module: str, pattern: str) -> set[str]:
    source = Path(planning_core.__file__).parent / module
    table = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return set(re.findall(pattern, table, re.MULTILINE))


def test_every_fact_of_a_contradiction_has_words() -> None:
    assert _codes_in("contradictions.py", r"^([a-z_]+) {2,}") == set(reasons._FACTS)


def test_a_contradiction_reads_as_one_sentence() -> None:
    facts = [
        {"code": "must_offer", "course": "2222/90231"},
        {"code": "only_approved", "course": "2222/90231", "schools": ["Mercantec", "Tradium"]},
        {"code": "days_left", "school": "Mercantec", "group": "SOSU", "days": 0},
        {"code": "pinned_no", "school": "Tradium"},
    ]
    with translation.override("da"):
        assert reasons.contradiction(facts) == (
            "90231 skal udbydes; kun Mercantec og Tradium er godkendt; "
            "Mercantec har 0 dage tilbage i SOSU; Tradium er fastlåst til nej."
        )
        assert reasons.sentences(facts)[0] == "90231 skal udbydes."


# ---------------------------------------------------------------- times, learners, loans


def when(case: RoundCase, row: int, school: int, first: date, last: date) -> None:
    """A form line with days to take on, at a time that was read out of it."""
    line = case.intend(case.rows[row], school, take_on_days=Decimal(6), when_text="se datoer")
    Intent.objects.filter(pk=line.pk).update(starts_on=first, ends_on=last)


def test_without_times_no_quarters_are_planned(case: RoundCase) -> None:
    case.intend(case.rows[0], 0, take_on_days=Decimal(6))
    problem = problem_of(case)
    assert not problem.plans_quarters
    assert all(s.capacity_quarters == () for s in problem.schools)


def test_times_on_the_forms_become_quarters_and_days_in_them(case: RoundCase) -> None:
    when(case, 0, 0, date(2027, 2, 1), date(2027, 5, 31))
    case.intend(case.rows[1], 0, take_on_days=Decimal(4))
    case.commit(case.rows[2], 1, "own", origin="form")
    Commitment.objects.filter(round_course=case.rows[2]).update(
        starts_on=date(2027, 10, 4), ends_on=date(2027, 12, 1)
    )
    assert case.round.year == 2027
    problem = problem_of(case)
    first = case.schools[0].key
    assert problem.plans_quarters
    assert problem.line_by_cell[key(case, 0), first].quarters == (1, 2)
    assert problem.line_by_cell[key(case, 1), first].quarters == ()
    # In the quarters that the first line doesn't touch there are only the days of the second.
    assert problem.school_by_key[first].capacity_quarters == (("sosu", 3, 40), ("sosu", 4, 40))
    assert problem.offer_by_cell[key(case, 2), case.schools[1].key].quarter == 4


def test_a_quarter_is_its_first_to_its_last_day() -> None:
    assert [planning.quarter_dates(2027, q) for q in (1, 2, 3, 4)] == [
        (date(2027, 1, 1), date(2027, 3, 31)),
        (date(2027, 4, 1), date(2027, 6, 30)),
        (date(2027, 7, 1), date(2027, 9, 30)),
        (date(2027, 10, 1), date(2027, 12, 31)),
    ]


def serve(school: Organisation, code: str, people: int, *, lat: float) -> Municipality:
    place = Municipality.objects.create(
        code=code, name=f"Kommune {code}", lat=lat, lon=10.0, population=people
    )
    Territory.objects.create(organisation=school, municipality=place)
    return place


def test_learners_come_from_the_municipalities_that_a_school_serves(case: RoundCase) -> None:
    for i, school in enumerate(case.schools):
        Organisation.objects.filter(pk=school.pk).update(lat=56.0 + i / 2, lon=10.0)
    serve(case.schools[0], "0901", 3000, lat=56.0)
    serve(case.schools[0], "0902", 1000, lat=56.1)
    CourseActivity.objects.create(
        course=case.rows[0].course, organisation=case.schools[0], year=2025, learners=10
    )
    CourseActivity.objects.create(
        course=case.rows[0].course, organisation=case.schools[0], year=2024, learners=99
    )
    problem = problem_of(case)
    told = {d.municipality: d.learners for d in problem.demand_of[key(case, 0)]}
    assert told == {"0901": 8, "0902": 2}
    assert problem.way_by_pair["0901", case.schools[1].key] == pytest.approx(72, abs=1)
    assert (problem.far_km, problem.extra_for) == (planning.FAR_KM, planning.EXTRA_FOR)


def test_a_school_without_a_place_leaves_the_ways_between_schools(case: RoundCase) -> None:
    Organisation.objects.filter(pk=case.schools[0].pk).update(lat=56.0, lon=10.0)
    serve(case.schools[0], "0903", 3000, lat=56.0)
    problem = problem_of(case)
    assert (problem.ways, problem.municipalities, problem.far_km) == ((), (), 0)


def lend(lender: Organisation, borrower: Organisation, fkb: RoundFkb, **values: Any) -> Loan:
    return Loan.objects.create(
        lender=lender,
        borrower=borrower,
        fkb=fkb.fkb,
        starts_on=values.pop("starts_on", date(2027, 2, 1)),
        ends_on=date(2027, 6, 30),
        status=values.pop("status", "signed"),
        proposed_by=lender,
        created_at=NOW,
        **values,
    )


def test_a_signed_loan_lets_the_borrower_hold_the_course(case: RoundCase) -> None:
    fkb = case.add_fkb("9225", courses=2, approved=1)
    lender, borrower, third = case.schools
    lend(lender, borrower, fkb).courses.add(case.rows[4].course)
    lend(lender, third, fkb, status="signing")
    case.intend(case.rows[4], 1, take_on_days=Decimal(6))
    problem = problem_of(case)
    assert [(x.course, x.school, x.lender) for x in problem.loans] == [
        (key(case, 4), borrower.key, lender.key)
    ]
    answer = planning.read_answer(
        planning.snapshot(case.round).problem, solved(planning.snapshot(case.round).problem)
    )
    line = next(x for x in answer.lines if x.course == key(case, 4))
    assert (line.school, line.role) == (borrower.key, "holder")
    assert "on_loan" in [m["code"] for m in line.messages]
    # It is asked about the course, and the board takes its answer.
    form = Form.objects.get(round=case.round, organisation=borrower)
    asked = set(forms.form_courses(form).values_list("pk", flat=True))
    assert case.rows[4].pk in asked
    assert case.rows[5].pk not in asked
    change = CellChange(
        round_course_id=case.rows[4].pk, organisation_id=borrower.pk, role="holder", runs=1
    )
    told = {"actor": case.secretariat, "now": NOW, "kind": "cell", "summary": "Prøve"}
    assert apply_changes(**told, round=case.round, changes=[change]) is not None
    with pytest.raises(Invalid):
        apply_changes(
            **told,
            round=case.round,
            changes=[replace(change, round_course_id=case.rows[5].pk)],
        )
