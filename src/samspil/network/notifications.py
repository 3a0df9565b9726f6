"""The messages of the network context."""

from samspil.kernel.mail import Notification


class PersonInvited(Notification):
    """Somebody is invited to a role. Context: invitation, scope, url."""

    category = "network.invitation"
    template = "network/mail/invitation"
