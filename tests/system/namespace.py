"""Network namespaces in which tests run programs."""

from __future__ import annotations

from engine.linux import namespace


class Namespace(namespace.Namespace):
    """A nameless namespace that `ip` can be pointed at."""

    def __init__(self):
        super().__init__("host of a test")

    def ip(self, *words):
        return self.run(["ip", *words]).stdout
