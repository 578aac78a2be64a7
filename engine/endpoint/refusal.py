"""What a request is refused with: an errno, and what extended acknowledgements add to it."""

from __future__ import annotations

from engine.endpoint.attributes import attribute, text, u32

MESSAGE, OFFSET, POLICY, MISSING, MISSING_NEST = 1, 2, 4, 5, 6
"""NLMSGERR_ATTR_MSG, _OFFS, _POLICY, _MISS_TYPE, _MISS_NEST."""


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """An errno with the kernel's words for it, or with the engine's where it is the engine that refuses."""

    def __init__(
        self,
        code: int,
        words: str = "",
        *,
        offset: int | None = None,
        policy: bytes = b"",
        missing: int | None = None,
        missing_in: int | None = None,
    ) -> None:
        self.code, self.words, self.offset, self.policy, self.missing = code, words, offset, policy, missing
        self.missing_in = missing_in
        """Offset of the nest it is missing in."""
        super().__init__(code, words)

    def extended(self) -> bytes:
        """The attributes of an extended acknowledgement, in the kernel's order."""
        parts = [text(MESSAGE, self.words)] if self.words else []
        if self.offset is not None:
            parts.append(u32(OFFSET, self.offset))
        if self.missing is not None:
            parts.append(u32(MISSING, self.missing))
        if self.missing_in is not None:
            parts.append(u32(MISSING_NEST, self.missing_in))
        if self.policy:
            parts.append(attribute(POLICY | 0x8000, self.policy))
        return b"".join(parts)
