"""What a loan says, and whether the law allows it."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _

from samspil.catalogue.models import Approval, Course, Fkb
from samspil.kernel import uploads
from samspil.kernel.errors import Invalid, UploadRefused
from samspil.lending.enums import Ground, LoanKind, LoanStatus
from samspil.lending.models import Loan
from samspil.network.models import Organisation
from samspil.network.models.organisations import valid_on

MONTHS: Final = 6
"""The longest period of a loan (R50)."""
MAX_BYTES: Final = 5 * 1024 * 1024
LIVE: Final = (LoanStatus.PROPOSED, LoanStatus.SIGNING, LoanStatus.SIGNED)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody hands in."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Terms:
    """What a school proposes. ``courses`` empty: every course of the FKB. Both days are included.

    ``exception_note`` says which approval allows a longer period (R50), ``document`` shows it; of a
    contract it is the contract itself (R58).
    """

    lender: Organisation
    fkb: Fkb
    starts_on: date
    ends_on: date
    reason: str
    kind: str = LoanKind.LENDING
    borrower: Organisation | None = None
    supplier: str = ""
    supplier_cvr: str = ""
    courses: Sequence[Course] = ()
    grounds: Sequence[str] = ()
    place: str = ""
    terms: str = ""
    exception_note: str = ""
    document: Upload | None = field(default=None, repr=False)

    def values(self) -> dict[str, Any]:
        """The fields of a ``Loan``; courses and document are kept beside them."""
        return {
            "kind": self.kind,
            "lender": self.lender,
            "borrower": self.borrower,
            "supplier": self.supplier.strip(),
            "supplier_cvr": self.supplier_cvr,
            "fkb": self.fkb,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "grounds": [g for g in Ground.values if g in self.grounds],
            "reason": self.reason.strip(),
            "place": self.place.strip(),
            "terms": self.terms.strip(),
            "exception_note": self.exception_note.strip(),
        }


def last_day(first: date, months: int = MONTHS) -> date:
    """The last day of ``months`` months that begin on ``first``: of 31-08 plus six, 27-02 or 28-02."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    if first.day > length:  # there is no such day in the last month: it ends with the month
        return date(year, month + 1, length)
    return date(year, month + 1, first.day) - timedelta(days=1)


def is_approved(organisation: Organisation, fkb: Fkb, day: date) -> bool:
    """Whether a school is approved for an FKB on a day (R43, R46)."""
    return Approval.objects.filter(valid_on(day), organisation=organisation, fkb=fkb).exists()


def check(wanted: Terms, *, today: date, but: Loan | None = None) -> None:
    """Raise ``Invalid``, with the field it is about, for what may not be agreed (R48–R59).

    ``but``: the loan that is being changed, which does not stand in its own way.
    """
    if wanted.ends_on < wanted.starts_on:
        raise Invalid(_("Slutdatoen ligger før startdatoen."), "ends_on")
    if wanted.ends_on < today:
        raise Invalid(_("Perioden er forbi. Vælg en slutdato, der kommer."), "ends_on")
    if not wanted.reason.strip():
        raise Invalid(_("Skriv, hvorfor. Det skal kunne forklares bagefter."), "reason")
    _check_courses(wanted)
    for day in (max(wanted.starts_on, today), wanted.ends_on):
        if not is_approved(wanted.lender, wanted.fkb, day):
            raise Invalid(
                _(
                    "%(school)s er ikke godkendt til FKB %(fkb)s i hele perioden og kan ikke overlade den til andre."
                )
                % {"school": wanted.lender.name, "fkb": wanted.fkb.number},
                "fkb",
            )
    if wanted.kind == LoanKind.CONTRACT:
        _check_contract(wanted, but)
    else:
        _check_loan(wanted, but)


def _check_courses(wanted: Terms) -> None:
    of_fkb = set(wanted.fkb.relations.values_list("course_id", flat=True))
    strangers = sorted(c.number for c in wanted.courses if c.pk not in of_fkb)
    if strangers:
        raise Invalid(
            _("FKB %(fkb)s har ikke målet %(courses)s.")
            % {"fkb": wanted.fkb.number, "courses": ", ".join(strangers)},
            "courses",
        )


def _check_contract(wanted: Terms, but: Loan | None) -> None:
    if not wanted.supplier.strip():
        raise Invalid(_("Skriv leverandørens navn."), "supplier")
    if not (wanted.supplier_cvr.isdecimal() and len(wanted.supplier_cvr) == 8):
        raise Invalid(_("Et CVR-nummer har otte cifre."), "supplier_cvr")
    if wanted.document is None and (but is None or but.document_id is None):
        raise Invalid(_("Læg kontrakten ved som PDF."), "document")


def _check_loan(wanted: Terms, but: Loan | None) -> None:
    if wanted.borrower is None:
        raise Invalid(_("Vælg den skole, der skal holde kurserne."), "borrower")
    if wanted.borrower == wanted.lender:
        raise Invalid(_("En skole kan ikke låne af sig selv."), "borrower")
    if is_approved(wanted.borrower, wanted.fkb, wanted.starts_on):
        raise Invalid(
            _(
                "%(school)s er selv godkendt til FKB %(fkb)s. Så skal I ikke låne: flyt deltagerne, eller hold holdet sammen."
            )
            % {"school": wanted.borrower.name, "fkb": wanted.fkb.number},
            "borrower",
        )
    if not [g for g in wanted.grounds if g in Ground.values]:
        raise Invalid(_("Vælg mindst ét af lovens grundlag (AMU-loven § 16, stk. 5)."), "grounds")
    if wanted.ends_on > last_day(wanted.starts_on):
        _check_exception(wanted, but)
    clash = _clash(wanted, but)
    if clash is not None:
        raise Invalid(
            _(
                "De to skoler har allerede et udlån på FKB %(fkb)s fra %(first)s til %(last)s med de samme mål."
            )
            % {
                "fkb": clash.fkb.number,
                "first": f"{clash.starts_on:%d-%m-%Y}",
                "last": f"{clash.ends_on:%d-%m-%Y}",
            },
            "starts_on",
        )


def _check_exception(wanted: Terms, but: Loan | None) -> None:
    """R50: longer only where the loan was part of an approval, and that is documented."""
    if not wanted.exception_note.strip():
        raise Invalid(
            _(
                "Et udlån må højst vare seks måneder, her til %(last)s. Længere kun, når det er en del af en godkendelse: skriv hvilken."
            )
            % {"last": f"{last_day(wanted.starts_on):%d-%m-%Y}"},
            "ends_on",
        )
    if wanted.document is None and (but is None or but.document_id is None):
        raise Invalid(_("Læg godkendelsen ved som PDF."), "document")


def _clash(wanted: Terms, but: Loan | None) -> Loan | None:
    """A living loan of the same between the same, on some of the same days and courses."""
    others = (
        Loan.objects.filter(
            lender=wanted.lender,
            borrower=wanted.borrower,
            fkb=wanted.fkb,
            status__in=LIVE,
            starts_on__lte=wanted.ends_on,
            ends_on__gte=wanted.starts_on,
        )
        .exclude(pk=but.pk if but is not None else 0)
        .select_related("fkb")
        .prefetch_related("courses")
        .order_by("pk")
    )
    mine = {course.pk for course in wanted.courses}
    for other in others:
        theirs = {course.pk for course in other.courses.all()}
        if not mine or not theirs or mine & theirs:
            return other
    return None


def earlier(loan: Loan) -> Loan | None:
    """The loan of the same between the same that this one follows on, when both together last longer
    than six months: a thing to know before one signs (R50)."""
    before = (
        Loan.objects.signed()
        .filter(
            Q(borrower=loan.borrower),
            lender=loan.lender,
            fkb=loan.fkb,
            ends_on__lt=loan.starts_on,
            ends_on__gte=loan.starts_on - timedelta(days=31),
        )
        .exclude(pk=loan.pk)
        .order_by("-ends_on", "-pk")
        .first()
    )
    if before is None or loan.ends_on <= last_day(before.starts_on):
        return None
    return before


def check_document(upload: Upload) -> uploads.UploadInfo:
    """What a handed-in PDF is. Raises ``Invalid`` for anything else."""
    try:
        return uploads.inspect(upload.content, upload.name, kinds={"pdf"}, max_bytes=MAX_BYTES)
    except UploadRefused as error:
        raise Invalid(error.message, "document") from error
