"""'Hvad nu hvis …': asked from a proposal, answered beside it, and nothing on the board changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from planning.planners import COVERAGE
from samspil.coordination.domain import planning, proposals, what_if
from samspil.coordination.domain.planning import Change, What
from samspil.coordination.models import ChangeSet, Commitment, Proposal
from samspil.kernel import calculations
from samspil.kernel.audit import history
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import Calculation
from tests.factories.board import NOW, RoundCase, make_round
from tests.factories.proposals import ask, request, solve

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    """Course 0 can be held by school 0 or, farther down, 1; course 1 is school 1's own; 2 is nobody's."""
    case = make_round(courses=3)
    case.intend(case.rows[0], 0, take_on_days=Decimal(6), guarantee=True)
    case.intend(case.rows[0], 1, take_on_days=Decimal(3))
    case.intend(case.rows[1], 1, offers=True)
    case.commit(case.rows[1], 1, "own", origin="form")
    return case


@pytest.fixture
def proposal(case: RoundCase) -> Proposal:
    return ask(case)


def question(case: RoundCase, proposal: Proposal, change: Change, **values: Any) -> Calculation:
    return what_if.ask_what_if(
        **{"actor": case.secretariat, "now": NOW, "proposal": proposal, "change": change, **values}
    )


def answered(case: RoundCase, proposal: Proposal, change: Change) -> what_if.Answered:
    """Asked, calculated, shown."""
    row = question(case, proposal, change)
    claimed = calculations.claim(NOW)
    assert claimed == row
    calculations.finish(claimed, now=NOW, result=solve(claimed))
    with translation.override("da"):
        return what_if.answered(case.secretariat, proposal.pk, row.pk, NOW)


def holder(page: what_if.Answered, case: RoundCase, row: int) -> tuple[str, str] | None:
    """Who would have had the course, and who would have it then; ``None``: the same."""
    number = case.rows[row].course.number
    moves = [move for group in page.groups for move in group.moves]
    return next(((m.before, m.after) for m in moves if m.number == number), None)


def test_a_school_that_leaves(case: RoundCase, proposal: Proposal) -> None:
    before = (Commitment.objects.count(), ChangeSet.objects.count())
    first = COVERAGE.read_solution(proposal.solution).holder_of
    leaver = next(i for i, s in enumerate(case.schools) if s.key in first.values())
    other = 1 - leaver
    page = answered(case, proposal, Change(What.LEAVES, case.schools[leaver].key))
    assert page.words == f"{case.schools[leaver].label} forlader samarbejdet"
    moved = holder(page, case, 0)
    assert moved == (case.schools[leaver].label, case.schools[other].label)
    assert (Commitment.objects.count(), ChangeSet.objects.count()) == before
    proposal.refresh_from_db()
    assert proposal.status == "ready"


def test_the_own_offers_of_a_school_that_leaves_become_gaps(
    case: RoundCase, proposal: Proposal
) -> None:
    page = answered(case, proposal, Change(What.LEAVES, case.schools[1].key))
    assert holder(page, case, 1) == (case.schools[1].label, "")
    assert (page.groups[0].title, page.groups[0].is_gap) == ("Mål, som ingen ville have", True)
    assert page.summary == "1 mål mere ville mangle en udbyder."
    (gaps,) = [term for term in page.terms if term.label == "Huller"]
    assert (gaps.before, gaps.after, gaps.better) == ("2 mål", "3 mål", "before")


def test_an_approval_that_is_lost(case: RoundCase, proposal: Proposal) -> None:
    change = Change(What.LOSES, case.schools[1].key, fkb="9222")
    page = answered(case, proposal, change)
    assert page.words == f"{case.schools[1].label} mister godkendelsen til FKB 9222"
    assert holder(page, case, 1) == (case.schools[1].label, "")


def test_more_days_and_fewer(case: RoundCase, proposal: Proposal) -> None:
    none = Change(What.CAPACITY, case.schools[0].key, group="sosu", days=0)
    page = answered(case, proposal, none)
    assert page.words == f"{case.schools[0].label} har 0 dage til andre i SOSU"
    label = case.schools[1].label
    assert holder(page, case, 0) in (None, (case.schools[0].label, label))
    assert page.summary == "Der ville mangle udbydere til lige så mange mål som nu."


def test_a_change_that_is_no_change_moves_nothing(case: RoundCase, proposal: Proposal) -> None:
    same = Change(What.CAPACITY, case.schools[0].key, group="sosu", days=60)
    page = answered(case, proposal, same)
    assert page.groups == ()
    assert {term.better for term in page.terms} == {"equal"}


def test_a_course_that_others_offer_too_is_told_apart(case: RoundCase) -> None:
    case.commit(case.rows[1], 2, "own", origin="form")
    page = answered(case, ask(case), Change(What.LEAVES, case.schools[1].key))
    assert [group.title for group in page.groups][-1] == "Mål med færre eller flere skoler"
    both = f"{case.schools[1].label} og {case.schools[2].label}"
    assert holder(page, case, 1) == (both, case.schools[2].label)


@pytest.mark.parametrize(
    "change",
    [
        Change(What.LEAVES, "no-such-school"),
        Change(What.LOSES, "no-such-school", fkb="9222"),
        Change(What.CAPACITY, "no-such-school", group="sosu", days=10),
    ],
)
def test_a_change_about_nothing_is_refused(
    case: RoundCase, proposal: Proposal, change: Change
) -> None:
    with pytest.raises(Invalid):
        question(case, proposal, change)
    assert not Calculation.objects.filter(kind=what_if.KIND).exists()


def test_there_must_be_an_answer_to_compare_with(case: RoundCase) -> None:
    waiting = request(case)
    with pytest.raises(Conflict):
        question(case, waiting, Change(What.LEAVES, case.schools[0].key))
    with pytest.raises(NotFound):
        what_if.start(case.secretariat, waiting.pk)


def test_not_too_many_at_once(case: RoundCase, proposal: Proposal) -> None:
    change = Change(What.LEAVES, case.schools[0].key)
    for _ in range(what_if.AT_ONCE):
        question(case, proposal, change)
    with pytest.raises(Conflict):
        question(case, proposal, change)


def test_only_the_secretariat_asks_and_reads(case: RoundCase, proposal: Proposal) -> None:
    change = Change(What.LEAVES, case.schools[1].key)
    with pytest.raises(Forbidden):
        question(case, proposal, change, actor=case.coordinator(0))
    row = question(case, proposal, change)
    assert history(proposal)[0].verb == "coordination.ask_what_if"
    client = Client()
    client.force_login(case.people[1])  # whose school it is about
    for name, args in (
        ("what_if", [proposal.pk]),
        ("what_if_answer", [proposal.pk, row.pk]),
    ):
        assert client.get(reverse(f"coordination:{name}", args=args)).status_code == 403
    text = client.get(reverse("coordination:proposal", args=[proposal.pk])).content.decode()
    assert "Hvad nu hvis" not in text


def test_the_question_and_the_answer_of_another_round_are_not_found(
    case: RoundCase, proposal: Proposal
) -> None:
    row = question(case, proposal, Change(What.LEAVES, case.schools[1].key))
    other = make_round(fkb="9333")
    other.intend(other.rows[0], 0, take_on_days=Decimal(6))
    theirs = ask(other)
    with pytest.raises(NotFound):
        what_if.answered(other.secretariat, proposal.pk, row.pk, NOW)
    with pytest.raises(NotFound):
        what_if.answered(other.secretariat, theirs.pk, row.pk, NOW)


def test_the_whole_way_by_plain_form_posts(case: RoundCase, proposal: Proposal) -> None:
    client = Client()
    client.force_login(case.secretariat_person)
    address = reverse("coordination:what_if", args=[proposal.pk])
    page = client.get(address).content.decode()
    assert "en skole mister en godkendelse" in page
    assert "(valgfrit)" not in page  # what the chosen change needs is not optional
    school = case.schools[1]
    empty = client.post(address, {"what": "capacity", "school": school.key})
    assert empty.status_code == 400
    assert "Vælg en branchegruppe." in empty.content.decode()
    wrong = client.post(address, {"what": "loses", "school": school.key, "fkb": "0000"})
    assert wrong.status_code == 400
    asked = client.post(
        address, {"what": "capacity", "school": school.key, "group": "sosu", "days": "2,5"}
    )
    row = Calculation.objects.get(kind=what_if.KIND)
    assert row.payload["change"]["days"] == 25
    assert asked["Location"] == reverse("coordination:what_if_answer", args=[proposal.pk, row.pk])
    assert "Regner …" in client.get(asked["Location"]).content.decode()
    part = client.get(asked["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    client.post(reverse("coordination:stop_what_if", args=[proposal.pk, row.pk]))
    claimed = calculations.claim(NOW)
    assert claimed is not None
    assert calculations.is_asked_to_stop(claimed)
    calculations.finish(claimed, now=NOW, result=solve(claimed))
    text = client.get(asked["Location"]).content.decode()
    assert "I det tænkte tilfælde" in text
    assert f"{school.label} har 2,5 dage til andre i SOSU" in text
    assert client.get(asked["Location"], headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert f"{school.label} har 2,5 dage" in client.get(address).content.decode()


def test_an_answer_that_did_not_come_is_told(case: RoundCase, proposal: Proposal) -> None:
    row = question(case, proposal, Change(What.LEAVES, case.schools[1].key))
    claimed = calculations.claim(NOW)
    assert claimed is not None
    calculations.finish(claimed, now=NOW, result=None, failure="memory")
    with translation.override("da"):
        page = what_if.answered(case.secretariat, proposal.pk, row.pk, NOW)
    assert "for én FKB ad gangen" in page.trouble
    assert page.terms == ()


def test_a_new_proposal_lets_the_questions_about_the_old_one_go(
    case: RoundCase, proposal: Proposal
) -> None:
    row = question(case, proposal, Change(What.LEAVES, case.schools[1].key))
    calculations.claim(NOW)
    Calculation.objects.filter(pk=row.pk).update(best={"not": "for the proposal"})
    newer = proposals.request_proposal(actor=case.secretariat, now=NOW, round=case.round)
    assert Calculation.objects.get(pk=row.pk).status == "dropped"
    calculation = calculations.of(newer, proposals.KIND).get()
    assert Calculation.objects.get(pk=calculation.pk).first == proposal.solution


def test_the_changed_problem_is_one_that_can_be_repeated(
    case: RoundCase, proposal: Proposal
) -> None:
    for change in (
        Change(What.LEAVES, case.schools[1].key),
        Change(What.LOSES, case.schools[1].key, fkb="9222"),
        Change(What.CAPACITY, case.schools[1].key, group="sosu", days=10),
    ):
        assert Change.from_json(change.to_json()) == change
        written = planning.changed_problem(proposal.problem, change)
        assert COVERAGE.write_problem(COVERAGE.read_problem(written)) == written
