"""Calls to addresses that other people typed."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import pytest

from accounts import signing
from bookings import outward

SECRET = "whsec_generated_secret_key"
AT = datetime.fromtimestamp(1781510400, UTC)
BODY = (
    b'{"event":"booking.created","timestamp":"2026-06-15T08:00:00Z",'
    b'"data":{"booking_id":"11111111-1111-4111-8111-111111111111"}}'
)
SIGNED = "t=1781510400,v1=79d5f54c24c0e035d55cabcf55889ea850c83b5312a8656983b44b705fc81e8d"


def test_the_documented_signature() -> None:
    assert len(BODY) == 123
    assert signing.sign(SECRET, BODY, AT) == SIGNED


@pytest.mark.parametrize(
    ("secret", "body", "header", "now", "expected"),
    [
        (SECRET, BODY, SIGNED, AT + timedelta(seconds=300), True),
        (SECRET, BODY, SIGNED, AT + timedelta(seconds=301), False),
        (SECRET, BODY, SIGNED, AT - timedelta(seconds=301), False),
        (SECRET, BODY + b" ", SIGNED, AT, False),
        ("whsec_other", BODY, SIGNED, AT, False),
        ("", BODY, SIGNED, AT, False),
        (SECRET, BODY, "", AT, False),
        (SECRET, BODY, "t=x,v1=y", AT, False),
    ],
)
def test_who_believes_a_signature(
    secret: str, body: bytes, header: str, now: datetime, expected: bool
) -> None:
    assert signing.is_signed(secret, body, header, now) is expected


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com",
        "https://",
        "https://user:secret@example.com/",
        "https://localhost/",
        "https://db.internal/",
        "https://127.0.0.1/",
        "https://10.0.0.7/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1]/",
        "https://[fec0::1]/",
        "https://[fd12::1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[::ffff:0:10.0.0.1]/",
        "https://[::10.0.0.1]/",
        "https://[2002:a00:1::]/",
        "https://224.0.0.1/",
        "https://0.0.0.0/",
        "https://example.com:0/",
        "https://[broken",
        "https://bücher.example/",
    ],
)
def test_addresses_that_are_never_called(url: str) -> None:
    assert outward.problem_with(url) is not None


def test_an_address_out_in_the_world_is_called() -> None:
    assert outward.problem_with("https://hooks.example.com/openbook?x=1") is None
    assert outward.problem_with("https://[2606:2800:220:1::1]/") is None
    assert outward.may_call(ipaddress.ip_address("93.184.216.34"))


def test_a_name_that_stands_for_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(host: str, port: int, **_: Any) -> Any:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("93.184.216.34", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(outward.Unreachable, match="private"):
        outward.resolve("rebound.example.com", 443)


def test_a_name_that_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(httpcore.ConnectError):
        outward.resolve("nowhere.example", 443)


def test_whoever_answers_a_byte_at_a_time_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(outward, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        done, whole = threading.Event(), threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(4096)
                for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100:
                    if done.wait(0.1):
                        return
                    connection.send(bytes([byte]))
                whole.set()

        thread = threading.Thread(target=drip)
        thread.start()
        with outward.client() as pool, pytest.raises(outward.Unreachable, match="ReadTimeout"):
            outward.post(pool, f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        done.set()
        thread.join()
        assert not whole.is_set()  # it gave up while there was more to come
