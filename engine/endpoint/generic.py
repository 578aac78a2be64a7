"""Generic netlink: families found by name, then asked (net/netlink/genetlink.c)."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.endpoint import ethtool, policies
from engine.endpoint.attributes import Attribute, attribute, text, u16, u32
from engine.endpoint.dump import parts
from engine.endpoint.family import GENERIC_HEADER, Family
from engine.endpoint.message import HEADER, Request, answer
from engine.endpoint.policy import Allowed, parsed
from engine.endpoint.refusal import Refusal
from engine.endpoint.socket import Answered

if TYPE_CHECKING:
    from engine.endpoint.endpoint import Endpoint

CONTROL = 16
"""GENL_ID_CTRL."""
GET_FAMILY, NEW_FAMILY = 3, 1
FAMILY_ID, FAMILY_NAME, OPERATION = 1, 2, 10
POLICY = {FAMILY_ID: Allowed("u16"), FAMILY_NAME: Allowed("text", longest=15)}
POLICY_POLICY = {**POLICY, OPERATION: Allowed("u32")}
DO, DUMP, ADMINISTRATOR, POLICED = 2, 4, 1, 8
"""GENL_CMD_CAP_DO, _CAP_DUMP, GENL_ADMIN_PERM, GENL_CMD_CAP_HASPOL."""
NLCTRL = Family("nlctrl", CONTROL, 2, {}, {})
FAMILIES = {each.number: each for each in (NLCTRL, ethtool.FAMILY)}


def asked(endpoint: Endpoint, request: Request) -> Answered:
    """Answer one request. Raises Refusal."""
    family = FAMILIES.get(request.kind)
    if family is None:
        raise Refusal(errno.ENOENT)
    begins = HEADER.size + GENERIC_HEADER.size
    if len(request.data) < begins:
        raise Refusal(errno.EINVAL)
    number, _, _ = GENERIC_HEADER.unpack_from(request.data, HEADER.size)
    if family is NLCTRL:
        return _families(request, number)
    command = family.commands.get(number)
    if command is None or (request.dump and command.dump is None):
        raise Refusal(errno.EOPNOTSUPP)
    given = parsed(request.data, begins, len(request.data), command.policy)
    if request.dump and command.dump is not None:
        rows = command.dump(endpoint, request, given)
        return Answered([], parts(request, rows, lambda: 0))
    return Answered(command.do(endpoint, request, given))


def _families(request: Request, command: int) -> Answered:
    if command == policies.GET_POLICY and request.dump:
        return Answered([], parts(request, _policies(request), lambda: 0))
    if command != GET_FAMILY:
        raise Refusal(errno.EOPNOTSUPP)
    if request.dump:
        rows: Iterator[bytes] = (_described(request, each) for each in FAMILIES.values())
        return Answered([], parts(request, rows, lambda: 0))
    given = parsed(request.data, HEADER.size + GENERIC_HEADER.size, len(request.data), POLICY)
    if not given:
        raise Refusal(errno.EINVAL)
    return Answered([_described(request, _found(given))])


def _policies(request: Request) -> Iterator[bytes]:
    given = parsed(request.data, HEADER.size + GENERIC_HEADER.size, len(request.data), POLICY_POLICY)
    if FAMILY_ID not in given and FAMILY_NAME not in given:
        raise Refusal(errno.EINVAL)
    family, only = _found(given), given.get(OPERATION)
    if only is not None and only.u32 not in family.commands:
        raise Refusal(errno.ENOENT, offset=only.offset)
    return policies.dumped(request, CONTROL, family, only.u32 if only is not None else None)


def _found(given: dict[int, Attribute]) -> Family:
    found = next((each for each in FAMILIES.values() if _meant(each, given)), None)
    if found is None:
        raise Refusal(errno.ENOENT)
    return found


def _meant(family: Family, given: dict[int, Attribute]) -> bool:
    if FAMILY_NAME in given:
        return family.name == given[FAMILY_NAME].text
    return family.number == given[FAMILY_ID].u32


def _described(request: Request, family: Family) -> bytes:
    """CTRL_CMD_NEWFAMILY, attributes in the kernel's order. Those that hold others do not say so here."""
    operations = []
    for place, (number, command) in enumerate(sorted(family.commands.items()), 1):
        caps = DO | POLICED | (DUMP if command.dump else 0) | (ADMINISTRATOR if command.sets else 0)
        operations.append(attribute(place, u32(1, number) + u32(2, caps)))
    groups = [
        attribute(place, u32(2, number) + text(1, name))
        for place, (name, number) in enumerate(family.groups.items(), 1)
    ]
    parts = [
        GENERIC_HEADER.pack(NEW_FAMILY, 2, 0),
        text(FAMILY_NAME, family.name),
        u16(FAMILY_ID, family.number),
        u32(3, family.version),
        u32(4, 0),  # CTRL_ATTR_HDRSIZE
        u32(5, 0),  # CTRL_ATTR_MAXATTR
        *([attribute(6, b"".join(operations))] if operations else []),
        *([attribute(7, b"".join(groups))] if groups else []),
    ]
    return answer(request, CONTROL, b"".join(parts))
