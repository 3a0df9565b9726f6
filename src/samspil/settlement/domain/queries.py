"""What the pages about settlement ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, Sum
from django.utils.translation import gettext as _

from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.settlement.domain import ledger
from samspil.settlement.enums import DUE, Account, EntryKind
from samspil.settlement.models import Dispute, Entry, Posting, Statement, TransferFact

_WITH = ("network", "first", "second")


@dataclass(frozen=True, slots=True)
class Row:
    """A statement in the list. ``due``: øre that ``first`` owes ``second``; below 0 the other way.

    ``subsidy``: taxameter that follows people, first to second. ``out`` and ``into``: transfers from and to first.
    """

    statement: Statement
    due: int
    subsidy: int
    out: int
    into: int
    has_lines: bool
    is_constructed: bool = False

    @property
    def debtor(self) -> str:
        """Who owes, by label; empty when nobody does."""
        if self.due == 0:
            return ""
        return (self.statement.first if self.due > 0 else self.statement.second).label

    @property
    def creditor(self) -> str:
        """To whom it is owed, by label; empty when nothing is."""
        if self.due == 0:
            return ""
        return (self.statement.second if self.due > 0 else self.statement.first).label


def rows(actor: Actor) -> list[Row]:
    """The statements whose sums the actor may see, newest first: six queries whatever their number."""
    found = list(
        Statement.objects.totals_for(actor)
        .select_related(*_WITH)
        .defer("content")
        .prefetch_related("approvals")
        .order_by("-year", "-quarter", "first__name", "second__name", "pk")
    )
    with_lines = set(
        Statement.objects.visible_to(actor)
        .filter(pk__in=[s.pk for s in found])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    made_up = set(
        Entry.objects.filter(
            statement__in=[s.pk for s in found], transfer__course__is_constructed=True
        ).values_list("statement_id", flat=True)
    )
    sums = _sums([s.pk for s in found])
    counts = _counts([s.pk for s in found])
    made = []
    for statement in found:
        mine = sums[statement.pk]
        signed = {
            account: sum(
                oere if giver == statement.first_id else -oere
                for (kind, giver), oere in mine.items()
                if kind == account
            )
            for account in Account.values
        }
        made.append(
            Row(
                statement,
                sum(signed[account] for account in DUE),
                signed[Account.SUBSIDY],
                counts[statement.pk].get(statement.first_id, 0),
                counts[statement.pk].get(statement.second_id, 0),
                statement.pk in with_lines,
                statement.network.is_constructed or statement.pk in made_up,
            )
        )
    return made


def _sums(ids: Collection[int]) -> dict[int, dict[tuple[str, int], int]]:
    found: dict[int, dict[tuple[str, int], int]] = defaultdict(dict)
    for row in (
        Posting.objects.filter(entry__statement__in=ids)
        .order_by()
        .values("account", "giver", statement=F("entry__statement"))
        .annotate(oere=Sum("oere"))
    ):
        found[row["statement"]][row["account"], row["giver"]] = row["oere"]
    return found


def _counts(ids: Collection[int]) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for row in (
        Entry.objects.filter(statement__in=ids, kind=EntryKind.TRANSFER)
        .order_by()
        .values("statement", origin=F("transfer__origin"))
        .annotate(n=Count("pk"))
    ):
        found[row["statement"]][row["origin"]] = row["n"]
    return found


def get_statement(actor: Actor, pk: int) -> tuple[Statement, bool]:
    """A statement, and whether the actor sees its lines or its sums alone. Raises ``NotFound``."""
    found = Statement.objects.totals_for(actor).select_related(*_WITH, "pdf").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Opgørelsen findes ikke."))
    return found, Statement.objects.visible_to(actor).filter(pk=pk).exists()


def get_lines(actor: Actor, pk: int) -> Statement:
    """A statement whose lines the actor sees. Raises ``NotFound``."""
    found, has_lines = get_statement(actor, pk)
    if not has_lines:
        raise NotFound(_("Opgørelsen findes ikke."))
    return found


def get_dispute(actor: Actor, pk: int) -> Dispute:
    """A dispute about a statement whose lines the actor sees. Raises ``NotFound``."""
    found = (
        Dispute.objects.filter(statement__in=Statement.objects.visible_to(actor))
        .select_related(
            "statement__first", "statement__second", "statement__network", "organisation"
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Indsigelsen findes ikke."))
    return found


def disputes_of(statement: Statement) -> list[Dispute]:
    """The disputes of a statement with what was said."""
    return list(
        statement.disputes.select_related("organisation", "entry")
        .prefetch_related("messages__organisation")
        .order_by("pk")
    )


def get_transfer(actor: Actor, pk: int) -> TransferFact:
    """A transfer of the actor's own schools. Raises ``NotFound``."""
    found = (
        TransferFact.objects.visible_to(actor)
        .select_related("network", "origin", "holder", "course")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Overførslen findes ikke."))
    return found


@dataclass(frozen=True)
class TransferView:
    """A transfer with its entries and what its accounts stand at (øre, origin to holder)."""

    transfer: TransferFact
    entries: list[Entry]
    balances: dict[str, int]
    expected_fee: int | None

    @property
    def now(self) -> Entry:
        """The entry that holds."""
        return self.entries[-1]

    @property
    def is_undone(self) -> bool:
        """Whether it was taken back."""
        return self.now.kind == EntryKind.UNDONE


def transfer_view(transfer: TransferFact) -> TransferView:
    """All that stands in the books about a transfer."""
    return TransferView(
        transfer,
        list(
            transfer.entries.select_related("statement")
            .prefetch_related("postings__giver", "postings__receiver")
            .order_by("pk")
        ),
        {account: ledger.balance(transfer, account) for account in Account.values},
        ledger.expected_fee(transfer),
    )
