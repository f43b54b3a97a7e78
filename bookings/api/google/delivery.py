"""Feeds on their way to Google's drop boxes: SFTP, one user name a feed, a key and no password.

Google's host key is pinned: a server that isn't known is not spoken to.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import paramiko
from django.conf import settings

from bookings.api.google.feeds import LISTS

TIMEOUT = 30.0  # seconds


class Undelivered(Exception):
    """A drop box that isn't there, isn't Google's, or doesn't take us."""


def is_configured() -> bool:
    return bool(settings.GOOGLE_SFTP_HOST and settings.GOOGLE_SFTP_KEY)


def upload(feeds: Mapping[str, Sequence[Path]]) -> list[str]:
    """Put the files of each feed into its drop box, in their order; their names.

    A file appears under its name only once it is there whole. Raises Undelivered.
    """
    if not is_configured():
        raise Undelivered("GOOGLE_SFTP_HOST and GOOGLE_SFTP_KEY are not set.")
    sent: list[str] = []
    for feed, paths in feeds.items():
        user = settings.GOOGLE_SFTP_USERS.get(feed if feed in LISTS else "generic")
        if not user:
            if feed in LISTS:
                raise Undelivered(f"GOOGLE_SFTP_USERS names nobody for {feed}.")
            continue  # whoever has no drop box for redirects has no redirects
        try:
            sent += _put(user, paths)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise Undelivered(f"{feed}: {type(error).__name__}: {error}") from error
    return sent


def _put(user: str, paths: Sequence[Path]) -> list[str]:
    known = host_key()
    transport = paramiko.Transport((settings.GOOGLE_SFTP_HOST, settings.GOOGLE_SFTP_PORT))
    transport.banner_timeout = transport.auth_timeout = TIMEOUT
    try:
        transport.connect(
            hostkey=known,
            username=user,
            pkey=paramiko.PKey.from_path(settings.GOOGLE_SFTP_KEY),
        )
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise Undelivered("There is no SFTP at this address.")
        with client:
            channel = client.get_channel()
            if channel:
                channel.settimeout(TIMEOUT)
            for path in paths:
                client.put(str(path), f"{path.name}.part")
                client.rename(f"{path.name}.part", path.name)
    finally:
        transport.close()
    return [path.name for path in paths]


def host_key() -> paramiko.PKey:
    """The key that the server must have: a line as in known_hosts, without the host."""
    kind, _, coded = settings.GOOGLE_SFTP_HOST_KEY.strip().partition(" ")
    try:
        return paramiko.PKey.from_type_string(kind, base64.b64decode(coded.split()[0]))
    except (IndexError, ValueError, paramiko.SSHException) as error:
        raise Undelivered("GOOGLE_SFTP_HOST_KEY is no public key.") from error
