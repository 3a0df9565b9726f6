"""Amounts, schools and lines of a statement as pages and papers show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from samspil.settlement.enums import DUE, Account, EntryKind


def kroner(oere: int | None) -> str:
    """``1.234,50 kr.`` from øre; a dash for none."""
    if oere is None:
        return "–"
    sign = "−" if oere < 0 else ""
    whole, rest = divmod(abs(oere), 100)
    return _("%(sign)s%(amount)s kr.") % {
        "sign": sign,
        "amount": f"{number_format(whole, force_grouping=True)}{number_format(rest / 100, 2)[1:]}",
    }


def tenths(value: int) -> str:
    """``2,5`` from tenths, ``3`` from 30."""
    whole, rest = divmod(value, 10)
    return number_format(value / 10, 1) if rest else str(whole)


@dataclass(frozen=True)
class Line:
    """A line of a statement for the page. ``due``: what is owed by the origin (øre), ``subsidy``: told only."""

    raw: dict[str, Any]
    kind: str
    origin: str
    holder: str
    starts_on: date
    ends_on: date
    subsidy: int
    fee_due: int
    subsidy_due: int


def lines(content: dict[str, Any]) -> list[Line]:
    """The lines of a statement's content, amounts counted from origin to holder."""
    names = {content[key]["id"]: content[key]["name"] for key in ("first", "second")}
    made = []
    for raw in content["lines"]:
        signed = dict.fromkeys(Account.values, 0)
        for posting in raw["postings"]:
            is_forward = posting["giver"] == raw["origin"]
            signed[posting["account"]] += posting["oere"] if is_forward else -posting["oere"]
        made.append(
            Line(
                raw,
                str(EntryKind(raw["kind"]).label),
                names[raw["origin"]],
                names[raw["holder"]],
                date.fromisoformat(raw["starts_on"]),
                date.fromisoformat(raw["ends_on"]),
                signed[Account.SUBSIDY],
                signed[Account.FEE_DUE],
                signed[Account.SUBSIDY_DUE],
            )
        )
    return made


def verdict(content: dict[str, Any]) -> str:
    """Who owes whom how much, in a sentence."""
    due = content["sums"]["due"]
    if due == 0:
        return _("Ingen af skolerne skylder den anden noget.")
    debtor, creditor = ("first", "second") if due > 0 else ("second", "first")
    return _("%(debtor)s skylder %(creditor)s %(amount)s") % {
        "debtor": content[debtor]["name"],
        "creditor": content[creditor]["name"],
        "amount": kroner(abs(due)),
    }


def told(content: dict[str, Any]) -> str:
    """What taxameter follows people, in a sentence."""
    subsidy = content["sums"]["subsidy"]
    if subsidy == 0:
        return _("Taxameteret går lige op.")
    loser, winner = ("first", "second") if subsidy > 0 else ("second", "first")
    return _(
        "Staten udbetaler %(amount)s mere til %(winner)s og mindre til %(loser)s. Det betales ikke mellem skolerne."
    ) % {
        "amount": kroner(abs(subsidy)),
        "winner": content[winner]["name"],
        "loser": content[loser]["name"],
    }


def is_due(account: str) -> bool:
    """Whether a posting on the account is owed between schools."""
    return account in DUE
