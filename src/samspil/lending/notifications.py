"""The mails of a loan, one class a message. Context of all: loan, person, url."""

from samspil.kernel.mail import Notification


class LoanProposed(Notification):
    """A proposal waits for the school's answer. Besides: ``by``, the school that made it."""

    category = "lending.proposed"
    template = "lending/mail/proposed"


class LoanDeclined(Notification):
    """The other school says no, or takes its proposal back. Besides: ``by``, ``reason``."""

    category = "lending.declined"
    template = "lending/mail/declined"


class LoanToSign(Notification):
    """Both agree; the leader is asked to sign."""

    category = "lending.to_sign"
    template = "lending/mail/to_sign"


class LoanSigned(Notification):
    """Both have signed; the PDF goes with it. Besides: ``registers``, whether this school must."""

    category = "lending.signed"
    template = "lending/mail/signed"


class LoanEnds(Notification):
    """A loan runs out in a month."""

    category = "lending.ends"
    template = "lending/mail/ends"


class LoanEnded(Notification):
    """A loan was ended early. Besides: ``by``, ``reason``."""

    category = "lending.ended"
    template = "lending/mail/ended"
