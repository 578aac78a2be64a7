"""Starting the two ends of the traffic, and hearing what they counted."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from engine.linux.namespace import Namespace

Protocol = Literal["udp", "tcp"]
PROGRAM = Path(__file__).with_name("endpoint.py")
ANSWER_S = 15.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What both ends agree on."""

    protocol: Protocol
    address: str
    packets_per_s: float
    message_bytes: int
    receive_buffer_bytes: int


class Endpoint:
    """A process that reads or sends; killed with its starter, in whatever way that ends.

    Parameters
    ----------
    port : to send to; 0: a reader, which chooses its own.
    """

    def __init__(self, settings: Settings, namespace: Namespace, cpu: int, port: int = 0) -> None:
        part = "send" if port else "read"
        told = {
            "protocol": settings.protocol,
            "address": settings.address,
            "packets_per_s": settings.packets_per_s,
            "message_bytes": settings.message_bytes,
            "receive_buffer_bytes": settings.receive_buffer_bytes,
            "cpu": cpu,
            "port": port,
        }
        self._process = namespace.start(
            [sys.executable, "-I", "-S", PROGRAM, part, json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=False,
        )
        try:
            ready = self.answer()
        except BaseException:
            self.close()
            raise
        self.tid = ready["tid"]
        self.port = ready.get("port", port)

    def stop(self) -> None:
        """Ask it to end; it answers with its counts."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def answer(self) -> dict[str, int]:
        """Its next line. Raises RuntimeError when it ended or stays silent."""
        output = self._process.stdout
        line = b""
        if output is not None and select.select([output], [], [], ANSWER_S)[0]:
            line = output.readline()
        if not line:
            self._process.kill()
            _, complaint = self._process.communicate()
            reason = complaint.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no answer"]
            raise RuntimeError(f"the traffic's endpoint ended: {reason[0]}")
        found: dict[str, int] = json.loads(line)
        return found

    def close(self) -> None:
        """End it; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
