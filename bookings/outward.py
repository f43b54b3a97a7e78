"""Calls to addresses that other people typed: bounded, and never into our own network.

A name is resolved once and the address that was checked is the one connected to, so a name that
answers differently the second time (DNS rebinding) gains nothing. Redirects aren't followed.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

TIMEOUT = 10.0  # seconds
MOST = 64 * 1024  # bytes of an answer that are read

Headers = Mapping[bytes | str, bytes | str]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unreachable(Exception):
    """An address that we don't call, or that doesn't answer."""


def problem_with(url: str) -> str | None:
    """Why an address can't be called, as far as its text says; None when it can."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "This is not a URL."
    if not url.isascii():
        return "The URL must be ASCII: punycode for the host, percent-encoding for the rest."
    if parts.scheme != "https" and not (settings.WEBHOOKS_ALLOW_PRIVATE and parts.scheme == "http"):
        return "The URL must start with https://."
    if not host or parts.username or parts.password or port == 0:
        return "The URL must name a host, and no user."
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        local = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
        refused = local and not settings.WEBHOOKS_ALLOW_PRIVATE
        return "Private addresses are not called." if refused else None
    return None if may_call(address) else "Private addresses are not called."


def may_call(address: IPAddress) -> bool:
    """Whether an address is out in the world; IPv4 in IPv6's clothes is looked at as itself."""
    if settings.WEBHOOKS_ALLOW_PRIVATE:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner:
            return may_call(inner)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return may_call(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        # All that was ever given out to the world; outside it are a site's own and translated ones.
        if address not in ipaddress.ip_network("2000::/3"):
            return False
    return address.is_global and not address.is_multicast


def resolve(host: str, port: int) -> str:
    """The address to connect to. Raises Unreachable when any that the name stands for is ours."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} can't be resolved") from error
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses or not all(may_call(each) for each in addresses):
        raise Unreachable("The host is a private address.")
    return str(addresses[0])


class Hurried(httpcore.NetworkStream):
    """A connection with one deadline for all of it: whoever sends a byte now and then to keep a
    time-out from passing is hung up on all the same."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream, self._ends = stream, ends

    def _left(self, timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise error("took too long")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return Hurried(self._stream.start_tls(ssl_context, server_hostname, left), self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Guarded(httpcore.NetworkBackend):
    """Connects to the address that was checked; TLS is still spoken to the name."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        ends = time.monotonic() + TIMEOUT
        stream = self._plain.connect_tcp(
            resolve(host, port), port, timeout, local_address, socket_options
        )
        return Hurried(stream, ends)


def client() -> httpcore.ConnectionPool:
    """Connections for such calls, one each; no proxy from the environment, as that would go around
    us."""
    return httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(),
        network_backend=Guarded(),
        max_connections=10,
        max_keepalive_connections=0,  # a deadline is a connection's, see Hurried
    )


def post(pool: httpcore.ConnectionPool, url: str, body: bytes, headers: Headers) -> int:
    """POST and return the status; what is answered beyond some kilobytes or seconds isn't read.

    Raises Unreachable for an address that isn't called or doesn't answer.
    """
    if problem := problem_with(url):
        raise Unreachable(problem)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT)
    try:
        with pool.stream(
            "POST", url, headers=headers, content=body, extensions={"timeout": timeouts}
        ) as response:
            read = 0
            for chunk in response.iter_stream():
                read += len(chunk)
                if read > MOST:
                    break
            return response.status
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
