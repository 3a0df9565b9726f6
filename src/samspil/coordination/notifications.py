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
