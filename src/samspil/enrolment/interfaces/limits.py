"""How often one address on the net may sign up. Counted in the process: near enough against machines."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Final

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest

WINDOW: Final = 600
_MOST_KEPT: Final = 20_000
_seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
_lock = threading.Lock()


def is_too_often(request: HttpRequest) -> bool:
    """Whether the client's address has sent more than ``SAMSPIL_SIGN_UPS_PER_ADDRESS`` in ten minutes.

    Behind proxies the address is the one that ``SAMSPIL_PROXIES`` trusts. A school's or a company's
    people share one, so the limit is far above what they send by hand.
    """
    address = str(get_adapter().get_client_ip(request))
    now = time.monotonic()
    with _lock:
        began, count = _seen.pop(address, (now, 0))
        if now - began > WINDOW:
            began, count = now, 0
        _seen[address] = (began, count + 1)
        while len(_seen) > _MOST_KEPT:
            _seen.popitem(last=False)
    most: int = settings.SAMSPIL_SIGN_UPS_PER_ADDRESS
    return count >= most


def forget() -> None:
    """Begin anew, for tests."""
    with _lock:
        _seen.clear()
