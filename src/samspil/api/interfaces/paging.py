"""Where a page of a list begins, as an opaque text in the address."""

from __future__ import annotations

import base64
import binascii
from datetime import date

from django.utils.translation import gettext as _

from samspil.api.domain.open_data import Place
from samspil.kernel.errors import NotFound

_LARGEST = 2**53


def written(place: Place) -> str:
    """The place as it stands in an address."""
    text = f"d{place.day.isoformat()}.{place.pk}" if place.day else f"s{place.skip}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(text: str) -> Place:
    """The place that ``written`` wrote; the beginning for an empty text. Raises ``NotFound``."""
    if not text:
        return Place()
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        if plain.startswith("d"):
            day, _dot, pk = plain[1:].partition(".")
            place = Place(day=date.fromisoformat(day), pk=int(pk))
        elif plain.startswith("s"):
            place = Place(skip=int(plain[1:]))
        else:
            raise ValueError
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise _nowhere() from error
    if not (0 <= place.skip < _LARGEST and 0 <= place.pk < _LARGEST) or written(place) != text:
        raise _nowhere()
    return place


def _nowhere() -> NotFound:
    return NotFound(_("Det sted på listen findes ikke. Begynd forfra uden cursor."))
