"""The Rust core.

What crosses the border. Times are integer nanoseconds from the start of the run, virtual but in `LiveEngine`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, final

def version() -> str:
    """The core's version, as the package's."""

def build() -> dict[str, str]:
    """What identifies the build.

    `version`, `profile`, `toeplitz` (the form of the hash this machine runs).
    """

def scenario_schema() -> str:
    """JSON schema of the scenario document, generated from the types that parse it."""

def resolve_scenario(document: str, format: Literal["toml", "json"]) -> str:  # noqa: A002 - fixed by the core
    """The document as canonical JSON: validated, every default filled in.

    Raises
    ------
    ScenarioError : names the key, the value and what is allowed.
    """

def memory_latency_ns(bytes: int) -> float:  # noqa: A002 - fixed by the core
    """What an access at random to so much memory takes on this machine, in nanoseconds.

    Raises ValueError below 128 bytes and above 1 GiB.
    """

def check_scenario(document: str) -> None:
    """Whether a document's NIC can be built and its script carried out, beyond what parsing it shows.

    Raises
    ------
    ScenarioError : names the key, the value and what is allowed.
    """

def declarations() -> str:
    """JSON object: `counters`, `reasons`, `ops`, `layers`, `costs`, as the stages declare them."""

class ScenarioError(ValueError):
    """A scenario that cannot be run."""

    key: str
    value: str
    allowed: str

class CaptureError(ValueError):
    """A file that is no capture, or one of a kind that is not read."""

class ConservationError(RuntimeError):
    """Frames, buffers or nanoseconds that do not add up: a fault of the engine, never of the input."""

class EngineError(RuntimeError):
    """A fault inside the engine, raised where it would have ended the process."""

@final
class Table:
    """One table of a run: a single Arrow record batch."""

    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

@final
class Engine:
    """One run of one scenario in virtual time."""

    now_ns: Final[int]
    end_ns: Final[int]
    last_ns: Final[int]
    finished: Final[bool]
    offered_frames: Final[int]

    def __init__(
        self,
        scenario_json: str,
        captures: Mapping[str, bytes] | None = None,
        *,
        lossless: bool = False,
    ) -> None:
        """Build everything, or raise: ScenarioError, CaptureError.

        `lossless`: the source waits for room in a ring instead of losing frames; `last_ns`, when something
        happened last, then says how long it took.
        """

    def advance(self, until_ns: int) -> int:
        """Run up to `until_ns` (at most `end_ns`) without the interpreter lock; the time reached, in ns."""

    built: Final[tuple[int, int, bool]]
    """What its NIC cannot exceed: queues, descriptors of a ring, whether there is a flow table."""

    def nic_counters(self) -> dict[str, int]:
        """Counter → value so far, of the NIC's queues together; names as declared for the stage `nic`."""

    def document(self) -> str:
        """The scenario as it is now, as canonical JSON; the control script is left out."""

    def apply(self, change: str) -> None:
        """Change it now, by a patch of the document (RFC 7396, JSON), or not at all. Raises ScenarioError."""

    def finish(self) -> None:
        """Drain what is under way and assert the laws. Raises ConservationError."""

    def stats(self) -> str:
        """JSON object: `rx`, `delivered`, `dropped` (reason → frames), `pending`, `consumed`."""

    def table(self, name: str) -> Table:
        """A table by its name. Raises KeyError for a name there is not."""

    def sent_capture(self) -> bytes:
        """Pcap of the frames the host sent. Raises ValueError unless `observe.frames` is set."""

    def forwarded_capture(self) -> bytes:
        """Pcap of the frames that were forwarded, as they left; needs `observe.frames`."""

    def output_capture(self) -> bytes:
        """Pcap (nanosecond stamps) of the frames handed to the host; needs `observe.frames`."""

@final
class LiveEngine:
    """One run of one scenario in real time, on this machine's threads."""

    finished: Final[bool]
    elapsed_ns: Final[int]
    lost_ns: Final[int]
    offered_frames: Final[int]
    missed_frames: Final[int]
    """That arrived at the port and found no room in front of the NIC; in no verdict."""
    changes: Final[int]
    """Put in place so far, those of the control script and others."""

    def __init__(
        self,
        scenario_json: str,
        captures: Mapping[str, bytes] | None = None,
        *,
        pacing: Literal["paced", "lossless"] = "paced",
        idle: Literal["busy_poll", "sleep"] = "busy_poll",
        oversubscribe: bool = False,
        prepared_frames: int | None = None,
        meter_ops: bool = False,
        port: ReceivePort | None = None,
    ) -> None:
        """Build everything, or raise: ScenarioError (also for too few CPUs), CaptureError.

        With a port its frames are received instead of the scenario's traffic; the port is used up.
        """

    def run(self) -> None:
        """Run to the end without the interpreter lock and assert the laws; once.

        Raises
        ------
        ConservationError, EngineError, RuntimeError
        OSError : the port's interface went down or away; what came until then is accounted for.
        KeyboardInterrupt : after the threads have ended.
        """

    built: Final[tuple[int, int, bool]]
    """What its NIC cannot exceed: queues, descriptors of a ring, whether there is a flow table."""

    def nic_counters(self) -> dict[str, int]:
        """Counter → value so far, of the NIC's queues together; names as declared for the stage `nic`."""

    def document(self) -> str:
        """The scenario as it is now, as canonical JSON; the control script is left out."""

    def apply(self, change: str) -> None:
        """Change it before the next batch, from any thread, or not at all. Raises ScenarioError."""

    def stats(self) -> str:
        """JSON object: `rx`, `delivered`, `dropped` (reason → frames), `pending`, `consumed`."""

    def table(self, name: str) -> Table:
        """A table by its name. Raises KeyError for a name there is not, RuntimeError before the run."""

    def forwarded_capture(self) -> bytes:
        """Pcap of the frames that were forwarded, as they left, CPU by CPU; needs `observe.frames`."""

    def output_capture(self) -> bytes:
        """Pcap (nanosecond stamps) of the frames handed to the host, CPU by CPU; needs `observe.frames`."""

@final
class ReceivePort:
    """A socket that receives an interface's frames for a run in real time, open until a run has used it.

    The interface is one of the calling thread's network namespace. It is as before once the port is closed,
    or its process gone, whatever ended that.
    """

    kind: Final[Literal["af_packet", "af_xdp"]]
    interface: Final[str]
    queues: Final[int]
    """Of the interface, that are received from; a packet socket does not tell them apart: 1."""
    zero_copy: Final[bool]
    """Whether the card writes into our memory itself."""
    native: Final[bool]
    """Whether the XDP program runs in the driver."""

    @staticmethod
    def af_packet(interface: str, *, blocks: int = 64, promiscuous: bool = True) -> ReceivePort:
        """Every frame that arrives, beside the kernel's own receiving (packet(7), TPACKET_V3).

        Parameters
        ----------
        blocks : of 256 KiB in the ring, 2 to 4096.
        promiscuous : frames for other stations too.

        Raises
        ------
        ScenarioError : a setting out of range.
        OSError : no right, no such interface; each with what is needed.
        """

    @staticmethod
    def af_xdp(
        interface: str,
        *,
        copying: Literal["auto", "copy", "zero_copy"] = "auto",
        attach: Literal["auto", "native", "generic"] = "auto",
        ring_frames: int = 2048,
    ) -> ReceivePort:
        """Every frame of every queue, taken before the kernel's stack.

        Parameters
        ----------
        copying : who puts frames into our memory: the card (`zero_copy`), the kernel (`copy`), or the card
            where its driver can.
        attach : where the XDP program runs: in the driver (`native`), behind it, or in the driver if it can.
        ring_frames : entries of each queue's rings and chunks of 4 KiB; a power of two, 64 to 32768. A frame
            has room for 3840 bytes; longer ones are missed.

        Raises
        ------
        ScenarioError : a setting out of range.
        OSError : what the kernel refuses, and what would help.
        """

    def close(self) -> None:
        """Let go of the interface; safe to call twice."""

    def __enter__(self) -> ReceivePort: ...
    def __exit__(self, *exception: object) -> None: ...

@final
class Tap:
    """A multi-queue TAP device, open; it is gone with this object, or with the process, whatever ends that.

    What is written to queue q, this machine's kernel receives on queue q of the interface. It takes nothing
    while the interface is down.
    """

    name: Final[str]
    queues: Final[int]

    def __init__(
        self,
        name: str,
        queues: int = 1,
        *,
        napi: Literal["off", "on", "frags"] = "off",
        offloads: bool = False,
        send_buffer_bytes: int | None = None,
    ) -> None:
        """Make it in the calling thread's network namespace; `name` may be a pattern such as `rxb%d`.

        Parameters
        ----------
        queues : 1 to 256.
        napi : `off`: a write runs the kernel's receive path before it returns; `on`: it schedules NAPI,
            with GRO; `frags`: likewise, by pages.
        offloads : let the kernel hand over frames to be segmented and without checksums.
        send_buffer_bytes : of truesize, under way to the kernel through one queue; None: no limit.

        Raises
        ------
        ScenarioError : more queues, or a name, than a TAP can have.
        OSError : no device node (FileNotFoundError), no right (PermissionError), the name is taken
            (FileExistsError); each says what is needed.
        """

    def write(self, queue: int, frame: bytes, *, gso_bytes: int = 0) -> str | None:
        """Write one frame; None, or the drop reason if the kernel did not take it.

        `gso_bytes`: the frame is merged from pieces of so much payload (the last may have less): TCP or UDP,
        in one IP header. Lengths and checksums of its headers are made right.
        """

    def write_many(
        self, queue: int, frames: Sequence[bytes], count: int, *, gso_bytes: int = 0
    ) -> tuple[int, dict[str, int], int]:
        """Write `count` frames, the given ones in turn, one system call each, without the interpreter lock.

        Returns frames taken, frames refused by drop reason, nanoseconds. Ends early if the interface is gone.
        """

    def read(self, queue: int) -> bytes | None:
        """The next frame the kernel sent through a queue, if there is one.

        Raises OSError once the interface is gone.
        """

    def wait(self, timeout_ms: int) -> list[int]:
        """Sleep until the kernel has sent something, at most so long; the queues that have frames."""

    def set_attached(self, queue: int, attached: bool) -> None:
        """Detach a queue from the interface, or attach it again."""

    def close(self) -> None:
        """Let go of the device."""

    def __enter__(self) -> Tap: ...
    def __exit__(self, *exception: object) -> None: ...

Flow = tuple[str, int, str, int, Literal["tcp", "udp"]]
"""Source address and port, destination address and port, protocol."""

@final
class SteeringTable:
    """A card's flow table and RSS, without its rings: which queue do these frames go to?

    Refusals are `OSError` with Linux' errno: ENOSPC (full), EBUSY (full ways, or too many insertions),
    EINVAL (no such queue or priority), ENOENT (no such rule). A change of queue takes effect with the next
    frame: whoever queues the frames keeps their order.
    """

    def __init__(
        self,
        queues: int,
        *,
        capacity_rules: int = 8192,
        ways: int = 0,
        signature_bits: int = 0,
        insert_latency_ns: int = 0,
        insertions_per_second: int = 0,
        admission: Literal["first_come", "rate", "priority"] = "priority",
        rss_key: str | None = None,
    ) -> None:
        """An empty table before `queues` queues; keys as in the scenario's `steering.table`. ValueError."""

    def insert(self, flow: Flow, queue: int, priority: int = 0, *, rate_fps: int = 0, now_ns: int = 0) -> int:
        """Send a flow to a queue: a new rule, or a change of the one it has; the rule's number."""

    def move(self, rule: int, queue: int, *, now_ns: int = 0) -> None:
        """Send a rule's flow to another queue."""

    def remove(self, rule: int, *, now_ns: int = 0) -> None:
        """Remove a rule: its flow goes by its hash again."""

    def queue_of(self, frames: Sequence[bytes], *, now_ns: int = 0) -> list[int]:
        """The queue of each Ethernet frame: its flow's, or the one of its hash."""

    def counters(self) -> dict[str, int]:
        """Counter → value, as declared for the stage `steering`."""

    def __len__(self) -> int: ...

@final
class LinuxOutcome:
    """What a NIC did before this machine's kernel; a frame is delivered when the kernel took it."""

    elapsed_ns: Final[int]
    written_ns: Final[int]
    """In writes to the port: without NAPI, the kernel's receive path."""
    offered_frames: Final[int]
    missed_frames: Final[int]
    """That its port had no room for, in addition to those offered."""
    gone: Final[bool]
    """An interface vanished meanwhile."""

    def stats(self) -> str:
        """JSON object: `rx`, `delivered`, `dropped` (reason → frames), `pending`, `consumed`."""

    def table(self, name: str) -> Table:
        """A table by its name. Raises KeyError for a name there is not."""

    def output_capture(self) -> bytes:
        """Pcap (nanosecond stamps) of the frames the kernel took; needs `observe.frames`."""

def run_linux(
    scenario_json: str,
    tap: Tap,
    captures: Mapping[str, bytes] | None = None,
    *,
    pacing: Literal["paced", "lossless"] = "paced",
    prepared_frames: int | None = None,
    nic_cpu: int | None = None,
    queue_cpus: Sequence[int] = (),
) -> LinuxOutcome:
    """Run a scenario's traffic through its NIC into a TAP device of as many queues, on one pinned thread.

    `queue_cpus`: where the kernel receives the queues' frames, in turn, for the tables; default the NIC's.

    Raises
    ------
    ScenarioError, CaptureError : before anything ran.
    ConservationError, EngineError
    KeyboardInterrupt : after the thread has ended.
    """

@final
class Bump:
    """Two ports and a NIC between them, at work from the start until stopped, a thread for each direction."""

    def __init__(
        self,
        scenario_json: str,
        first: Tap,
        second: Tap,
        *,
        idle: Literal["sleep", "busy_poll"] = "sleep",
        cpus: tuple[int, int] | None = None,
        queue_cpus: Sequence[int] = (),
    ) -> None:
        """Begin to carry frames. Raises ScenarioError, OSError."""

    def steer(self, flow: Flow, queue: int, *, from_second: bool = False) -> None:
        """Send a flow to a queue of the NIC on the way from the first port, or the second; from any thread.

        The next frames obey. The flow table counts what it refuses (`counters`, stage steering).

        Raises
        ------
        ValueError : an address or protocol that is none.
        RuntimeError : stopped already.
        """

    def stop(self) -> tuple[LinuxOutcome, LinuxOutcome]:
        """End; what the ways from the first and from the second port came to.

        Raises
        ------
        ConservationError, EngineError, RuntimeError
        """

@final
class Sink:
    """A program that reads a socket of this machine's kernel, until closed.

    UDP: datagrams are counted. TCP: each connection is compared with the stream `stream_tcp` sends.
    """

    port: Final[int]
    reads: Final[int]
    bytes: Final[int]
    wrong_reads: Final[int]
    """Reads of streams that gave other bytes than were sent."""

    def __init__(
        self, kind: Literal["udp", "tcp"], address: str, port: int = 0, *, cpu: int | None = None
    ) -> None:
        """Begin to read, in the calling thread's network namespace; port 0: any.

        Raises ScenarioError, OSError.
        """

    def close(self) -> None:
        """End."""

def stream_tcp(
    tap: Tap,
    queue: int,
    sender: str,
    receiver: str,
    *,
    sender_mac: str,
    receiver_mac: str,
    bytes: int,  # noqa: A002 - the unit is the name
    seconds: float = 10.0,
    segment_bytes: int = 1448,
    segments: int = 41,
) -> dict[str, Any]:
    """Connect to a socket of the kernel behind a TAP device and send it a stream, within its window.

    Frames are as large receive offload makes them, of `segments` segments each. Ends are as `10.0.0.1:5001`.

    Returns `bytes` (acknowledged: all that were sent), `frames`, `acks`, `sent_again`, `refused` (by reason),
    `elapsed_ns`.

    Raises
    ------
    ScenarioError, ValueError, OSError
    ConnectionError : nobody listens, or the connection ended early.
    """

def dissect(capture: bytes, rss_key: str, queues: int) -> Iterator[str]:
    """One JSON document per frame of a capture, last the stats. Raises CaptureError, ValueError."""

def access_latency(cpu: int, other_cpu: int, rounds: int) -> tuple[dict[str, list[int]], float]:
    """Accesses on `cpu` while `other_cpu` writes: cycles by what was accessed, 256 a round; ns a cycle.

    Raises
    ------
    ValueError : a CPU that is not usable, or the same twice.
    OSError : this processor cannot tell.
    """
