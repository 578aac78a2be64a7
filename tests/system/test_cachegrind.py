"""The engine runs under cachegrind, and a larger working set misses more."""

import pytest

from collectors import linux
from collectors.linux import valgrind
from engine import Scenario

pytestmark = pytest.mark.needs("valgrind")


def test_misses_per_frame_follow_the_caches_size(monkeypatch):
    monkeypatch.setattr(valgrind, "WARM_UP_FRAMES", 1000)
    scenario = Scenario().with_(**{"nic.queues": 1, "host.cpus": 1})
    small = scenario.with_(**{"host.cache.llc_bytes": 1 << 20})

    def misses(one):
        table = linux.cachegrind(one, 2000)
        assert (table["misses"] <= table["references"]).all()
        return table.set_index([table["level"].astype("str"), table["access"].astype("str")])["misses"]

    wide, narrow = misses(scenario), misses(small)
    # A frame is read and written, and its buffer is not in the first level.
    assert wide["l1d", "read"] > 1
    assert wide["l1d", "write"] > 0.5
    assert narrow["llc", "read"] > wide["llc", "read"]
    # What the first level misses does not depend on the last.
    assert narrow["l1d", "read"] == pytest.approx(wide["l1d", "read"], rel=0.1)
