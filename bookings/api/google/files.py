"""Feeds as files: gzipped JSON, below Google's limits, no name ever used twice."""

from __future__ import annotations

import gzip
import json
import re
import secrets
import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from accounts import clock
from bookings.api.google import checker, feeds

Json = dict[str, Any]

KEPT = timedelta(days=14)
OURS = re.compile(  # a feed, a file of a redirect, or its descriptor
    r"[a-z0-9_]+_([0-9]{10})(?:_[0-9]{3}_of_[0-9]{3}|_[0-9]{4}|\.filesetdesc)?\.json(?:\.gz)?"
)
SHARD = 190_000_000  # bytes of JSON in one file; gzip makes less of it, and Google takes 200 MB


class Unfit(Exception):
    """A feed that Google would not take."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems[:20]))
        self.problems = problems


def export(
    folder: Path, *, days: int, shard: int = SHARD, now: datetime | None = None
) -> tuple[dict[str, list[Path]], list[str]]:
    """Write every feed and check it; the files by feed, and what was left out and why.

    Raises Unfit, and then leaves no file behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    moment = clock.read(now)
    at = int(moment.timestamp())
    found, missing = feeds.merchants(now=now)
    written: dict[str, list[Path]] = {}
    try:
        for feed, field in feeds.LISTS.items():
            rows = feeds.records(feed, found, days=days, now=now)
            written[feed] = _write(folder, feed, field, rows, at=at, shard=shard)
        if problems := checker.check(written):
            raise Unfit(problems)
        for feed, name in feeds.REDIRECTS.items():
            rows = feeds.redirect_records(feed, found)
            if files := _write_plain(folder, feed, rows, at=at):
                written[name] = [_describe(folder, name, files, at=at), *files]
    except BaseException:
        for files in written.values():
            for each in files:
                each.unlink(missing_ok=True)
        raise
    return written, missing


def tidy(folder: Path, *, now: datetime | None = None) -> list[Path]:
    """Delete the feeds that were written long ago; by their names, whatever else is there."""
    oldest = (clock.read(now) - KEPT).timestamp()
    gone = [
        path
        for path in sorted(folder.iterdir())
        if (found := OURS.fullmatch(path.name)) and int(found[1]) < oldest
    ]
    for each in gone:
        each.unlink(missing_ok=True)
    return gone


def _write(
    folder: Path, feed: str, field: str, rows: Iterable[Json], *, at: int, shard: int
) -> list[Path]:
    """One feed in as many files as its size needs, of about the same size each."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        sizes = []
        for row in rows:
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
            sizes.append(len(line.encode()))
            spool.write(f"{line}\n")
        shares = split(sizes, shard)
        spool.seek(0)
        nonce = secrets.randbits(63)
        paths: list[Path] = []
        for number, share in enumerate(shares):
            end = f"_{number + 1:03}_of_{len(shares):03}" if len(shares) > 1 else ""
            path = folder / f"{feed}_{at}{end}.json.gz"
            metadata = {
                "processing_instruction": "PROCESS_AS_COMPLETE",
                "shard_number": number,
                "total_shards": len(shares),
                "nonce": str(nonce),
                "generation_timestamp": str(at),
            }
            paths.append(path)
            with path.open("xb") as raw, gzip.open(raw, "wt", encoding="utf-8") as file:
                _fill(file, metadata, field, spool, share)
        return paths


def _fill(file: IO[str], metadata: Json, field: str, lines: IO[str], count: int) -> None:
    file.write(f'{{"metadata":{json.dumps(metadata)},"{field}":[')
    for number in range(count):
        file.write("," * (number > 0) + lines.readline().rstrip("\n"))
    file.write("]}")


def split(sizes: list[int], most: int) -> list[int]:
    """How many records each file has: as few files as stay below the size, about equally full."""
    shards = max(1, -(-sum(sizes) // most))
    share = sum(sizes) / shards
    counts, filled = [0], 0
    for size in sizes:
        if counts[-1] and (filled + size > most or filled >= share):
            counts.append(0)
            filled = 0
        counts[-1] += 1
        filled += size
    return counts


def _write_plain(folder: Path, feed: str, rows: Iterable[Json], *, at: int) -> list[Path]:
    found = list(rows)
    if not found:
        return []
    path = folder / f"{feed}_{at}_0001.json"
    with path.open("x", encoding="utf-8") as file:
        json.dump({"data": found}, file, ensure_ascii=False, separators=(",", ":"))
    return [path]


def _describe(folder: Path, name: str, files: list[Path], *, at: int) -> Path:
    """The descriptor that is uploaded before the files that it names."""
    path = folder / f"{name.replace('.', '_')}_{at}.filesetdesc.json"
    with path.open("x", encoding="utf-8") as file:
        json.dump(
            {"generation_timestamp": at, "name": name, "data_file": [each.name for each in files]},
            file,
        )
    return path
