"""The ethtool family of the engine: before a run, in virtual time and in real time."""

import errno
import threading
import time

import pyarrow as pa
import pytest
from pyroute2.netlink.generic import GenericNetlinkSocket
from pyroute2.netlink.generic.ethtool import NlEthtool

from engine import Scenario, _core
from engine.control import Refused, Rule
from engine.control.ethtool import header, rss
from engine.control.netlink import GenericConnection
from engine.endpoint import Endpoint

SCENARIO = Scenario().with_("nic.queues=4", "host.cpus=2")
STEERED = SCENARIO.with_("steering.mode=ntuple")


def started(scenario):
    return _core.Engine(scenario.resolved())


def live(scenario):
    return _core.LiveEngine(scenario.resolved(), oversubscribe=True)


@pytest.fixture(params=[lambda given: given, started, live], ids=["prepared", "virtual", "real"])
def far_end(request):
    return Endpoint(nic0=request.param(SCENARIO))


@pytest.fixture
def card(far_end):
    return far_end["nic0"]


def refused(work):
    with pytest.raises(Refused) as caught:
        work()
    return caught.value


def test_what_is_set_is_what_runs(card, far_end):
    card.set_channels(combined_count=2)
    card.set_coalesce(rx_usecs=100, rx_max_coalesced_frames=8)
    card.set_features({"rx-checksum": False})
    card.set_rss(table=[0, 1, 1, 1], key="ab" * 40, symmetric=True, fields={"udp4": "2-tuple"})
    nic = far_end.scenario("nic0").nic
    assert (nic.queues, nic.coalesce.rx_usecs, nic.coalesce.rx_max_coalesced_frames) == (2, 100, 8)
    assert (nic.rx_checksum, nic.rss.table[:5], nic.rss.key[:4]) == (False, (0, 1, 1, 1, 0), "abab")
    assert (nic.rss.symmetric, nic.rss.fields.udp4, card.hash_fields("udp4")) == (True, "2-tuple", "2-tuple")
    assert card.channels().combined_count == 2
    assert "rx-checksum" not in card.features().active
    state = card.rss()
    assert (state.table[:4], state.key, state.function, state.symmetric) == (
        (0, 1, 1, 1),
        "ab" * 40,
        "toeplitz",
        True,
    )


def test_who_listens_is_told_of_every_change_and_of_nothing_else(card):
    with card.monitor() as told:
        card.set_channels(combined_count=4)
        card.set_channels(combined_count=3)
        card.set_coalesce(rx_usecs=9)
        card.set_features({"rx-checksum": False})
        card.set_rss(table=[2])
        refused(lambda: card.set_rss(table=[3]))
        changes = told.changes(0)
    assert [change.value for change in changes] == [
        card.channels(),
        card.coalesce(),
        card.features(),
        card.rss(),
    ]


def test_each_refusal_has_its_errno_words_and_attribute_and_changes_nothing(card, far_end):
    before = far_end.scenario("nic0")
    for work, code, words, attribute in [
        (lambda: card.set_rings(rx=16384), errno.EINVAL, "ring size exceeds maximum", "RINGS_RX"),
        (lambda: card.set_rings(tx=1), errno.EINVAL, "ring size exceeds maximum", "RINGS_TX"),
        (lambda: card.set_rings(tcp_data_split=3), errno.ERANGE, "integer out of range", "TCP_DATA_SPLIT"),
        (lambda: card.set_rings(hds_thresh=3), errno.EOPNOTSUPP, "hds-thresh", "HDS_THRESH"),
        (lambda: card.set_channels(combined_count=200), errno.EINVAL, "exceeds maximum", "COMBINED_COUNT"),
        (lambda: card.set_channels(combined_count=0), errno.EINVAL, "no RX or TX channel", "COMBINED_COUNT"),
        (lambda: card.set_coalesce(tx_usecs=1), errno.EINVAL, "unsupported parameter", "TX_USECS"),
        (
            lambda: card.set_coalesce(rx_usecs=0, rx_max_coalesced_frames=0),
            errno.EINVAL,
            "no interrupt",
            "RX_USECS",
        ),
        (lambda: card.set_features({"rx-fcs": True}), errno.EOPNOTSUPP, "cannot be changed", ""),
        (lambda: card.set_features({"no-such": True}), errno.EOPNOTSUPP, "name not found", "BIT_NAME"),
        (lambda: card.set_rss(table=[0, 4]), errno.EINVAL, "entry 1: queue out of range (4)", "RSS_INDIR"),
        (lambda: card.set_rss(table=[0] * 3), errno.EINVAL, "mismatch", "RSS_INDIR"),
        (lambda: card.set_rss(key="ab", fields={"tcp4": "off"}), errno.EINVAL, "", "RSS_HKEY"),
        (lambda: card.set_rss(function="xor", table=[1]), errno.EOPNOTSUPP, "toeplitz", "RSS_HFUNC"),
        (lambda: card.add_rule(Rule("tcp4", 1)), errno.EOPNOTSUPP, "", ""),
        (lambda: card.remove_rule(0), errno.ENOENT, "", ""),
    ]:
        answer = refused(work)
        assert (answer.errno, answer.device) == (code, "nic0"), answer
        assert words in answer.answer
        assert answer.attribute.endswith(attribute)
    assert far_end.scenario("nic0") == before


def test_queues_in_use_are_not_taken_away(card):
    card.set_rss(table=[0, 3])
    low = refused(lambda: card.set_channels(combined_count=3))
    assert (low.errno, low.answer) == (
        errno.EINVAL,
        "requested channel counts are too low for existing indirection table (3)",
    )
    card.set_rss(table=[])
    card.set_channels(combined_count=3)
    assert card.rss().table[:4] == (0, 1, 2, 0)


def test_what_a_run_was_built_with_stays():
    card = Endpoint(nic0=started(SCENARIO))["nic0"]
    assert (card.rings().rx_max, card.channels().combined_max) == (1024, 4)
    late = refused(lambda: card.set_rings(rx_buf_len=4096))
    assert (late.errno, late.attribute) == (errno.EBUSY, "ETHTOOL_A_RINGS_RX_BUF_LEN")
    assert "nic.buffer_bytes = 4096" in late.answer
    assert card.features().changeable == {"rx-checksum"}
    card = Endpoint(nic0=live(SCENARIO))["nic0"]
    assert refused(lambda: card.set_rings(rx=512)).errno == errno.EBUSY


def test_what_has_not_begun_takes_what_a_nic_can_have():
    endpoint = Endpoint(nic0=SCENARIO)
    card = endpoint["nic0"]
    card.set_rings(rx=4096, rx_buf_len=4096)
    card.set_channels(combined_count=16)
    card.set_features({"rx-lro": True})
    assert endpoint.scenario("nic0").nic.lro.enabled
    gro = endpoint.scenario("nic0").host.gro.enabled
    card.set_features({"rx-gro": not gro})
    assert (endpoint.scenario("nic0").host.gro.enabled, "rx-gro" in card.features().active) == (
        not gro,
        not gro,
    )
    card.set_features({"rx-ntuple-filter": True})
    assert {"rx-ntuple-filter", "rx-lro"} <= set(card.features().active)
    card.set_features({"rx-lro": False, "rx-gro": False})
    card.add_rule(Rule("tcp4", 9, destination_port=443))
    scenario = endpoint.scenario("nic0")
    assert (scenario.nic.ring_size, scenario.nic.buffer_bytes, scenario.nic.queues) == (4096, 4096, 16)
    assert (scenario.steering.mode, scenario.steering.rules[0].queue) == ("ntuple", 9)
    assert refused(lambda: card.set_rings(rx=513)).errno == errno.EINVAL
    card.set_features({"rx-ntuple-filter": False, "rx-hashing": False})
    steering = endpoint.scenario("nic0").steering
    assert (steering.mode, steering.rules, card.rules()) == ("none", (), ())


@pytest.mark.parametrize("begin", [lambda given: given, started], ids=["prepared", "virtual"])
def test_rules_are_added_shown_replaced_and_removed(begin):
    endpoint = Endpoint(nic0=begin(STEERED))
    card = endpoint["nic0"]
    given = [
        Rule("tcp4", 3, source="10.0.0.0/8", destination_port=443),
        Rule("udp6", None, destination="2001:db8::1", source_port=0x100, source_port_mask=0xFF00),
        Rule("ip4", 1),
        Rule("udp4", 2, location=900),
    ]
    places = [card.add_rule(rule) for rule in given]
    assert places == [0, 1, 2, 900]
    shown = card.rules()
    assert [str(rule) for rule in shown] == [
        "tcp4 source=10.0.0.0/8 destination_port=443 location=0 queue=3".replace(" location=0", ""),
        str(Rule("udp6", None, None, "2001:db8::1", 0x100, source_port_mask=0xFF00, location=1)),
        str(Rule("ip4", 1, location=2)),
        str(Rule("udp4", 2, location=900)),
    ]
    card.add_rule(Rule("ip4", 0, location=2))
    card.remove_rule(1)
    assert [(rule.location, rule.queue) for rule in card.rules()] == [(0, 3), (2, 0), (900, 2)]
    rules = endpoint.scenario("nic0").steering.rules
    assert [(rule.location, rule.protocol, rule.source) for rule in rules] == [
        (0, "tcp", "10.0.0.0/8"),
        (2, "", "0.0.0.0/0"),
        (900, "udp", "0.0.0.0/0"),
    ]
    for rule, code in [
        (Rule("tcp4", 4), errno.EINVAL),
        (Rule("tcp4", 1, location=1024), errno.EINVAL),
        (Rule("udp4", 0), errno.EEXIST),
        (Rule("tcp4", context=1), errno.EINVAL),
    ]:
        assert refused(lambda rule=rule: card.add_rule(rule)).errno == code
    low = refused(lambda: card.set_channels(combined_count=3))
    assert "ntuple filter" in low.answer


@pytest.mark.parametrize("begin", [lambda given: given, started, live], ids=["prepared", "virtual", "real"])
def test_contexts_are_made_led_to_and_taken_away(begin):
    endpoint = Endpoint(nic0=begin(STEERED))
    card = endpoint["nic0"]
    with card.monitor() as told:
        assert card.add_context(table=[2, 3]) == 1
        assert card.add_context(context=9, key="cd" * 40) == 9
        assert card.add_context() == 2
        card.set_rss(context=1, table=[3])
        card.remove_context(2)
        changes = [change.value for change in told.changes(0)]
    assert [(value.context, value.table[:3]) for value in changes] == [
        (1, (2, 3, 2)),
        (9, (0, 1, 2)),
        (2, (0, 1, 2)),
        (1, (3, 3, 3)),
        (2, ()),
    ]
    assert [(state.context, state.table[:2]) for state in card.contexts()] == [(1, (3, 3)), (9, (0, 1))]
    assert (card.rss(9).key, card.rss().table[:5]) == ("cd" * 40, (0, 1, 2, 3, 0))
    given = Rule("udp4", context=9, destination_port=53, vlan=7)
    place = card.add_rule(given)
    (shown,) = card.rules()
    assert str(shown) == str(Rule("udp4", context=9, destination_port=53, vlan=7, location=place))
    scenario = endpoint.scenario("nic0")
    assert [context.id for context in scenario.nic.rss.contexts] == [1, 9]
    assert (scenario.steering.rules[0].context, scenario.steering.rules[0].vlan) == (9, 7)
    before = endpoint.scenario("nic0")
    for work, code, words, attribute in [
        (lambda: card.remove_context(9), errno.EBUSY, "", ""),
        (lambda: card.remove_context(3), errno.ENOENT, "", ""),
        (lambda: card.remove_context(0), errno.ERANGE, "integer out of range", "RSS_CONTEXT"),
        (lambda: card.add_context(context=9), errno.EBUSY, "error allocating context ID", "RSS_CONTEXT"),
        (lambda: card.add_context(context=65), errno.ERANGE, "", "RSS_CONTEXT"),
        (lambda: card.add_context(table=[4]), errno.EINVAL, "entry 0: queue out of range (4)", "RSS_INDIR"),
        (lambda: card.add_context(table=[]), errno.ERANGE, "binary attribute size", "RSS_INDIR"),
        (lambda: card.add_context(key="ab"), errno.EINVAL, "", "RSS_HKEY"),
        (lambda: card.rss(3), errno.ENOENT, "", ""),
        (lambda: card.add_rule(Rule("tcp4", context=3)), errno.EINVAL, "", ""),
        (lambda: card.add_rule(Rule("tcp4", 1, context=9)), errno.EINVAL, "", ""),
        (lambda: card.set_channels(combined_count=3), errno.EINVAL, "indirection table (3)", ""),
    ]:
        answer = refused(work)
        assert answer.errno == code, answer
        assert words in answer.answer
        assert answer.attribute.endswith(attribute)
    assert endpoint.scenario("nic0") == before
    for _ in range(62):
        card.add_context()
    assert refused(card.add_context).errno == errno.EBUSY


def test_a_rule_leads_into_a_context_from_the_next_frame_on():
    run = started(STEERED.with_("duration_ns=2_000_000", "nic.queues=4"))
    card = Endpoint(nic0=run)["nic0"]
    run.advance(1_000_000)
    card.add_rule(Rule("ip4", context=card.add_context(table=[3])))
    run.finish()
    frames = pa.record_batch(run.table("queues")).column("rx_frames").to_pylist()
    # Before, a quarter of the flows; from then on all of them.
    assert frames[3] > 3 * max(frames[:3])


@pytest.mark.parametrize("begin", [started, live], ids=["virtual", "real"])
def test_what_changes_without_a_request_is_told_like_what_was_asked_for(begin):
    script = [
        {"at_ns": 100_000, "settings": ["nic.coalesce.rx_usecs = 77", "nic.rss.weights = [0, 1]"]},
        {"at_ns": 200_000, "settings": ["nic.rss.contexts = [{vlan = 7}]"]},
    ]
    run = begin(SCENARIO.with_(control=script, duration_ns=2_000_000))
    card = Endpoint(nic0=run)["nic0"]
    with card.monitor() as told:
        card.set_channels(combined_count=3)
        assert [change.value for change in told.changes(0)] == [card.channels()]
        run.apply('{"nic": {"rx_checksum": false}}')
        assert [change.value for change in told.changes(0)] == [card.features()]
        if begin is started:
            run.advance(150_000)
            assert [change.value for change in told.changes(0)] == [card.coalesce(), card.rss()]
            run.advance(250_000)
        else:
            run.run()
        changes = [change.value for change in told.changes()]
        assert changes[-1] == card.rss(1)
        assert len(changes) == (1 if begin is started else 3)
        assert told.changes(0) == []


def test_a_full_table_has_no_space():
    rules = [
        {"location": place, "destination_port": place + 1, "source": "0.0.0.0/0"} for place in range(1024)
    ]
    card = Endpoint(nic0=STEERED.with_(**{"steering.rules": rules}))["nic0"]
    assert refused(lambda: card.add_rule(Rule("tcp4", 1))).errno == errno.ENOSPC


def test_a_rule_steers_the_frames_that_follow():
    run = started(STEERED.with_("duration_ns=2_000_000"))
    card = Endpoint(nic0=run)["nic0"]
    run.advance(1_000_000)
    card.add_rule(Rule("ip4", None))
    run.finish()
    assert 0 < run.nic_counters()["rx_filtered"] == card.link().stats["rx_dropped"]


def test_contexts_are_shown_and_set():
    contexts = [{"destination_port": 53, "weights": [0, 1]}, {"vlan": 7, "key": "cd" * 40}]
    endpoint = Endpoint(nic0=started(SCENARIO.with_(**{"nic.rss.contexts": contexts})), nic1=SCENARIO)
    with GenericConnection(endpoint.netlink(16), header.FAMILY) as generic:

        def ask(command, *attributes, dump=False, device="nic0"):
            whom = [] if device is None else [("ETHTOOL_A_RSS_HEADER", header.addressed(device))]
            return generic.ask(rss.RssMessage, command, [*whom, *attributes], dump=dump)

        found = [
            (each.get_attr("ETHTOOL_A_RSS_HEADER").get_attr("ETHTOOL_A_HEADER_DEV_NAME"), number)
            for each in ask(rss.GET, dump=True, device=None)
            for number in [each.get_attr("ETHTOOL_A_RSS_CONTEXT")]
        ]
        assert found == [("nic0", None), ("nic0", 1), ("nic0", 2), ("nic1", None)]
        one = ("ETHTOOL_A_RSS_CONTEXT", 1)
        ask(rss.SET, one, ("ETHTOOL_A_RSS_INDIR", rss.table_bytes([2, 3])))
        (state,) = map(rss.RssState.of, ask(rss.GET, one))
        assert (state.table[:3], state.key[:8]) == ((2, 3, 2), "6d5a56da")
        (state,) = map(rss.RssState.of, ask(rss.GET, ("ETHTOOL_A_RSS_CONTEXT", 2)))
        assert (state.table[:5], state.key) == ((0, 1, 2, 3, 0), "cd" * 40)
        for attributes, code in [
            ([("ETHTOOL_A_RSS_CONTEXT", 3)], errno.ENOENT),
            ([one, ("ETHTOOL_A_RSS_INDIR", b"")], errno.EINVAL),
            ([one, ("ETHTOOL_A_RSS_INPUT_XFRM", 1)], errno.EOPNOTSUPP),
        ]:
            with pytest.raises(OSError) as answer:
                ask(rss.SET, *attributes)
            assert answer.value.errno == code
    assert endpoint.scenario("nic0").nic.rss.contexts[0].table[:2] == (2, 3)


def test_a_run_in_real_time_is_administered_while_it_goes_on():
    scenario = SCENARIO.with_("duration_ns=10_000_000_000", "traffic.frames=1_000_000_000")
    run = _core.LiveEngine(scenario.resolved(), pacing="lossless", oversubscribe=True, prepared_frames=1024)
    card = Endpoint(nic0=run)["nic0"]
    ended = []

    def interrupted():
        try:
            run.run()
        finally:
            ended.append(True)

    working = threading.Thread(target=interrupted, daemon=True)
    working.start()
    until = time.monotonic() + 20
    while card.link().stats["rx_packets"] == 0:
        assert time.monotonic() < until
    card.set_rss(table=[1])
    done = run.changes
    while run.changes == done == 0:
        assert time.monotonic() < until
    first = card.link().stats["rx_packets"]
    card.set_channels(combined_count=2)
    while card.link().stats["rx_packets"] == first:
        assert time.monotonic() < until
    assert not ended
    working.join(60)
    assert ended
    assert refused(lambda: card.set_channels(combined_count=3)).errno == errno.ENODEV


def test_pyroute2_finds_the_family_and_its_own_class_reads_the_rings(card, far_end):
    with GenericNetlinkSocket(use_socket=far_end.netlink(16)) as generic:
        generic.bind("ethtool", rss.RssMessage)
        assert generic.mcast_groups == {"monitor": 6}
    with NlEthtool(use_socket=far_end.netlink(16)) as ethtool:
        ethtool.bind("ethtool", rss.RssMessage)
        (rings,) = ethtool.get_rings("nic0")
    assert rings.get_attr("ETHTOOL_A_RINGS_RX") == 1024
