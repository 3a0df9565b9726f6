"""A loan in words, for its page."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from samspil.lending import rules
from samspil.lending.enums import Ground, LoanStatus
from samspil.lending.models import Loan, LoanSignature
from samspil.network.interfaces.signed import METHODS, proof_words
from samspil.network.models import Organisation


def grounds_in_words(loan: Loan) -> list[str]:
    """The law's grounds that the loan builds on (R51)."""
    return [str(Ground(ground).label) for ground in loan.grounds]


def method_words(row: LoanSignature) -> str:
    """What a signature is secured with, in words; empty while it waits."""
    proof = getattr(row, "proof", None) if row.method == "openid" else None
    if proof is not None:
        return proof_words(proof.provider, proof.loa)
    return str(METHODS.get(row.method, row.method))


def next_step(loan: Loan, own: Organisation | None, *, today: date) -> str:
    """What happens next, in one sentence; empty when nothing does."""
    if loan.status == LoanStatus.PROPOSED:
        school = rules.answers(loan)
        if school is not None and own == school:
            return _("I skal svare: ja, nej, eller foreslå andre vilkår.")
        return _("%(school)s skal svare.") % {"school": school.name if school else ""}
    if loan.status == LoanStatus.SIGNING:
        return _("Begge skoler skal underskrive.")
    if loan.status != LoanStatus.SIGNED or loan.state_on(today) == "over":
        return ""
    if not loan.is_contract and loan.registered_on is None:
        return _("%(school)s skal registrere aftalen digitalt og notere kvitteringen her.") % {
            "school": loan.lender.name
        }
    return ""
