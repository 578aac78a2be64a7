"""Families of generic netlink, found by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyroute2.netlink import CTRL_CMD_GETFAMILY, GENL_ID_CTRL, ctrlmsg

from engine.control.netlink.connection import Connection, NetlinkSocket


@dataclass(frozen=True, slots=True)
class Family:
    """A family as the far end numbers it."""

    number: int
    version: int
    commands: frozenset[int]
    """The commands it knows."""
    groups: dict[str, int]
    """Multicast groups by name."""


class GenericConnection(Connection):
    """A connection to one family. Raises NetlinkAnswer (ENOENT) where the far end has none of that name."""

    def __init__(self, opened: NetlinkSocket, family: str) -> None:
        super().__init__(opened)
        message = ctrlmsg()
        message["cmd"], message["version"] = CTRL_CMD_GETFAMILY, 1
        message["attrs"] = [("CTRL_ATTR_FAMILY_NAME", family)]
        try:
            (found,) = self.request(message, GENL_ID_CTRL)
        except BaseException:
            self.close()
            raise
        self.family = Family(
            found.get_attr("CTRL_ATTR_FAMILY_ID"),
            found.get_attr("CTRL_ATTR_VERSION"),
            frozenset(op.get_attr("CTRL_ATTR_OP_ID") for op in found.get_attr("CTRL_ATTR_OPS") or ()),
            {
                group.get_attr("CTRL_ATTR_MCAST_GRP_NAME"): group.get_attr("CTRL_ATTR_MCAST_GRP_ID")
                for group in found.get_attr("CTRL_ATTR_MCAST_GROUPS") or ()
            },
        )

    def ask(
        self,
        kind: type[Any],
        command: int,
        attributes: list[tuple[str, Any]] | None = None,
        *,
        answers: type[Any] | None = None,
        dump: bool = False,
    ) -> list[Any]:
        """One command of the family, its answers decoded. Raises NetlinkAnswer."""
        message = kind()
        message["cmd"], message["version"], message["attrs"] = command, self.family.version, attributes or []
        return self.request(message, self.family.number, answers=answers, dump=dump)
