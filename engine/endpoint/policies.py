"""Which attributes commands may be given, told to who asks (CTRL_CMD_GETPOLICY, net/netlink/policy.c)."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from engine.endpoint.attributes import attribute, nest, u16, u32
from engine.endpoint.family import GENERIC_HEADER, Command, Family
from engine.endpoint.message import Request, answer
from engine.endpoint.policy import Allowed, Policy
from engine.endpoint.refusal import Refusal

GET_POLICY, FAMILY_ID = 10, 1
POLICIES, OPERATIONS = 8, 9
"""CTRL_ATTR_POLICY, _OP_POLICY."""
DO, DUMP = 1, 2
"""CTRL_ATTR_POLICY_DO, _DUMP."""
INDEX, MAXIMUM_TYPE = 8, 9
"""NL_POLICY_TYPE_ATTR_POLICY_IDX, _POLICY_MAXTYPE."""


def dumped(request: Request, control: int, family: Family, only: int | None) -> Iterator[bytes]:
    """The commands with the numbers of their policies, then every attribute of every policy."""
    if not family.commands:
        raise Refusal(errno.ENODATA)
    commands = {number: each for number, each in sorted(family.commands.items()) if only in (None, number)}
    numbered = _numbered(commands)

    def told(part: bytes) -> bytes:
        return answer(request, control, GENERIC_HEADER.pack(GET_POLICY, 2, 0) + u16(1, family.number) + part)

    for number, command in commands.items():
        place = _place(numbered, command.policy)
        uses = [u32(DO, place), *([u32(DUMP, place)] if command.dump else [])]
        yield told(nest(OPERATIONS, nest(number, *uses)))
    for place, policy in enumerate(numbered):
        for number, allowed in sorted(policy.items()):
            yield told(nest(POLICIES, nest(place, attribute(number | 0x8000, _described(numbered, allowed)))))


def _numbered(commands: dict[int, Command]) -> list[Policy]:
    """Each once, those within others behind those that hold them (netlink_policy_dump_add_policy)."""
    found: list[Policy] = []
    for command in commands.values():
        waiting = [command.policy]
        while waiting:
            policy = waiting.pop(0)
            if not any(policy is each for each in found):
                found.append(policy)
                waiting += [each.inner for _, each in sorted(policy.items()) if each.inner]
    return found


def _place(numbered: list[Policy], policy: Policy) -> int:
    return next(place for place, each in enumerate(numbered) if each is policy)


def _described(numbered: list[Policy], allowed: Allowed) -> bytes:
    if not allowed.inner:
        return allowed.described()
    place = _place(numbered, allowed.inner)
    return u32(INDEX, place) + u32(MAXIMUM_TYPE, max(allowed.inner)) + allowed.described()
