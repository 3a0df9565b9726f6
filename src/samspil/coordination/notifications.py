"""The mails of a round, one class a message."""

from samspil.kernel.mail import Notification


class FormSent(Notification):
    """A school's form is ready to be filled in. Context: form, person, url."""

    category = "coordination.form_sent"
    template = "coordination/mail/form_sent"


class FormReminder(Notification):
    """A school still owes its form. Context: form, person, url, is_late."""

    category = "coordination.form_reminder"
    template = "coordination/mail/form_reminder"


class FormReturned(Notification):
    """A school has handed in its form; told to the secretariat. Context: form, person, url."""

    category = "coordination.form_returned"
    template = "coordination/mail/form_returned"


class FormReopened(Notification):
    """The secretariat has opened a form again. Context: form, person, url, reason."""

    category = "coordination.form_reopened"
    template = "coordination/mail/form_reopened"


class AgreementReady(Notification):
    """A leader is asked to sign. Context: agreement, person, school, url."""

    category = "coordination.agreement_ready"
    template = "coordination/mail/agreement_ready"


class AgreementReminder(Notification):
    """A leader has not signed yet. Context: agreement, person, school, url, is_late."""

    category = "coordination.agreement_reminder"
    template = "coordination/mail/agreement_reminder"


class AgreementDeclined(Notification):
    """A school says no; told to the secretariat. Context: agreement, signature, school, person, url."""

    category = "coordination.agreement_declined"
    template = "coordination/mail/agreement_declined"


class AgreementSigned(Notification):
    """Everybody has signed; the PDF goes with it. Context: agreement, person, url."""

    category = "coordination.agreement_signed"
    template = "coordination/mail/agreement_signed"


class MeetingMinutes(Notification):
    """The meeting is over; its minutes go with it as PDF. Context: meeting, person, url."""

    category = "coordination.meeting_minutes"
    template = "coordination/mail/meeting_minutes"


class PaperWaiting(Notification):
    """A signature on paper waits to be confirmed; told to the others in the secretariat.

    Context: paper, school, agreement, person, url.
    """

    category = "coordination.paper_waiting"
    template = "coordination/mail/paper_waiting"


class PaperSettled(Notification):
    """A school's signature on paper is confirmed or refused; told to the school and to who handed
    it in. Context: paper, confirmed, reason, school, agreement, person, url.
    """

    category = "coordination.paper_settled"
    template = "coordination/mail/paper_settled"
