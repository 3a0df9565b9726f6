"""What happens after commit: people who were transferred. Each event may come twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from samspil.contracts.transfers import PeopleTransferred, TransferUndone
from samspil.kernel import files
from samspil.kernel.actor import Actor
from samspil.kernel.outbox import job, receives
from samspil.settlement.domain import ledger, statements
from samspil.settlement.interfaces.pdf import statement_pdf
from samspil.settlement.models import Statement


@receives(PeopleTransferred, kind="settlement.people_transferred")
def on_people_transferred(payload: dict[str, Any], *, now: datetime) -> None:
    """Enter them in the ledger."""
    ledger.post_transfer(
        actor=Actor.system("settlement.people_transferred"),
        now=now,
        told=PeopleTransferred(**payload),
    )


@receives(TransferUndone, kind="settlement.transfer_undone")
def on_transfer_undone(payload: dict[str, Any], *, now: datetime) -> None:
    """Take them out again, by postings the other way."""
    ledger.undo_transfer(
        actor=Actor.system("settlement.transfer_undone"), now=now, told=TransferUndone(**payload)
    )


@job("settlement.closed")
def on_closed(payload: dict[str, Any], *, now: datetime) -> None:
    """Both have approved: write the PDF, keep it, send it."""
    statement = Statement.objects.select_related("first", "second", "network").get(
        pk=payload["statement"]
    )
    if statement.pdf_id is not None:
        return
    actor = Actor.system("settlement.closed")
    name = f"afregning-{statement.year}-{statement.quarter}-{statement.pk}.pdf"
    stored = files.store(statement_pdf(statement), name, "application/pdf", actor=actor, now=now)
    statements.keep_pdf(actor=actor, now=now, statement=statement, pdf=stored)
