"""What the worker does about a loan after commit. Each may come twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from samspil.kernel.actor import Actor
from samspil.kernel.files import store
from samspil.kernel.outbox import job
from samspil.lending.domain import loans
from samspil.lending.domain.queries import load_loan
from samspil.lending.interfaces.loan_pdf import loan_pdf


@job("lending.write_loan")
def on_loan_signed(payload: dict[str, Any], *, now: datetime) -> None:
    """Write a loan that both have signed as PDF, and mail it."""
    actor = Actor.system("lending.write_loan")
    loan = load_loan(payload["loan"])
    if loan.pdf_id is not None:
        return
    name = f"udlaan-fkb-{loan.fkb.number}-{loan.lender.key}-{loan.other_key}-{loan.starts_on}.pdf"
    loans.keep_loan_file(
        actor=actor,
        now=now,
        loan=loan,
        pdf=store(loan_pdf(loan), name, "application/pdf", actor=actor, now=now),
    )


@job("lending.warn_loan")
def on_loan_ends(payload: dict[str, Any], *, now: datetime) -> None:
    """Tell both schools that a loan runs out in a month."""
    loans.warn_of_end(
        actor=Actor.system("lending.warn_loan"), now=now, loan=load_loan(payload["loan"])
    )
