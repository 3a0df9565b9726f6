"""Small coverage problems: one written by hand, and a hypothesis strategy for any."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

from planning.coverage import (
    Approval,
    Assignment,
    Course,
    Distance,
    FormLine,
    Offer,
    OfferRole,
    Pin,
    PinRole,
    Problem,
    Role,
    School,
    Solution,
    validate,
)


def by_hand(**changes: object) -> Problem:
    """Three schools in a row (a – 30 km – b – 60 km – c), one outside (z); constructed.

    c1 can be held by a or b, c2 by a alone, c3 by nobody who said so, c4 is offered by b and low.
    """
    facts: dict[str, object] = {
        "schools": (
            School("a", name="A", size=10, capacity=(("sosu", 60),)),
            School("b", name="B", size=10, capacity=(("sosu", 30),)),
            School("c", name="C", size=10),
            School("z", name="Z", in_round=False),
        ),
        "courses": (
            Course("c1", "2222", "sosu", 30, activity=7),
            Course("c2", "2222", "sosu", 30, activity=4, last_holder="a"),
            Course("c3", "2222", "sosu", 20, activity=0),
            Course("c4", "2222", "sosu", 20, activity=3),
        ),
        "approvals": tuple(Approval(key, "2222") for key in "abcz"),
        "lines": (
            FormLine("c1", "a", can_take_on=60),
            FormLine("c1", "b", can_take_on=30),
            FormLine("c1", "c", will_follow=True),
            FormLine("c2", "a", can_take_on=60, guarantee=True),
            FormLine("c4", "c", will_follow=True),
        ),
        "offers": (Offer("c4", "b"),),
        "distances": (
            Distance("a", "b", 30),
            Distance("b", "c", 60),
            Distance("a", "c", 90),
            Distance("a", "z", 150),
            Distance("b", "z", 120),
            Distance("c", "z", 70),
        ),
        "low_activity_below": 5,
    }
    facts.update(changes)
    return Problem(**facts)  # type: ignore[arg-type]


@st.composite
def problems(draw: st.DrawFn, *, unit_days: bool = False) -> Problem:
    """At most four schools and six courses in two groups and two FKBs, so that brute force is quick."""
    school_keys = [f"s{i}" for i in range(draw(st.integers(1, 4)))]
    course_keys = [f"k{i}" for i in range(draw(st.integers(0, 6)))]
    groups = ("x", "y")
    days = st.just(10) if unit_days else st.sampled_from((5, 10, 20, 30))
    schools = tuple(
        School(
            key,
            size=draw(st.integers(1, 20)),
            capacity=tuple((group, draw(st.integers(0, 6)) * 10) for group in groups),
            capacity_total=draw(st.none() | st.integers(0, 8).map(lambda n: n * 10)),
            in_round=draw(st.integers(0, 9)) > 0,
        )
        for key in school_keys
    )
    courses = tuple(
        Course(
            key,
            draw(st.sampled_from(("1", "2"))),
            draw(st.sampled_from(groups)),
            draw(days),
            activity=draw(st.integers(0, 20)),
            last_holder=draw(st.none() | st.sampled_from(school_keys)),
            is_external=draw(st.integers(0, 9)) == 0,
        )
        for key in course_keys
    )
    approvals = tuple(
        Approval(key, fkb)
        for key in school_keys
        for fkb in ("1", "2")
        if draw(st.integers(0, 3)) > 0
    )
    lines, offers, pins = [], [], []
    for course, school in product(course_keys, school_keys):
        kind = draw(st.integers(0, 9))
        if kind < 7:
            lines.append(
                FormLine(
                    course,
                    school,
                    can_take_on=draw(st.sampled_from((0, 10, 30, 60))),
                    will_follow=draw(st.booleans()),
                    guarantee=draw(st.booleans()),
                )
            )
        if kind == 7:
            offers.append(Offer(course, school, draw(st.sampled_from(OfferRole))))
        if kind in (0, 8):
            pins.append(Pin(course, school, draw(st.sampled_from(PinRole))))
    distances = tuple(
        Distance(a, b, draw(st.integers(0, 200)))
        for i, a in enumerate(school_keys)
        for b in school_keys[i + 1 :]
    )
    return Problem(
        schools=schools,
        courses=courses,
        approvals=approvals,
        lines=tuple(lines),
        offers=tuple(offers),
        pins=tuple(pins),
        distances=distances,
        low_activity_below=draw(st.integers(0, 15)),
    )


def brute_force(problem: Problem) -> int:
    """The most gaps that any valid plan covers: every choice tried, judged by the validator alone."""
    schools = [school.key for school in problem.schools if school.in_round]
    choices = [
        [None, *(key for key in schools if not _refused(problem, course.key, key))]
        for course in problem.gaps
    ]
    best = 0
    for choice in product(*choices):
        count = sum(key is not None for key in choice)
        if count > best and not validate(problem, _plan(problem, choice)):
            best = count
    return best


def _refused(problem: Problem, course: str, school: str) -> bool:
    """Cells that are invalid whatever else is chosen; leaves the product small enough to try."""
    alone = Solution(
        assignments=(Assignment(course, school, Role.HOLDER),),
        uncovered=tuple(c.key for c in problem.gaps if c.key != course),
    )
    return bool(validate(problem, alone))


def _plan(problem: Problem, choice: tuple[str | None, ...]) -> Solution:
    pairs = list(zip(problem.gaps, choice, strict=True))
    return Solution(
        assignments=tuple(
            Assignment(c.key, key, Role.HOLDER) for c, key in pairs if key is not None
        ),
        uncovered=tuple(c.key for c, key in pairs if key is None),
    )
