"""The only place that reads the clock. Actions get the time passed in (house rule 1)."""

from datetime import date, datetime, time

from django.utils import timezone


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return timezone.now()


def today() -> date:
    """The current date in Denmark."""
    return local_date(now())


def local_date(instant: datetime) -> date:
    """The Danish date of an instant."""
    return timezone.localtime(instant).date()


def start_of(day: date, hour: int = 0) -> datetime:
    """The instant at which ``hour`` strikes in Denmark on ``day``."""
    return datetime.combine(day, time(hour), tzinfo=timezone.get_current_timezone())
