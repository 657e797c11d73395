"""From which address a request comes: behind a proxy that is believed, and an IPv6 client as one.

Always: a proxy on this machine, and one that is named, is believed in what it says of who asks
(`X-Forwarded-For`, `X-Forwarded-Proto`); anybody else's word counts for nothing. Else all who come
through a proxy would be one address, and one who guesses passwords would lock out everybody.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from starlette.requests import HTTPConnection

from insyn.base.errors import UsageError

THIS_MACHINE = ("127.0.0.1", "::1")


def believed_proxies(named: Iterable[str] | None) -> list[str]:
    """The addresses and networks whose word is believed: this machine's, and those named.

    Raises:
        UsageError: one that is named is neither an address nor a network.
    """
    given = list(named or ())
    for each in given:
        try:
            ipaddress.ip_network(each)
        except ValueError as error:
            raise UsageError(
                f"--proxy {each} is no address such as 10.88.0.1, nor a network such as "
                "10.88.0.0/16; a network ends in zeros"
            ) from error
    return [*THIS_MACHINE, *given]


def source_of(request: HTTPConnection) -> str:
    """Whose tries and requests are counted together with this one's; "" where nothing tells."""
    return client_of(request.client.host if request.client else "")


def client_of(address: str) -> str:
    """Who is one client: an IPv4 address, or the /64 that an IPv6 client has to itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    # A socket that listens to both kinds tells an IPv4 client by an address of the other.
    return str(found if found.version == 4 else found.ipv4_mapped)
