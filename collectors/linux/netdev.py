"""Queues and NAPI instances of interfaces and their counters, from the kernel's netdev family (Linux 6.7)."""

from __future__ import annotations

from collectors.linux.counting import Counts
from engine.control import netdev
from engine.control.transport import Kernel


def queues(names: dict[int, str]) -> list[tuple[str, str, int, int, int, int]]:
    """Each queue of the interfaces, given by index: device, direction, queue, NAPI id, interrupt, thread.

    Empty on kernels without the family or the command; an interface that is gone has none.
    """
    kernel = Kernel()
    found = []
    for index, device in names.items():
        try:
            napis = {napi.id: napi for napi in netdev.napis(kernel, index)}
            queues = netdev.queues(kernel, index)
        except OSError:
            continue
        for queue in queues:
            napi = napis.get(-1 if queue.napi is None else queue.napi, netdev.Napi(-1))
            numbers = (queue.napi, napi.irq, napi.pid)
            instance, irq, thread = (-1 if number is None else number for number in numbers)
            found.append((device, queue.direction, queue.queue, instance, irq, thread))
    return sorted(found)


def statistics(names: dict[int, str]) -> Counts:
    """Counters by (device, direction, queue, counter) of the interfaces given by index; empty: none."""
    kernel = Kernel()
    found: Counts = {}
    for index, device in names.items():
        try:
            queues = netdev.queue_statistics(kernel, index)
        except OSError:
            continue
        for queue in queues:
            for counter, value in queue.counters.items():
                found[device, queue.direction, queue.queue, counter] = (float(value),)
    return found
