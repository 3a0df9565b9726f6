"""Why, line by line: message codes and facts. The words in Danish and English belong to whoever shows them.

Codes, with their parameters (days are tenths of a day, distances kilometres):

why a school holds a course
  stays                                         it had the course in the plan that people saw before a decision
  only_school                                   nobody else is approved and said that it can
  others_no         others                      the others that said they can were decided to 'no' by hand
  others_full       others                      the others that said they can have too few days
  fairest           others                      the others would get a larger extra duty than anybody has now
  nearest           km, other, other_km         the way there is shorter than to the other schools that can
  keeps_holder                                  as good as the others, and it held the course last year
  guaranteed                                    as good as the others, and it guarantees the run
  equal             others                      the others were as good; the order of the keys decided
added to that
  moved_from        other                       who had it in that plan
  on_loan           other                       it holds the course under another's approval (R59)
  in_quarter        quarter                     when it is to be held
  uses_days         days, left, group           what it takes of the school's days, and what is left
  was_holder        held the course last year   guarantee   will be held whatever the enrolment
  days_assumed      days                        the duration isn't known; this was used
why a school offers a course that is held already
  extra_offer       learners, km                so many learners get an offer within so many kilometres
why a school follows
  follows           holder, km                  it said that it will follow, and runs on the holder's dates
why a course stays uncovered
  nobody_approved                               no school in the round is approved
  nobody_can        asked                       nobody who is approved said that it can
  decided_no        schools                     those that can were decided to 'no' by hand
  too_few_days                                  those that can lack days
  no_quarter                                    those that can have the days, but not in a quarter in which they can
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

from planning.coverage.choices import options, quarter_room, room_of
from planning.coverage.data import QUARTERS, Course, PinRole, Problem
from planning.coverage.score import burden_of, loads
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
    tell = {Role.HOLDER: _holder, Role.EXTRA: _extra, Role.FOLLOWER: _follower}
    lines = [Explanation(a.course, a.school, tell[a.role](room, a)) for a in solution.assignments]
    lines += [
        Explanation(key, "", _uncovered(problem, room, problem.course_by_key[key]))
        for key in solution.uncovered
    ]
    return tuple(lines)


class _Room:
    """The problem, its answer, and what is left at each school when the answer is used; worked out once."""

    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.problem = problem
        self.solution = solution
        self.ways = Ways(problem)
        self.load = loads(problem, solution)
        self.largest = max(
            (burden_of(load, problem.school_by_key[key].size) for key, load in self.load.items()),
            default=0,
        )
        self.used: dict[tuple[str, str], int] = {}
        self.used_total: dict[str, int] = {}
        self.used_quarter: dict[tuple[str, str, int], int] = {}
        for a in solution.assignments:
            if a.role == Role.FOLLOWER:
                continue
            course, school = problem.course_by_key[a.course], a.school
            self.used[school, course.group] = self.used.get((school, course.group), 0) + course.days
            self.used_total[school] = self.used_total.get(school, 0) + course.days
            place = (school, course.group, a.quarter)
            self.used_quarter[place] = self.used_quarter.get(place, 0) + course.days

    def has_quarter(self, school: str, course: Course) -> bool:
        """Is there a quarter in which the school can, with days enough left?"""
        if not self.problem.plans_quarters:
            return True
        room = quarter_room(self.problem, school, course.group)
        return any(
            course.days <= room[q] - self.used_quarter.get((school, course.group, q), 0)
            if q in room
            else True
            for q in self.problem.line_by_cell[course.key, school].quarters or QUARTERS
        )

    def left(self, school: str, group: str) -> tuple[int, int]:
        in_group, total = room_of(self.problem, school, group)
        return in_group - self.used.get((school, group), 0), total - self.used_total.get(school, 0)

    def has(self, school: str, course: Course) -> bool:
        return all(
            course.days <= left for left in self.left(school, course.group)
        ) and self.has_quarter(school, course)


def _holder(room: _Room, a: Assignment) -> tuple[Message, ...]:
    problem = room.problem
    course = problem.course_by_key[a.course]
    others = tuple(key for key in options(problem, course) if key != a.school)
    messages = [_choice(room, course, a, others)]
    previous = problem.previous_of.get(course.key)
    if previous is not None and previous != a.school:
        messages.append(message("moved_from", other=previous))
    lender = problem.lender(course, a.school)
    if lender is not None and a.school not in problem.approved(course):
        messages.append(message("on_loan", other=lender))
    if course.last_holder == a.school and messages[0].code != "keeps_holder":
        messages.append(Message("was_holder"))
    if a.guarantee and messages[0].code != "guaranteed":
        messages.append(Message("guarantee"))
    return (*messages, *_days(room, course, a))


def _days(room: _Room, course: Course, a: Assignment) -> list[Message]:
    messages = [message("in_quarter", quarter=a.quarter)] if a.quarter else []
    left = min(room.left(a.school, course.group))
    messages.append(message("uses_days", days=course.days, left=left, group=course.group))
    if course.days_assumed:
        messages.append(message("days_assumed", days=course.days))
    return messages


def _extra(room: _Room, a: Assignment) -> tuple[Message, ...]:
    problem = room.problem
    course = problem.course_by_key[a.course]
    holder = room.solution.holder_of.get(a.course)
    before = (*problem.providers(course), *((holder,) if holder else ()))
    nearer = room.ways.reach(course, before).far - room.ways.reach(course, (*before, a.school)).far
    messages = [message("extra_offer", learners=nearer, km=problem.far_km)]
    if a.guarantee:
        messages.append(Message("guarantee"))
    return (*messages, *_days(room, course, a))


def _choice(room: _Room, course: Course, a: Assignment, others: tuple[str, ...]) -> Message:
    """The first objective in the stated order that sets this school apart from the others."""
    problem = room.problem
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
    if problem.previous_of.get(course.key) == a.school:
        return Message("stays")
    load = room.load
    light = tuple(
        key
        for key in free
        if burden_of(load[key] + course.days, problem.school_by_key[key].size) <= room.largest
    )
    if not light:
        return message("fairest", others=free)
    ways = room.ways
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
        for key in problem.may_hold(course)
        if key != holder
        and (line := problem.line_by_cell.get((course.key, key))) is not None
        and line.can_take_on > 0
    )


def _follower(room: _Room, a: Assignment) -> tuple[Message, ...]:
    problem = room.problem
    course = problem.course_by_key[a.course]
    holder = room.solution.holder_of.get(a.course) or problem.lead(course) or ""
    km = problem.km(a.school, holder)
    if km is None:
        return (message("follows", holder=holder),)
    return (message("follows", holder=holder, km=km),)


def _uncovered(problem: Problem, room: _Room, course: Course) -> tuple[Message, ...]:
    approved = problem.approved(course)
    outside = problem.approved(course, in_round=False)
    helps: list[Message] = []
    short: list[tuple[int, Message]] = []
    has_room = has_days = False
    pinned: list[str] = []
    silent: list[str] = []
    for key in problem.may_hold(course):
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
        elif room.has_quarter(key, course):
            has_room = True
        else:
            has_days = True
    if has_room:
        reason = Message("not_found")
    elif has_days:
        reason = Message("no_quarter")
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
