"""Choices of the enrolment context, and which states follow each other."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from samspil.kernel import roles
from samspil.kernel.transitions import Transition

STAFF_ROLES: Final = (roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
"""Those of a school who work with its sign-ups. Its readers see no people."""


class Orderer(models.TextChoices):
    """Who signs up. Fees and what may be asked hang on it (R75, R85, R86)."""

    PRIVATE = "private", _("Jeg tilmelder mig selv")
    COMPANY = "company", _("En virksomhed tilmelder sine medarbejdere")
    SELF_EMPLOYED = "self_employed", _("Jeg er selvstændig")
    MUNICIPALITY = "municipality", _("En kommune tilmelder ledige")


class HowMany(models.TextChoices):
    """What a group wants when there is not room for all of it."""

    SOME = "some", _("Tag dem, der er plads til; resten venter")
    ALL = "all", _("Kun hvis alle kommer med samlet")


class SignUpStatus(models.TextChoices):
    PENDING = "pending", _("Venter på bekræftelse")
    CONFIRMED = "confirmed", _("Bekræftet")
    EXPIRED = "expired", _("Udløbet uden bekræftelse")
    WITHDRAWN = "withdrawn", _("Frameldt")


SIGN_UP_TRANSITIONS = (
    Transition("confirm", frozenset({"pending"}), "confirmed"),
    Transition("expire", frozenset({"pending"}), "expired"),
    Transition("withdraw", frozenset({"pending", "confirmed"}), "withdrawn"),
)


class EnrolmentStatus(models.TextChoices):
    """Where one person stands. ``RESERVED``: the seat is kept until the sign-up is confirmed. ``ELSEWHERE``:
    somebody whom only the school's own system knows; their seat is counted there, and a plan asks them."""

    RESERVED = "reserved", _("Plads holdt")
    WAITING = "waiting", _("Venteliste")
    OFFERED = "offered", _("Tilbudt plads")
    ENROLLED = "enrolled", _("Tilmeldt")
    TRANSFERRED = "transferred", _("Flyttet")
    CANCELLED = "cancelled", _("Frameldt")
    ATTENDED = "attended", _("Har deltaget")
    ABSENT = "absent", _("Udeblevet")
    ELSEWHERE = "elsewhere", _("I skolens eget system")


SEATED = frozenset({"reserved", "enrolled", "attended", "absent"})
"""Statuses that use a seat of the enrolment's run by themselves."""
LIVE = frozenset({"reserved", "waiting", "offered", "enrolled"})
"""Statuses that something can still become of."""

ENROLMENT_TRANSITIONS = (
    Transition("confirm", frozenset({"reserved"}), "enrolled"),
    Transition("move_up", frozenset({"waiting"}), "enrolled"),
    Transition("offer", frozenset({"waiting"}), "offered"),
    Transition("accept", frozenset({"offered"}), "enrolled"),
    Transition("requeue", frozenset({"offered", "reserved"}), "waiting"),
    Transition("cancel", LIVE, "cancelled"),
    Transition(
        "transfer", frozenset({"waiting", "offered", "enrolled", "elsewhere"}), "transferred"
    ),
    Transition("attend", frozenset({"enrolled", "absent"}), "attended"),
    Transition("miss", frozenset({"enrolled", "attended"}), "absent"),
    Transition("reopen", frozenset({"attended", "absent"}), "enrolled"),
)


class OfferState(models.TextChoices):
    PENDING = "pending", _("Venter på svar")
    ACCEPTED = "accepted", _("Sagt ja")
    DECLINED = "declined", _("Sagt nej")
    EXPIRED = "expired", _("Udløbet")
    WITHDRAWN = "withdrawn", _("Trukket tilbage")


OFFER_TRANSITIONS = (
    Transition("accept", frozenset({"pending"}), "accepted"),
    Transition("decline", frozenset({"pending"}), "declined"),
    Transition("expire", frozenset({"pending"}), "expired"),
    Transition("withdraw", frozenset({"pending"}), "withdrawn"),
)


class OfferReason(models.TextChoices):
    """Why a seat was offered."""

    QUEUE = "queue", _("En plads blev ledig")
    MOVE = "move", _("Et andet hold")


class EducationLevel(models.TextChoices):
    """Highest completed education, asked only where the price hangs on it (R71)."""

    NONE = "", _("Ikke oplyst")
    SCHOOL = "school", _("Grundskole")
    SKILLED = "skilled", _("Erhvervsuddannelse eller gymnasial uddannelse")
    HIGHER_UNUSED = "higher_unused", _("Videregående uddannelse, ikke brugt i fem år")
    HIGHER = "higher", _("Videregående uddannelse")


class MovePlanStatus(models.TextChoices):
    """How far a plan that puts runs together is."""

    QUEUED = "queued", _("Regner")
    FAILED = "failed", _("Mislykket")
    PROPOSED = "proposed", _("Til godkendelse på skolerne")
    REJECTED = "rejected", _("Afvist af en skole")
    ASKING = "asking", _("Folk er spurgt")
    CARRIED_OUT = "carried_out", _("Gennemført")
    LAPSED = "lapsed", _("Ikke nok sagde ja")
    DROPPED = "dropped", _("Opgivet")


MOVE_PLAN_TRANSITIONS = (
    Transition("propose", frozenset({"queued"}), "proposed"),
    Transition("fail", frozenset({"queued"}), "failed"),
    Transition("reject", frozenset({"proposed"}), "rejected"),
    Transition("ask", frozenset({"proposed"}), "asking"),
    Transition("carry_out", frozenset({"asking"}), "carried_out"),
    Transition("lapse", frozenset({"asking"}), "lapsed"),
    Transition("drop", frozenset({"queued", "proposed", "asking"}), "dropped"),
)


class BundleScope(models.TextChoices):
    """What plans were asked for together: all courses of an FKB, of a branch group, or of a week."""

    FKB = "fkb", _("Et FKB")
    BRANCH = "branch", _("En branche")
    DECIDED = "decided", _("En uge: hold, der afgøres i den")
    STARTING = "starting", _("En uge: hold, der begynder i den")


class BundleStatus(models.TextChoices):
    """How far plans that were asked for together are. Each goes on by itself when it is answered."""

    QUEUED = "queued", _("Regner")
    FAILED = "failed", _("Mislykket")
    ANSWERED = "answered", _("Regnet")
    DROPPED = "dropped", _("Opgivet")


BUNDLE_TRANSITIONS = (
    Transition("answer", frozenset({"queued"}), "answered"),
    Transition("fail", frozenset({"queued"}), "failed"),
    Transition("drop", frozenset({"queued", "answered"}), "dropped"),
)


class RunFate(models.TextChoices):
    """What a plan makes of a run."""

    HELD = "held", _("Gennemføres")
    MERGED = "merged", _("Lægges sammen med andre")
    NOT_HELD = "not_held", _("Kan ikke gennemføres")


class MoveState(models.TextChoices):
    """Where a line of a plan stands: somebody who is asked about another run."""

    WAITS = "waits", _("Ikke spurgt endnu")
    ASKED = "asked", _("Spurgt")
    YES = "yes", _("Sagt ja")
    NO = "no", _("Sagt nej")
    OTHERS = "others", _("Vil spørges om andre hold")
    SILENT = "silent", _("Svarede ikke")
    OBSOLETE = "obsolete", _("Ikke aktuelt længere")
    MOVED = "moved", _("Flyttet")


ANSWERED_NO = frozenset({"no", "others", "silent"})
"""A line after which the next wave may ask the same people about another run."""


class TransferStep(models.TextChoices):
    """Where a transfer stands at one of the two schools."""

    WAITING = "waiting", _("Mangler")
    DONE = "done", _("Klaret")
