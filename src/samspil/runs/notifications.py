"""The mails about runs, one class a message."""

from samspil.kernel.mail import Notification


class HolderChanged(Notification):
    """A school that follows is told that the holder changed the run. Context: holder, run, drift, person, url."""

    category = "runs.holder_changed"
    template = "runs/mail/holder_changed"
