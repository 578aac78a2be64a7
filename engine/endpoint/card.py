"""One interface of the endpoint: its name, its index, and the NIC behind it."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from engine.endpoint.ground import Document, Limits, Prepared, Running, Settings, possible
from engine.endpoint.refusal import Refusal
from engine.errors import ScenarioError


class Card:
    """What requests find by name or index."""

    def __init__(self, name: str, index: int, ground: Prepared | Running) -> None:
        self.name, self.index, self.ground = name, index, ground
        self.carrier_changes = 0
        """Since it is known here."""
        self.told: Mapping[str, Any] | None = None
        """Its section `nic` as those who listen know it; None: nobody has listened yet."""

    @property
    def document(self) -> Document:
        """The scenario as it is now."""
        return self.ground.document()

    @property
    def nic(self) -> Mapping[str, Any]:
        """Its section `nic`."""
        section: Mapping[str, Any] = self.document["nic"]
        return section

    @property
    def limits(self) -> Limits:
        """What the NIC cannot exceed."""
        return self.ground.limits()

    @property
    def counters(self) -> Mapping[str, int]:
        """What the NIC counted; what it has not is 0."""
        return self.ground.counters()

    def change(self, settings: Settings, offset: int | None = None) -> None:
        """Change the scenario, all or nothing.

        Raises
        ------
        Refusal : EBUSY for what could have been so from the start and cannot change now; else EINVAL. In the
            engine's words, at the attribute at `offset`.
        """
        try:
            self.ground.change(settings)
        except ScenarioError as cause:
            late = self.ground.started and possible(self.document, settings)
            words = f"{cause.key} = {cause.value}: allowed is {cause.allowed}"
            raise Refusal(errno.EBUSY if late else errno.EINVAL, words, offset=offset) from cause
