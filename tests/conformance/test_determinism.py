"""Same scenario, same seed, same build: the same bytes in every table, in every process."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib, json, sys
import pyarrow as pa
from engine import Scenario, execute
from collectors.datapath import Datapath
scenario = Scenario.from_json(sys.argv[1])
result = execute(scenario, step_ns=int(sys.argv[2]))
digest = hashlib.sha256(json.dumps(result.stats, sort_keys=True).encode())
for name in Datapath(result).tables:
    sink = pa.BufferOutputStream()
    batch = pa.record_batch(result.table(name))
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    digest.update(sink.getvalue())
digest.update(result.output_capture())
print(digest.hexdigest())
"""

SCENARIOS = {
    "overload": {"nic.queues": 2},
    "mixed": {
        "traffic.streams.0.generated.sizes": {"imix": {}},
        "traffic.streams.0.generated.arrivals": "poisson",
        "traffic.streams.0.generated.flows.tcp_share": 0.5,
        "traffic.streams.0.generated.flows.ipv6_share": 0.5,
        "traffic.streams.0.generated.flows.popularity": {"zipf": {"exponent": 1.0}},
    },
    "rps": {
        "nic.queues": 1,
        "host.rps.cpus": [1, 2, 3],
        "host.rps.flow_limit": True,
        "host.apps.pinned": False,
    },
}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", SCENARIOS)
def test_two_processes_make_the_same_bytes(name, seed):
    from engine import Scenario

    scenario = Scenario(seed=seed, duration_ns=300_000, drain_ns=100_000).with_(
        **SCENARIOS[name],
        **{
            "host.cpus": 4,
            "observe.verdicts": True,
            "observe.frames": True,
            "observe.trace_frames": [1, 100],
        },
    )
    found = set()
    for hash_seed, step in (("0", "7001"), ("4242", "400000")):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, scenario.to_json(), step],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
