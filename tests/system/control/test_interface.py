"""A veth asked and told through the kernel's messages: what it cannot is said in the kernel's words."""

import errno
import subprocess

import pytest

from engine import control
from engine.control import Refused, Rule, netdev
from engine.control.transport import Kernel

pytestmark = pytest.mark.needs("namespaces")


def refused(namespace, work):
    with pytest.raises(Refused) as caught:
        namespace.call(work)
    return caught.value


def test_channels_change_and_the_change_is_told(pair):
    def work():
        card = control.nic("va")
        with card.monitor() as told:
            card.set_channels(rx_count=3)
            return card.channels(), told.changes()

    channels, changes = pair.call(work)
    assert (channels.rx_count, channels.rx_max, channels.combined_max) == (3, 4, None)
    assert [(change.device, change.value) for change in changes] == [("va", channels)]


@pytest.mark.needs("ethtool")
def test_features_change_and_the_change_is_told_by_name(pair):
    def work():
        card = control.nic("va")
        before = card.features()
        with card.monitor() as told:
            card.set_features({"rx-gro": True})
            (change,) = told.changes()
        shown = subprocess.run(["ethtool", "-k", "va"], capture_output=True, text=True, check=True).stdout
        return before, card.features(), change, shown

    before, after, change, shown = pair.call(work)
    assert after.active - before.active == {"rx-gro"}
    assert change.value == after
    fixed = {line.split(":")[0].strip() for line in shown.splitlines() if "[fixed]" in line}
    # ethtool(8) says legacy names of some; those with the kernel's own are compared.
    ours = after.known - after.changeable
    assert fixed & after.known <= ours
    assert "rx-lro" in ours


def test_the_link_and_its_counters(pair):
    link = pair.call(control.nic("va").link)
    assert (link.name, link.kind, link.mtu_bytes, link.rx_queues, link.up) == ("va", "veth", 1500, 4, False)
    assert link.stats["rx_packets"] == 0


@pytest.mark.parametrize(
    ("work", "code", "text", "attribute"),
    [
        (lambda card: card.set_channels(rx_count=9), errno.EINVAL, "exceeds maximum", "CHANNELS_RX_COUNT"),
        (lambda card: card.set_channels(combined_count=1), errno.EINVAL, "exceeds maximum", "COMBINED_COUNT"),
        (
            lambda card: card.set_features({"no-such": True}),
            errno.EOPNOTSUPP,
            "bit name not found",
            "BIT_NAME",
        ),
        (lambda card: card.set_features({"rx-lro": True}), errno.EOPNOTSUPP, "cannot be changed", ""),
        (lambda card: card.set_coalesce(rx_usecs=3), errno.EOPNOTSUPP, "", ""),
        (lambda card: card.coalesce(), errno.EOPNOTSUPP, "", ""),
        (lambda card: card.rings(), errno.EOPNOTSUPP, "", ""),
        (lambda card: card.set_rings(rx=64), errno.EOPNOTSUPP, "", ""),
        (lambda card: card.set_rss(table=[0, 1]), errno.EOPNOTSUPP, "", ""),
        (lambda card: card.hash_fields("tcp4"), errno.EOPNOTSUPP, "", ""),
        (lambda card: card.rules(), errno.EOPNOTSUPP, "", ""),
        (lambda card: card.add_rule(Rule("tcp4", 1)), errno.EOPNOTSUPP, "", ""),
        (lambda card: card.remove_rule(0), errno.EOPNOTSUPP, "", ""),
    ],
)
def test_what_veth_cannot_is_refused_in_the_kernels_words(pair, work, code, text, attribute):
    answer = refused(pair, lambda: work(control.nic("va")))
    assert (answer.errno, answer.device) == (code, "va")
    assert text in answer.answer
    assert answer.attribute.endswith(attribute)
    assert "\n" not in str(answer)
    assert str(answer).startswith("va: ")


@pytest.mark.parametrize("device", ["gone", "a-name-longer-than-fifteen-characters", ""])
@pytest.mark.parametrize("asked", ["link", "rings", "coalesce", "channels", "features", "rss", "rules"])
def test_an_unknown_interface_is_named(pair, device, asked):
    answer = refused(pair, getattr(control.nic(device), asked))
    assert answer.device == device
    assert answer.errno in {errno.ENODEV, errno.ERANGE, errno.EINVAL}


def test_napi_instances_are_read_and_set(pair):
    def work():
        card = control.nic("va")
        card.set_features({"rx-gro": True})
        for device in ("va", "vb"):
            subprocess.run(["ip", "link", "set", device, "up"], check=True)
        index = card.link().index
        queues, napis = netdev.queues(Kernel(), index), netdev.napis(Kernel(), index)
        netdev.set_napi(Kernel(), "va", napis[1].id, gro_flush_timeout=20_000, defer_hard_irqs=3)
        return queues, napis, netdev.napis(Kernel(), index)

    queues, before, after = pair.call(work)
    assert [queue.direction for queue in queues] == ["rx"] * 4 + ["tx"] * 4
    assert len({napi.id for napi in before}) == 4
    assert [napi.gro_flush_timeout for napi in after] == [0, 20_000, 0, 0]
    assert [napi.defer_hard_irqs for napi in after] == [0, 3, 0, 0]


def test_a_napi_instance_that_is_not_there_is_refused(pair):
    answer = refused(pair, lambda: netdev.set_napi(Kernel(), "va", 1, threaded=1))
    assert answer.errno == errno.ENOENT
    assert "set NAPI 1 threaded=1" in str(answer)


def test_it_works_where_an_event_loop_is_running(pair):
    import asyncio

    async def inside():
        return control.nic("va").channels().rx_max

    assert pair.call(lambda: asyncio.run(inside())) == 4
