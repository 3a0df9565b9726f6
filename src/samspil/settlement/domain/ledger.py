"""The ledger: every entry makes the books say what is true of a transfer, by postings of the difference.

Nothing is changed and nothing deleted. What a transfer's postings on an account should add up to follows from
facts; an entry posts 'should be' minus 'is'. So the sums always equal the transfers, in whatever order facts
come, and the same fact told twice posts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from samspil.catalogue.models import Course
from samspil.contracts.transfers import PeopleTransferred, TransferUndone
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row
from samspil.kernel.outbox import enqueue, job
from samspil.settlement import rules
from samspil.settlement.domain import money, rates
from samspil.settlement.enums import DUE, Account, EntryKind, RateKind, StatementStatus
from samspil.settlement.models import Entry, Posting, Statement, TransferFact

DRAWN_UP_AFTER = timedelta(days=8)
"""After the quarter's end: the schools have reported by the fifth (R67)."""

MOST_OERE = 10_000_000_00
"""More than ten million kroner for one transfer is a slip of the finger."""


def balance(transfer: TransferFact, account: str) -> int:
    """What the postings of a transfer on an account add up to: øre from the origin to the holder."""
    sums = (
        Posting.objects.filter(entry__transfer=transfer, account=account)
        .order_by()
        .values("receiver")
        .annotate(oere=Sum("oere"))
    )
    return sum(
        row["oere"] if row["receiver"] == transfer.holder_id else -row["oere"] for row in sums
    )


def latest(transfer: TransferFact) -> Entry:
    """The entry that holds now."""
    return transfer.entries.order_by("-pk")[0]


def _open_statement(transfer: TransferFact, *, now: datetime) -> Statement:
    """The pair's statement for the quarter in which the run ends, locked; a later one when that isn't open."""
    first, second = sorted((transfer.origin_id, transfer.holder_id))
    year, quarter = transfer.ends_on.year, money.quarter_of(transfer.ends_on.month)
    while True:
        statement, is_new = Statement.objects.get_or_create(
            network_id=transfer.network_id,
            first_id=first,
            second_id=second,
            year=year,
            quarter=quarter,
        )
        if is_new:
            due = datetime.combine(statement.ends_on + DRAWN_UP_AFTER, time(4), tzinfo=UTC)
            enqueue(
                "settlement.draw_up",
                {"statement": statement.pk},
                now=now,
                run_at=max(now, due),
                key=f"settlement.draw_up:{statement.pk}",
            )
        statement = lock_row(Statement.objects.all(), statement.pk)
        if statement.status == StatementStatus.OPEN:
            return statement
        year, quarter = money.next_quarter(year, quarter)


def _enter(
    transfer: TransferFact,
    kind: EntryKind,
    targets: Mapping[str, int | None],
    *,
    heads: int,
    days_tenths: int,
    actor: Actor,
    now: datetime,
    reason: str = "",
    is_always: bool = False,
) -> Entry | None:
    """Post what is missing for the accounts to stand at ``targets`` (None: left as it is).

    The caller has locked the transfer. None, and nothing written, when there is nothing to post and no
    ``is_always``.
    """
    missing = {
        account: target - balance(transfer, account)
        for account, target in targets.items()
        if target is not None
    }
    missing = {account: oere for account, oere in missing.items() if oere}
    if not missing and not is_always:
        return None
    entry = Entry.objects.create(
        statement=_open_statement(transfer, now=now),
        transfer=transfer,
        kind=kind,
        heads=heads,
        days_tenths=days_tenths,
        reason=reason[:300],
        actor_label=actor.label[:200],
        at=now,
    )
    Posting.objects.bulk_create(
        [
            Posting(
                entry=entry,
                account=account,
                giver_id=transfer.origin_id if oere > 0 else transfer.holder_id,
                receiver_id=transfer.holder_id if oere > 0 else transfer.origin_id,
                oere=abs(oere),
            )
            for account, oere in sorted(missing.items())
        ]
    )
    record(
        entry.statement,
        after={
            "entry": entry.pk,
            "kind": str(kind),
            "transfer": transfer.reference,
            "oere": {str(account): oere for account, oere in sorted(missing.items())},
        },
        summary=_("Bilag %(number)s: %(kind)s, mål %(course)s")
        % {
            "number": entry.pk,
            "kind": EntryKind(kind).label,
            "course": transfer.course.number,
        },
        network_id=transfer.network_id,
    )
    return entry


def _subsidy(transfer: TransferFact, heads: int, days_tenths: int) -> int | None:
    """What the holder gets from the state for them (R65); None while no rate is known."""
    rate = rates.rate_on(transfer.course, RateKind.SUBSIDY, transfer.starts_on)
    return None if rate is None else money.subsidy_oere(heads, days_tenths, rate.oere)


def expected_fee(transfer: TransferFact) -> int | None:
    """The participant fee by the rates, as a hint; None while no rate is known (R69, R70)."""
    now = latest(transfer)
    rate = rates.rate_on(transfer.course, RateKind.FEE, transfer.starts_on)
    return None if rate is None else money.fee_oere(now.heads, now.days_tenths, rate.oere)


def _locked(pk: int) -> TransferFact:
    # the row itself is never changed; its lock keeps two entries about it apart
    lock_row(TransferFact.objects.all(), pk)
    return TransferFact.objects.select_related("course", "origin", "holder", "network").get(pk=pk)


# ---------------------------------------------------------------- what other contexts tell


@action("settlement.post_transfer", permission=rules.only_the_system)
def post_transfer(*, actor: Actor, now: datetime, told: PeopleTransferred) -> Entry | None:
    """Enter people who were transferred: the taxameter that follows them to the holder (R65).

    Told twice it does nothing. While no rate is known the entry stands without an amount.
    """
    if told.heads < 1 or told.days_tenths < 0 or told.origin_id == told.holder_id:
        raise Invalid(_("En overførsel har mindst en deltager og to forskellige skoler."))
    transfer, is_new = TransferFact.objects.get_or_create(
        reference=told.transfer,
        defaults={
            "network_id": told.network_id,
            "origin_id": told.origin_id,
            "holder_id": told.holder_id,
            "course": Course.objects.get(number=told.course_number),
            "run": told.run,
            "starts_on": date.fromisoformat(told.starts_on),
            "ends_on": date.fromisoformat(told.ends_on),
            "told_at": now,
        },
    )
    if not is_new:
        return None
    transfer = _locked(transfer.pk)
    return _enter(
        transfer,
        EntryKind.TRANSFER,
        {Account.SUBSIDY: _subsidy(transfer, told.heads, told.days_tenths)},
        heads=told.heads,
        days_tenths=told.days_tenths,
        actor=actor,
        now=now,
        is_always=True,
    )


@action("settlement.undo_transfer", permission=rules.only_the_system)
def undo_transfer(*, actor: Actor, now: datetime, told: TransferUndone) -> Entry | None:
    """Take a transfer back: every account of it returns to nothing. Told twice it does nothing.

    Raises ``Conflict`` when the transfer itself isn't known yet, so that the event is told again.
    """
    found = TransferFact.objects.filter(reference=told.transfer).first()
    if found is None:
        raise Conflict(_("Overførslen er ikke ført endnu."))
    transfer = _locked(found.pk)
    if latest(transfer).kind == EntryKind.UNDONE:
        return None
    return _enter(
        transfer,
        EntryKind.UNDONE,
        dict.fromkeys(Account.values, 0),
        heads=0,
        days_tenths=0,
        actor=actor,
        now=now,
        reason=told.reason,
        is_always=True,
    )


# ---------------------------------------------------------------- what the schools state


def _standing(transfer: TransferFact, entry_id: int) -> Entry:
    """The entry that holds, when it is still the one that the person saw."""
    now = latest(transfer)
    if now.kind == EntryKind.UNDONE:
        raise Conflict(_("Overførslen er fortrudt, så der er intet at ændre."))
    if now.pk != entry_id:
        raise Conflict(_("Overførslen er ændret, siden du åbnede siden. Hent den igen."))
    return now


@action("settlement.state_received", permission=rules.may_state_received, on="transfer")
def state_received(
    *,
    actor: Actor,
    now: datetime,
    transfer: TransferFact,
    fee_oere: int,
    subsidy_oere: int,
    reason: str,
    seen_entry: int,
) -> Entry | None:
    """State what the origin has got for the people in all: it owes that to the holder (R65).

    ``fee_oere``: participant fee; ``subsidy_oere``: taxameter that was paid to the origin. A new statement
    posts the difference. Raises ``Invalid`` for amounts that cannot be, ``Conflict`` for a stale page.
    """
    for value, field in ((fee_oere, "fee"), (subsidy_oere, "subsidy")):
        if not 0 <= value <= MOST_OERE:
            raise Invalid(_("Skriv et beløb fra 0 til 10 mio. kr."), field=field)
    transfer = _locked(transfer.pk)
    was = _standing(transfer, seen_entry)
    return _enter(
        transfer,
        EntryKind.RECEIVED,
        {Account.FEE_DUE: fee_oere, Account.SUBSIDY_DUE: subsidy_oere},
        heads=was.heads,
        days_tenths=was.days_tenths,
        actor=actor,
        now=now,
        reason=reason,
    )


@action(
    "settlement.state_participation",
    permission=rules.may_state_participation,
    on="transfer",
)
def state_participation(
    *,
    actor: Actor,
    now: datetime,
    transfer: TransferFact,
    heads: int,
    days_tenths: int,
    reason: str,
    seen_entry: int,
) -> Entry | None:
    """State how many took part and for how long, when it isn't what was planned; the taxameter follows.

    Raises ``Invalid`` without a reason and for numbers that cannot be, ``Conflict`` for a stale page.
    """
    if not reason.strip():
        raise Invalid(_("Skriv, hvorfor deltagelsen er en anden."), field="reason")
    transfer = _locked(transfer.pk)
    was = _standing(transfer, seen_entry)
    told = transfer.entries.order_by("pk")[0]
    if not 0 <= heads <= told.heads:
        raise Invalid(
            _("Skriv et antal fra 0 til %(most)s, så mange som blev overført.")
            % {"most": told.heads},
            field="heads",
        )
    if not 0 <= days_tenths <= 10_000:
        raise Invalid(_("Skriv et antal dage fra 0 til 1.000."), field="days")
    if (heads, days_tenths) == (was.heads, was.days_tenths):
        return None
    return _enter(
        transfer,
        EntryKind.PARTICIPATION,
        {Account.SUBSIDY: _subsidy(transfer, heads, days_tenths)},
        heads=heads,
        days_tenths=days_tenths,
        actor=actor,
        now=now,
        reason=reason.strip(),
        is_always=True,
    )


# ---------------------------------------------------------------- rates that came later


@action("settlement.reprice_transfer", permission=rules.only_the_system, on="transfer")
def reprice_transfer(*, actor: Actor, now: datetime, transfer: TransferFact) -> Entry | None:
    """Post the difference that a rate which was added later makes. Nothing when there is none."""
    transfer = _locked(transfer.pk)
    was = latest(transfer)
    if was.kind == EntryKind.UNDONE:
        return None
    rate = rates.rate_on(transfer.course, RateKind.SUBSIDY, transfer.starts_on)
    if rate is None:
        return None
    return _enter(
        transfer,
        EntryKind.RATE,
        {Account.SUBSIDY: money.subsidy_oere(was.heads, was.days_tenths, rate.oere)},
        heads=was.heads,
        days_tenths=was.days_tenths,
        actor=actor,
        now=now,
        reason=_("Takst fra %(day)s: %(source)s")
        % {"day": rate.valid_from.isoformat(), "source": rate.source},
    )


@job("settlement.reprice")
def reprice(payload: dict[str, Any], *, now: datetime) -> None:
    """Look at every transfer of a rate group's courses again."""
    actor = Actor.system("settlement.reprice")
    for transfer in (
        TransferFact.objects.filter(course__rate_groups__group=payload["group"])
        .distinct()
        .order_by("pk")
    ):
        reprice_transfer(actor=actor, now=now, transfer=transfer)


def is_due(account: str) -> bool:
    """Whether a posting on the account is owed between schools, or only told."""
    return account in DUE
