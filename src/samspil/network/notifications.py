"""The messages of the network context."""

from samspil.kernel.mail import Notification


class PersonInvited(Notification):
    """Somebody is invited to a role. Context: invitation, scope, url."""

    category = "network.invitation"
    template = "network/mail/invitation"


class LeaderChanged(Notification):
    """Somebody from outside a school has appointed or withdrawn its leader: told to those who
    answer for the school, since a leader signs for it.

    Context: ``what`` (``appointed``, ``taken_back`` or ``ended``), name (of the leader), school,
    by (who did it), person (who reads this), url.
    """

    category = "network.leader_changed"
    template = "network/mail/leader_changed"


class MandateChanged(Notification):
    """Somebody may sign for a school, or may no more: told to the one it is about and the leaders.

    Context: ``what`` (``given`` or ``ended``), mandate, person (who reads this), by, url.
    """

    category = "network.mandate_changed"
    template = "network/mail/mandate_changed"


class FactorReset(Notification):
    """An administrator has taken the person's second factor away. Context: person, by, url."""

    category = "network.factor_reset"
    template = "network/mail/factor_reset"
