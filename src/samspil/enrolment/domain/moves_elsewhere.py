"""People whom only a school's own system knows: their school asks them about another run, by links without names.

When a plan that all schools have approved begins, each of them has a sign-up without a name, an offer that holds
a seat, and by it a link (``moves_asking``). The school hands the links out as it likes, or writes mail addresses
and Samspil sends them; or it asks by telephone and writes down how many said what. An answer counts as anybody's.
Only the school itself sees the links. Addresses are deleted when the plan is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.enrolment import notifications
from samspil.enrolment.domain import moves, moves_asking, tokens
from samspil.enrolment.enums import MovePlanStatus, MoveState, OfferState
from samspil.enrolment.models import MoveLine, MovePlan, SignUp
from samspil.enrolment.rules import is_staff_of
from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.tasks import Task, task_source
from samspil.runs.models import CourseRun

MOST_ADDRESSES: Final = 200
ENDED: Final = (MovePlanStatus.CARRIED_OUT, MovePlanStatus.LAPSED, MovePlanStatus.DROPPED)


@dataclass(frozen=True, slots=True)
class Link:
    """One person's link. ``number``: what the school calls them by; ``has_address``: Samspil has sent it."""

    number: int
    url: str
    has_address: bool
    line: MoveLine

    @property
    def is_open(self) -> bool:
        """Whether they can still answer."""
        return self.line.state == MoveState.ASKED


@dataclass(frozen=True)
class Stream:
    """People of one's own school whom only its system knows, and the run that they are asked about."""

    source: CourseRun
    target: CourseRun
    links: tuple[Link, ...]
    answer_by: datetime | None

    def _count(self, *states: str) -> int:
        return sum(link.line.state in states for link in self.links)

    @property
    def heads(self) -> int:
        return len(self.links)

    @property
    def yes(self) -> int:
        return self._count(MoveState.YES, MoveState.MOVED)

    @property
    def no(self) -> int:
        return self._count(MoveState.NO, MoveState.OTHERS, MoveState.SILENT)

    @property
    def open(self) -> int:
        """Those who are asked and have not answered."""
        return self._count(MoveState.ASKED)

    @property
    def unsent(self) -> int:
        """Those who can still answer, and whose link Samspil has not sent."""
        return sum(link.is_open and not link.has_address for link in self.links)


def streams(actor: Actor, plan: MovePlan) -> list[Stream]:
    """The actor's own schools' people whom only their system knows and who have been asked, run by run."""
    own = actor.organisation_ids(*moves.STAFF)
    rows = (
        plan.lines.filter(
            is_elsewhere=True, source__organisation__in=own, sign_up__isnull=False
        )
        .exclude(offer=None)
        .select_related(
            "sign_up", "offer",
            "source__organisation", "source__course", "target__organisation", "target__course",
        )
        .order_by("source__starts_on", "source_id", "target_id", "pk")
    )  # fmt: skip
    found: dict[tuple[int, int], list[MoveLine]] = defaultdict(list)
    for row in rows:
        found[row.source_id, row.target_id].append(row)
    made = []
    for lines in found.values():
        links = tuple(
            Link(number, _url(line), bool(line.order.contact_email), line)
            for number, line in enumerate(lines, start=1)
        )
        ends = [x.offer.expires_at for x in lines if x.offer and x.state == MoveState.ASKED]
        made.append(Stream(lines[0].source, lines[0].target, links, max(ends, default=None)))
    return made


def _url(line: MoveLine) -> str:
    """Their own page about the question; after the move it is the page of their sign-up."""
    link = reverse("enrolment:mine", args=[tokens.token_of(line.order)])
    return f"{settings.BASE_URL}{link}"


def get_stream(actor: Actor, plan: MovePlan, source_id: int, target_id: int) -> Stream:
    """One of ``streams``. Raises ``NotFound``."""
    for stream in streams(actor, plan):
        if (stream.source.pk, stream.target.pk) == (source_id, target_id):
            return stream
    raise NotFound(_("Der er ingen at spørge dér."))


def last_line(sign_up: SignUp) -> MoveLine | None:
    """What somebody whom only the school's system knows was asked about last."""
    return (
        MoveLine.objects.filter(sign_up=sign_up, is_elsewhere=True)
        .exclude(offer=None)
        .order_by("-wave", "-pk")
        .first()
    )


def _lines(plan: MovePlan, source_id: int, target_id: int) -> list[MoveLine]:
    return list(
        plan.lines.filter(
            is_elsewhere=True, source=source_id, target=target_id, sign_up__isnull=False
        )
        .exclude(offer=None)
        .select_related(
            "sign_up__run", "offer__sign_up", "source__organisation", "source__course",
            "target__organisation", "target__course",
        )
        .order_by("pk")
    )  # fmt: skip


def _insist_own(actor: Actor, source_id: int) -> CourseRun:
    run = CourseRun.objects.select_related("organisation").filter(pk=source_id).first()
    if run is None:
        raise NotFound(_("Holdet findes ikke."))
    if not is_staff_of(actor, run.organisation_id):
        raise Forbidden(_("Du kan kun spørge jeres egne kursister."))
    return run


@action("enrolment.send_links", permission=moves.may_decide, on="plan")
def send_links(
    *,
    actor: Actor,
    now: datetime,
    plan: MovePlan,
    source_id: int,
    target_id: int,
    addresses: Iterable[str],
) -> int:
    """Send a link each to these mail addresses, those with the lowest numbers first. Returns how many went out.

    An address that has its link already gets no second. Raises ``Invalid`` for what is no address, naming it, and
    when they are more than can still answer; ``Conflict`` when the plan no longer asks.
    """
    run = _insist_own(actor, source_id)
    wanted = list(dict.fromkeys(a.strip().lower() for a in addresses if a.strip()))
    if not wanted:
        raise Invalid(_("Skriv mindst én mailadresse."), "addresses")
    if len(wanted) > MOST_ADDRESSES:
        raise Invalid(
            _("Skriv højst %(most)s adresser ad gangen.") % {"most": MOST_ADDRESSES}, "addresses"
        )
    for address in wanted:
        try:
            validate_email(address)
        except ValidationError:
            raise Invalid(
                _("“%(text)s” er ikke en mailadresse. Ingen mails er sendt.")
                % {"text": address[:80]},
                "addresses",
            ) from None
    plan = moves.locked(plan.pk)
    if plan.status != MovePlanStatus.ASKING:
        raise Conflict(_("Planen spørger ikke længere nogen."))
    lines = _lines(plan, source_id, target_id)
    known = {line.order.contact_email for line in lines if line.order.contact_email}
    new = [address for address in wanted if address not in known]
    free = [x for x in lines if x.state == MoveState.ASKED and not x.order.contact_email]
    if len(new) > len(free):
        raise Invalid(
            ngettext(
                "Der er kun %(count)s, som mangler et link. Fjern de andre adresser. Ingen mails er sendt.",
                "Der er kun %(count)s, som mangler et link. Fjern de andre adresser. Ingen mails er sendt.",
                len(free),
            )
            % {"count": len(free)},
            "addresses",
        )
    mails = []
    for line, address in zip(free, new, strict=False):
        order = line.order
        order.contact_email = address
        order.save(update_fields=["contact_email"])
        assert line.offer is not None
        mails.append(moves_asking.question(line, line.offer, line.target))
    notifications.send_all(mails, now=now)
    record(
        plan,
        after={"sent": len(mails), "source": source_id, "target": target_id},
        summary=ngettext(
            "%(school)s har sendt et link til %(count)s kursist",
            "%(school)s har sendt links til %(count)s kursister",
            len(mails),
        )
        % {"school": run.organisation.label, "count": len(mails)},
        network_id=plan.network_id,
        organisation_id=run.organisation_id,
    )
    return len(mails)


@action("enrolment.record_answers", permission=moves.may_decide, on="plan")
def record_answers(
    *,
    actor: Actor,
    now: datetime,
    plan: MovePlan,
    source_id: int,
    target_id: int,
    yes: int,
    no: int,
    seen: int,
) -> tuple[int, int]:
    """Write down what the school was told by those who have not answered by their link.

    ``seen``: how many were unanswered on the page. Those without an address first; the seats of those who say no
    go on. Raises ``Invalid`` for more answers than there are people, ``Conflict`` when somebody has answered
    meanwhile, so that nobody is counted twice.
    """
    run = _insist_own(actor, source_id)
    if yes < 0 or no < 0 or not yes + no:
        raise Invalid(_("Skriv, hvor mange der har sagt ja, og hvor mange nej."), "yes")
    plan, _runs = moves_asking.lock_with_offers(plan)
    if plan.status != MovePlanStatus.ASKING:
        raise Conflict(_("Planen spørger ikke længere nogen."))
    waiting = [
        line
        for line in _lines(plan, source_id, target_id)
        if line.state == MoveState.ASKED
        and line.offer is not None
        and line.offer.state == OfferState.PENDING
    ]
    if len(waiting) != seen:
        raise Conflict(_("Der er kommet svar, siden du åbnede siden. Se tallene, og prøv igen."))
    if yes + no > len(waiting):
        raise Invalid(
            _("Der mangler kun svar fra %(count)s.") % {"count": len(waiting)},
            "yes",
        )
    waiting.sort(key=lambda line: (bool(line.order.contact_email), line.pk))
    for line, verb in zip(waiting, ["accept"] * yes + ["decline"] * no, strict=False):
        assert line.offer is not None
        moves_asking.answer_move(actor=actor, now=now, offer=line.offer, verb=verb)
    record(
        plan,
        after={"yes": yes, "no": no, "source": source_id, "target": target_id},
        summary=_("%(school)s har skrevet svar ind: %(yes)s ja, %(no)s nej")
        % {"school": run.organisation.label, "yes": yes, "no": no},
        network_id=plan.network_id,
        organisation_id=run.organisation_id,
    )
    return yes, no


@task_source("enrolment.elsewhere")
def elsewhere_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: people whom only their own system knows, and who have not answered yet."""
    own = actor.organisation_ids(*moves.STAFF)
    if not own:
        return
    rows = (
        MoveLine.objects.filter(
            is_elsewhere=True,
            state=MoveState.ASKED,
            plan__status=MovePlanStatus.ASKING,
            source__organisation__in=own,
        )
        .select_related("plan__course", "plan__network", "offer", "source__organisation")
        .order_by("plan_id", "pk")
    )
    found: dict[tuple[int, int], list[MoveLine]] = defaultdict(list)
    for row in rows:
        found[row.plan_id, row.source.organisation_id].append(row)
    for lines in found.values():
        plan = lines[0].plan
        ends = [clock.local_date(x.offer.expires_at) for x in lines if x.offer]
        yield Task(
            title=ngettext(
                "Spørg %(count)s kursist, som kun jeres eget system kender",
                "Spørg %(count)s kursister, som kun jeres eget system kender",
                len(lines),
            )
            % {"count": len(lines)},
            url=reverse("enrolment:plan_elsewhere", args=[plan.pk]),
            context=plan.network.short_name,
            due_on=min(ends, default=None),
            detail=f"{lines[0].source.organisation.label} · {plan.course}",
        )
