"""Who is at the other end: the address of the client, and whether it came by HTTPS, where a trusted proxy stands between."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from spatial.errors import InputError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST_HOPS = 20
"""Longer chains of proxies are nobody's network; what stands further to the left is the sender's own word anyway."""


def networks_of(text: str) -> tuple[Network, ...]:
    """Read addresses and networks parted by commas; raises InputError naming each that is none."""
    found: list[Network] = []
    problems = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        try:
            found.append(ip_network(part))
        except ValueError:
            problems.append(f"CUNTU_TRUSTED_PROXIES：{part} 不是 IP 地址或网段")
    if problems:
        raise InputError("设置有误：", problems=problems)
    return tuple(found)


class ClientAddress:
    """Sets `scope["client"]` and `scope["scheme"]` to the client's own.

    `X-Forwarded-For` and `X-Forwarded-Proto` count only in requests that come from a trusted proxy, and of the addresses named only the last
    that is not itself a trusted proxy: everything before it is what the sender wrote.
    """

    def __init__(self, app: ASGIApp, *, trusted: Iterable[Network] = ()) -> None:
        self.app = app
        self.trusted = tuple(trusted)
        self.is_trusted = lru_cache(maxsize=1_024)(self._is_trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if self.trusted and scope["type"] == "http":
            client = scope.get("client")
            if client and self.is_trusted(client[0]):
                self._resolve(scope, client)
        await self.app(scope, receive, send)

    def _resolve(self, scope: Scope, proxy: tuple[str, int]) -> None:
        named: list[str] = []
        scheme = ""
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                named += value.decode("latin-1").split(",")
            elif name == b"x-forwarded-proto":
                scheme = value.decode("latin-1").rpartition(",")[2].strip().lower()
        if scheme in ("http", "https"):
            scope["scheme"] = scheme
        nearest = proxy[0]
        for text in reversed(named[-MOST_HOPS:]):
            address = _address(text)
            if address is None:
                break
            nearest = str(address)
            if not self.is_trusted(nearest):
                break
        scope["client"] = (nearest, proxy[1] if nearest == proxy[0] else 0)

    def _is_trusted(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(
            address.version == network.version and address in network for network in self.trusted
        )


def _address(text: str) -> Address | None:
    """Read an address as proxies write it: with a port or in brackets, too. None for what is none."""
    written = text.strip()
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        address = ip_address(written)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
