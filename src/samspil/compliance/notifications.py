"""The mails about how agreements are kept."""

from samspil.kernel.mail import Notification


class SchoolDigest(Notification):
    """What a school has to act on since it was last told. Context: round, school, person, lines,
    more, open, url."""

    category = "compliance.school_digest"
    template = "compliance/mail/school_digest"


class SecretariatDigest(Notification):
    """What changed for the worse in a round. Context: round, person, lines, more, open, url."""

    category = "compliance.secretariat_digest"
    template = "compliance/mail/secretariat_digest"
