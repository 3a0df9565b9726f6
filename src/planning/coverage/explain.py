"""Why, line by line: message codes and facts. The words in Danish and English belong to whoever shows them.

Codes, with their parameters (days are tenths of a day, distances kilometres):

why a school holds a course
  only_school                                   nobody else is approved and said that it can
  others_no         others                      the others that said they can were decided to 'no' by hand
  others_full       others                      the others that said they can have too few days
  fairest           others                      the others would get a larger extra duty than anybody has now
  nearest           km, other, other_km         the way there is shorter than to the other schools that can
  keeps_holder                                  as good as the others, and it held the course last year
  guaranteed                                    as good as the others, and it guarantees the run
  equal             others                      the others were as good; the order of the keys decided
added to that
  uses_days         days, left, group           what it takes of the school's days, and what is left
  was_holder        held the course last year   guarantee   will be held whatever the enrolment
  days_assumed      days                        the duration isn't known; this was used
why a school follows
  follows           holder, km                  it said that it will follow, and runs on the holder's dates
why a course stays uncovered
  nobody_approved                               no school in the round is approved
  nobody_can        asked                       nobody who is approved said that it can
  decided_no        schools                     those that can were decided to 'no' by hand
  too_few_days                                  those that can lack days
  not_found                                     not found in the time allowed; there may be a way
what would help
  help_days         school, missing, limit      so many more days (limit: line, group or total)
  help_decision     school                      lifting the decision 'no'
  help_ask          schools                     approved schools that have not said that they can
  help_outside      schools                     approved schools outside the round, for an agreement (R27)
  help_no_outside                               no school outside is known to be approved
"""

from __future__ import annotations

from dataclasses import dataclass

from planning.coverage.choices import options, room_of
from planning.coverage.data import Course, PinRole, Problem
from planning.coverage.score import burden_of, loads, score
from planning.coverage.solution import Assignment, Role, Solution
from planning.coverage.ways import Ways
from planning.messages import Message, message


@dataclass(frozen=True, slots=True)
class Explanation:
    """The messages of one line: a cell that is given, or (school '') a course that stays uncovered."""

    course: str
    school: str
    messages: tuple[Message, ...]


def explain(problem: Problem, solution: Solution) -> tuple[Explanation, ...]:
    """Reasons for each cell of the answer, then for each uncovered course, in the answer's order."""
    room = _Room(problem, solution)
    lines = [
        Explanation(
            a.course,
            a.school,
            _holder(problem, solution, room, a)
            if a.role == Role.HOLDER
            else _follower(problem, solution, a),
        )
        for a in solution.assignments
    ]
    lines += [
        Explanation(key, "", _uncovered(problem, room, problem.course_by_key[key]))
        for key in solution.uncovered
    ]
    return tuple(lines)


class _Room:
    """Days left at each school when the answer is used."""

    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.problem = problem
        self.used: dict[tuple[str, str], int] = {}
        self.used_total: dict[str, int] = {}
        for key, school in solution.holder_of.items():
            course = problem.course_by_key[key]
            self.used[school, course.group] = self.used.get((school, course.group), 0) + course.days
            self.used_total[school] = self.used_total.get(school, 0) + course.days

    def left(self, school: str, group: str) -> tuple[int, int]:
        in_group, total = room_of(self.problem, school, group)
        return in_group - self.used.get((school, group), 0), total - self.used_total.get(school, 0)

    def has(self, school: str, course: Course) -> bool:
        return all(course.days <= left for left in self.left(school, course.group))


def _holder(
    problem: Problem, solution: Solution, room: _Room, a: Assignment
) -> tuple[Message, ...]:
    course = problem.course_by_key[a.course]
    others = tuple(key for key in options(problem, course) if key != a.school)
    messages = [_choice(problem, solution, room, course, a, others)]
    if course.last_holder == a.school and messages[0].code != "keeps_holder":
        messages.append(Message("was_holder"))
    if a.guarantee and messages[0].code != "guaranteed":
        messages.append(Message("guarantee"))
    left = min(room.left(a.school, course.group))
    messages.append(message("uses_days", days=course.days, left=left, group=course.group))
    if course.days_assumed:
        messages.append(message("days_assumed", days=course.days))
    return tuple(messages)


def _choice(
    problem: Problem,
    solution: Solution,
    room: _Room,
    course: Course,
    a: Assignment,
    others: tuple[str, ...],
) -> Message:
    """The first objective in the stated order that sets this school apart from the others."""
    if not others:
        willing = _willing(problem, course, a.school)
        pins = {key: problem.pin_by_cell.get((course.key, key)) for key in willing}
        short = tuple(key for key, pin in pins.items() if pin is None)
        refused = tuple(key for key, pin in pins.items() if pin and pin.role == PinRole.NO)
        if short:
            return message("others_full", others=short)
        return message("others_no", others=refused) if refused else Message("only_school")
    free = tuple(key for key in others if room.has(key, course))
    if not free:
        return message("others_full", others=others)
    largest = score(problem, solution).burden
    load = loads(problem, solution)
    light = tuple(
        key
        for key in free
        if burden_of(load[key] + course.days, problem.school_by_key[key].size) <= largest
    )
    if not light:
        return message("fairest", others=free)
    ways = Ways(problem)
    own_km = ways.reach(course, (a.school,)).travel
    nearest = min(light, key=lambda key: (ways.reach(course, (key,)).travel, key))
    if own_km < ways.reach(course, (nearest,)).travel:
        return message(
            "nearest",
            km=ways.average_km(course, (a.school,)),
            other=nearest,
            other_km=ways.average_km(course, (nearest,)),
        )
    if course.last_holder == a.school:
        return Message("keeps_holder")
    if a.guarantee:
        return Message("guaranteed")
    return message("equal", others=light)


def _willing(problem: Problem, course: Course, holder: str) -> tuple[str, ...]:
    """Other approved schools that said they can, whatever keeps them from it."""
    return tuple(
        key
        for key in problem.approved(course)
        if key != holder
        and (line := problem.line_by_cell.get((course.key, key))) is not None
        and line.can_take_on > 0
    )


def _follower(problem: Problem, solution: Solution, a: Assignment) -> tuple[Message, ...]:
    course = problem.course_by_key[a.course]
    holder = solution.holder_of.get(a.course) or problem.lead(course) or ""
    km = problem.km(a.school, holder)
    if km is None:
        return (message("follows", holder=holder),)
    return (message("follows", holder=holder, km=km),)


def _uncovered(problem: Problem, room: _Room, course: Course) -> tuple[Message, ...]:
    approved = problem.approved(course)
    outside = problem.approved(course, in_round=False)
    helps: list[Message] = []
    short: list[tuple[int, Message]] = []
    has_room = False
    pinned: list[str] = []
    silent: list[str] = []
    for key in approved:
        line = problem.line_by_cell.get((course.key, key))
        pin = problem.pin_by_cell.get((course.key, key))
        if pin is not None:
            if pin.role == PinRole.NO and line is not None and line.can_take_on > 0:
                pinned.append(key)
            continue
        if line is None or line.can_take_on == 0:
            silent.append(key)
            continue
        missing, limit = _missing(course, line.can_take_on, room.left(key, course.group))
        if missing > 0:
            short.append((missing, message("help_days", school=key, missing=missing, limit=limit)))
        else:
            has_room = True
    if has_room:
        reason = Message("not_found")
    elif short:
        reason = Message("too_few_days")
    elif pinned:
        reason = message("decided_no", schools=tuple(pinned))
    elif approved:
        reason = message("nobody_can", asked=len(silent))
    else:
        reason = Message("nobody_approved")
    helps += [message for _, message in sorted(short, key=lambda pair: pair[0])]
    helps += [message("help_decision", school=key) for key in pinned]
    if silent:
        helps.append(message("help_ask", schools=tuple(silent)))
    helps.append(
        message("help_outside", schools=_by_distance(problem, approved, outside))
        if outside
        else Message("help_no_outside")
    )
    return (reason, *helps)


def _missing(course: Course, line: int, left: tuple[int, int]) -> tuple[int, str]:
    """Tenths of days lacking at the tightest limit, and which limit that is."""
    in_group, in_all = left
    return max(
        (course.days - line, "line"),
        (course.days - in_group, "group"),
        (course.days - in_all, "total"),
    )


def _by_distance(
    problem: Problem, approved: tuple[str, ...], outside: tuple[str, ...]
) -> tuple[str, ...]:
    """Outside schools, those nearest to the approved schools of the round first."""

    def far(key: str) -> tuple[int, int, str]:
        known = [km for school in approved if (km := problem.km(school, key)) is not None]
        return (0 if known else 1, sum(known), key)

    return tuple(sorted(outside, key=far))
