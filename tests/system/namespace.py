"""Network namespaces in which tests run programs."""

from __future__ import annotations

import os
import subprocess

from collectors.linux import namespace


class Namespace(namespace.Namespace):
    """A nameless namespace that `ip` can be pointed at."""

    @property
    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def ip(self, *words):
        line = ["ip", *words]
        return self.run(lambda: subprocess.run(line, check=True, capture_output=True, text=True).stdout)
