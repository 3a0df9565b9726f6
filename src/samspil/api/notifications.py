"""The messages of the api context."""

from samspil.kernel.mail import Notification


class WebhookStopped(Notification):
    """A subscription was stopped, because its server did not take what it was sent.

    Context: webhook, person, url (of its page).
    """

    category = "api.webhook_stopped"
    template = "api/mail/webhook_stopped"
