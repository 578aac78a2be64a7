"""Dumps: many messages, in parts, made as they are received; a change meanwhile is told (NLM_F_DUMP_INTR)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.endpoint.message import INTERRUPTED, Request, done, interrupted

PART_BYTES = 3776
"""NLMSG_DEFAULT_SIZE with pages of 4 KiB: how much comes at once; a longer message comes alone."""


def parts(request: Request, rows: Iterator[bytes], generation: Callable[[], int]) -> Iterator[bytes]:
    """The datagrams of a dump. `generation` differs once what is dumped has changed."""
    began, part = generation(), b""
    for row in rows:
        if part and len(part) + len(row) > PART_BYTES:
            yield part
            part = b""
        part += row if generation() == began else interrupted(row)
    end = done(request, flags=0 if generation() == began else INTERRUPTED)
    if part and len(part) + len(end) > PART_BYTES:
        yield part
        part = b""
    yield part + end
