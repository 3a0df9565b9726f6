"""The mails about statements, one class a message."""

from samspil.kernel.mail import Notification


class StatementReady(Notification):
    """A quarter is over and its statement waits for approval. Context: statement, person, other, title, url."""

    category = "settlement.statement_ready"
    template = "settlement/mail/statement_ready"


class StatementReminder(Notification):
    """A school has not approved a statement. Context: as StatementReady."""

    category = "settlement.statement_reminder"
    template = "settlement/mail/statement_reminder"


class StatementClosed(Notification):
    """Both have approved; the PDF goes with it. Context: as StatementReady."""

    category = "settlement.statement_closed"
    template = "settlement/mail/statement_closed"


class DisputeNews(Notification):
    """The other school has said something in a dispute. Context: statement, person, other, title, text, url."""

    category = "settlement.dispute"
    template = "settlement/mail/dispute"
