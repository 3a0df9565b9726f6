"""One POST to a subscriber's server, which may be anybody's: what may be reached, and for how long.

The name is looked up once, every address it has must be on the open internet, and the connection goes to
the address that was judged, so that a name cannot point elsewhere a moment later. TLS is checked against
the name. Nothing is followed to another address, little of the answer is read, and all of it ends
after ``LONGEST`` seconds, however slowly the other side drips.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from samspil.kernel.errors import Invalid

LONGEST = 15.0
"""Seconds from the look-up to the last byte."""
_READ = 2_000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Answer:
    """How it went: the status, or why there is none in Danish, and how long it took."""

    status: int | None
    error: str
    milliseconds: int

    @property
    def is_taken(self) -> bool:
        """The subscriber has it."""
        return self.status is not None and 200 <= self.status < 300


def signature(secret: str, at: int, body: bytes) -> str:
    """What the line ``Samspil-Signature`` says: the second it was signed, and HMAC-SHA256 of that
    second, a dot and the body, in hexadecimal."""
    digest = hmac.digest(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
    return f"t={at},v1={digest}"


def checked(url: str) -> str:
    """An address that may be subscribed with. Raises ``Invalid`` in words for the form."""
    parts = _parts(url)
    if parts is None:
        raise Invalid(_("Skriv en adresse, der begynder med https://."), field="url")
    if not settings.SAMSPIL_WEBHOOKS_ANYWHERE:
        try:
            literal = ipaddress.ip_address(parts.hostname or "")
        except ValueError:
            literal = None
        if literal is not None and not _is_open(literal):
            raise Invalid(_("Adressen ligger ikke på det åbne internet."), field="url")
    return url


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    schemes = {"https", "http"} if settings.SAMSPIL_WEBHOOKS_ANYWHERE else {"https"}
    plain = parts.scheme in schemes and parts.hostname and not parts.username
    if not plain or any(c.isspace() or ord(c) < 33 for c in url) or port == 0:
        return None
    return parts


def _is_open(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """On the open internet, and no way round to an address that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_open(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address in _NAT64:
            return False
    return address.is_global and not address.is_multicast


def _address(host: str, port: int) -> str:
    """The address to connect to. Raises ``OSError`` or ``Invalid`` when there is none that may be."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not settings.SAMSPIL_WEBHOOKS_ANYWHERE and not all(
        _is_open(ipaddress.ip_address(address)) for address in addresses
    ):
        raise Invalid(_("Adressen ligger ikke på det åbne internet."))
    if not addresses:
        raise OSError(host)
    return addresses[0]


class _Connection(http.client.HTTPConnection):
    """A connection to an address that has been judged, under the name that was asked for."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool) -> None:
        super().__init__(host, port, timeout=LONGEST)
        self._address = address
        self._tls = ssl.create_default_context() if tls else None
        self.line: socket.socket | None = None

    def connect(self) -> None:
        # kept beside, because the response takes the socket over
        self.line = socket.create_connection((self._address, self.port), LONGEST)
        if self._tls is not None:
            self.line = self._tls.wrap_socket(self.line, server_hostname=self.host)
        self.sock = self.line


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send ``body`` once. Whatever the other side does, this returns."""
    start = time.monotonic()

    def answer(status: int | None, error: str = "") -> Answer:
        return Answer(status, error, round((time.monotonic() - start) * 1000))

    parts = _parts(url)
    if parts is None or parts.hostname is None:
        return answer(None, _("Adressen kan ikke bruges."))
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    try:
        address = _address(parts.hostname, port)
    except Invalid as error:
        return answer(None, error.message)
    except (OSError, UnicodeError):
        return answer(None, _("Navnet i adressen findes ikke."))
    connection = _Connection(parts.hostname, port, address, tls=tls)
    watch = threading.Timer(LONGEST, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=headers)
        response = connection.getresponse()
        response.read(_READ)
        status = response.status
    except ssl.SSLCertVerificationError:
        return answer(None, _("Serverens certifikat gælder ikke for adressen."))
    except TimeoutError:
        return answer(None, _("Serveren svarede ikke i tide."))
    except (OSError, http.client.HTTPException, ValueError):
        late = time.monotonic() - start >= LONGEST
        return answer(
            None,
            _("Serveren svarede ikke i tide.") if late else _("Serveren kan ikke nås."),
        )
    finally:
        watch.cancel()
        connection.close()
    if 300 <= status < 400:
        return answer(status, _("Serveren viser videre til en anden adresse. Skriv den i stedet."))
    return answer(status, "" if 200 <= status < 300 else _("Serveren tog ikke imod."))


def _cut(connection: _Connection) -> None:
    if connection.line is not None:
        try:
            connection.line.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
