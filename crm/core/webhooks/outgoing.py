"""The one door through which calls go out: to public addresses, over TLS, once, and not for long.

The name is resolved here, every address that it has is checked, and the checked address is the one connected to: a name
that answers differently a moment later leads nowhere else. Redirects are answers like others, not followed.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from crm.core.models import Delivery

Trouble = Delivery.Trouble
STEP_SECONDS, ALL_SECONDS = 10, 15
LONGEST = 500
READ_BYTES = 16 * 1024
NAT64 = ipaddress.ip_network("64:ff9b::/96")
INSIDE = ("localhost", ".localhost", ".local", ".internal", ".lan", ".home.arpa")
USER_AGENT = "Dossier-Webhooks/1"


class Answer(NamedTuple):
    """What came back: a status, or the trouble that kept one from coming."""

    status: int | None
    trouble: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class NotPublic(OSError):
    """A name that leads into a network that calls must not reach."""


def why_not_url(url: str) -> str:
    """What is wrong with an address before anybody looks it up; empty when nothing is."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("This is not an address. It begins with https:// and a name.")
    if not host or len(url) > LONGEST or any(not "!" <= character <= "~" for character in url):
        return _("This is not an address. It begins with https:// and a name.")
    if parts.scheme not in _schemes():
        return _("Calls go out by https only.")
    if parts.username is not None or parts.fragment:
        return _("An address carries no user name, no password and no fragment.")
    if _leads_inside(host):
        return _("This address leads into a private network. Calls go to public addresses only.")
    return ""


def _schemes() -> tuple[str, ...]:
    return ("https", "http") if settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS else ("https",)


def _leads_inside(host: str) -> bool:
    """Whether the host says by itself that it is inside: by its name, or as an address in any way of writing it."""
    if settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS:
        return False
    name = host.rstrip(".").lower()
    if name == INSIDE[0] or name.endswith(INSIDE[1:]):
        return True
    address = _written_address(name)
    return address is not None and not is_public(address)


def _written_address(host: str) -> str | None:
    """The address that `host` is, also as 127.1 or 2130706433; None for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def is_public(address: str) -> bool:
    """Whether an address is out in the internet, for IPv6 also the IPv4 address that it stands for."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.sixtofour or ip.teredo:
            return False
        inner = int(ip) & 0xFFFFFFFF
        ip = ip.ipv4_mapped or (ipaddress.IPv4Address(inner) if ip in NAT64 else ip)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send the body to `url`. Never raises for what happens on the way: the answer says what did."""
    try:
        return _answered(urlsplit(url), body, headers)
    except NotPublic:
        return Answer(None, Trouble.PRIVATE)
    except socket.gaierror:
        return Answer(None, Trouble.NAME)
    except TimeoutError:
        return Answer(None, Trouble.TIME)
    except ssl.SSLError:
        return Answer(None, Trouble.TLS)
    except (OSError, http.client.HTTPException, ValueError):
        return Answer(None, Trouble.CONNECTION)


def _answered(parts: SplitResult, body: bytes, headers: dict[str, str]) -> Answer:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    told = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Connection": "close", **headers}
    line = Line(host, port, address=checked_address(host, port), tls=parts.scheme == "https")
    with line.hung_up_in_time():
        line.request("POST", path, body, told)
        response = line.getresponse()
        response.read(READ_BYTES)
    status = response.status
    return Answer(status, "" if 200 <= status < 300 else Trouble.ANSWER)


def checked_address(host: str, port: int) -> str:
    """The address to connect to. Raises NotPublic when any of the host's addresses is not public."""
    found = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS and not all(map(is_public, found)):
        raise NotPublic(host)
    return found[0]


class Line(http.client.HTTPConnection):
    """A connection to an address that was checked, for a host of which the certificate must speak."""

    def __init__(self, host: str, port: int, *, address: str, tls: bool):
        self.default_port = 443 if tls else 80
        super().__init__(host, port, timeout=STEP_SECONDS)
        self.address, self.tls, self.late = address, tls, False

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    @contextmanager
    def hung_up_in_time(self) -> Iterator[None]:
        """However slowly the other side speaks, after 15 seconds it is over."""
        timer = threading.Timer(ALL_SECONDS, self._hang_up)
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException) as failure:
            if self.late:
                raise TimeoutError from failure
            raise
        finally:
            timer.cancel()
            self.close()

    def _hang_up(self) -> None:
        self.late = True
        with suppress(OSError, AttributeError):  # it may have ended, or not begun, at this very moment
            self.sock.shutdown(socket.SHUT_RDWR)
