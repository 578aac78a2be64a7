"""What a test needs of the machine: `@pytest.mark.needs("namespaces")`, in the names `rxbench doctor` uses.

Where a capability is missing the test is skipped with the reason; where RXBENCH_REQUIRE names it, or says
`all`, the test fails instead, so that nothing is skipped unseen in CI.

In parallel runs (`--dist loadgroup`) a file's tests stay together, and all tests that touch the machine
(tests/system, and whatever needs namespaces; marked `machine`) run one after the other: they see each other's
traffic. `make test` runs them with nothing else beside them, for they wait for the kernel, by the clock.

Properties try the same examples in every run, so that what passed here passes there; `make explore` tries
fresh ones, and more of them.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from collectors.doctor import Capability, survey

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

SYSTEM = Path(__file__).parent / "system"


def _on_the_machine(item: pytest.Item) -> bool:
    needed = {name for marker in item.iter_markers("needs") for name in marker.args}
    return SYSTEM in item.path.parents or "namespaces" in needed


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that touch the machine, and tell the workers which tests belong together."""
    for item in items:
        group = item.path.as_posix()
        if _on_the_machine(item):
            item.add_marker(pytest.mark.machine)
            group = "machine"
        item.add_marker(pytest.mark.xdist_group(group))


@cache
def _machine() -> dict[str, Capability]:
    return {one.name: one for one in survey()}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test whose machine does not offer what it needs."""
    required = os.environ.get("RXBENCH_REQUIRE", "").split(",")
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if name not in _machine():
                pytest.fail(f"no capability is named {name!r}; known: {', '.join(_machine())}", pytrace=False)
            capability = _machine()[name]
            if capability.available:
                continue
            reason = f"{name} is not available: {capability.detail}"
            if name in required or "all" in required:
                pytest.fail(f"{reason}; to get it: {capability.how_to_get}", pytrace=False)
            pytest.skip(reason)
