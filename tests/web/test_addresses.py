"""Who counts as one client, and which proxies are believed."""

from __future__ import annotations

import pytest

from insyn.base.errors import UsageError
from insyn.web.addresses import THIS_MACHINE, believed_proxies, client_of


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, client: str) -> None:
    assert client_of(address) == client


def test_this_machine_is_believed_and_whoever_is_named() -> None:
    assert believed_proxies(None) == [*THIS_MACHINE]
    named = ["10.88.0.1", "10.89.0.0/16", "2001:db8::/32"]
    assert believed_proxies(named) == [*THIS_MACHINE, *named]


@pytest.mark.parametrize("named", ["cameras.example", "10.88.0.1/16", "*", "10.88", ""])
def test_a_proxy_is_named_by_an_address_or_a_network(named: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        believed_proxies([named])
