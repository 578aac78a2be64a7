"""What an interface answers when it will not do as it is told."""

from __future__ import annotations

import errno
import os


class Refused(OSError):  # noqa: N818 - an answer, not a fault
    """One line: the interface, what was asked, the kernel's errno and its own words where it gave any.

    `errno` is the number; `device`, `asked` and `answer` are the parts; `attribute` is the netlink attribute
    the kernel pointed at, or empty.
    """

    def __init__(self, device: str, asked: str, code: int, answer: str = "", attribute: str = "") -> None:
        self.device, self.asked, self.answer, self.attribute = device, asked, answer, attribute
        name = code_name(code)
        words = answer or os.strerror(code)
        super().__init__(code, f"{device}: {asked}: {words} ({name})")

    def __str__(self) -> str:
        return str(self.strerror)

    @property
    def said(self) -> str:
        """The answer alone: the far end's words, or its errno's, and the errno."""
        return f"{self.answer or os.strerror(self.errno or 0)} ({code_name(self.errno or 0)})"

    @property
    def unsupported(self) -> bool:
        """The interface has no such thing, whatever the value."""
        return self.errno in (errno.EOPNOTSUPP, errno.ENOTSUP)


def code_name(code: int) -> str:
    """An errno by its name, EOPNOTSUPP rather than its other name ENOTSUP."""
    return "EOPNOTSUPP" if code == errno.EOPNOTSUPP else errno.errorcode.get(code, str(code))
