"""The Rust core keeps the rules of the house, and each check finds what it is for."""

import pytest

from tests.architecture import crates
from tests.architecture.rust_source import code, paths, sources, without_tests

NAMES = [crate.name for crate in crates.present()]


def test_the_core_is_there():
    assert {"wire", "stage", "nic", "host", "graph", "sim", "live", "stats", "traffic"} <= set(NAMES)


def test_crates_see_only_what_they_may():
    found = {crate.name: crates.dependencies(crates.manifest(crate)) for crate in crates.present()}
    assert list(crates.graph_violations(found)) == []


def test_repeatable_crates_touch_nothing_outside():
    found = {
        f"{path.relative_to(crates.CRATES)}: {what}"
        for path in crates.repeatable_sources()
        for what in crates.source_violations(path.read_text())
    }
    assert found == set()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in crates.UNSAFE_ALLOWED])
def test_unsafe_is_forbidden(name):
    roots = crates.roots(crates.CRATES / name)
    assert roots
    assert [root.name for root in roots if not crates.forbids_unsafe(root.read_text())] == []


@pytest.mark.parametrize(
    ("crate", "needs", "complaint"),
    [
        ("nic", {"host"}, "nic may not see host"),
        ("host", {"nic"}, "host may not see nic"),
        ("sim", {"live"}, "sim may not see live"),
        ("live", {"sim"}, "live may not see sim"),
        ("wire", {"stage"}, "wire may not see stage"),
        ("stage", {"graph"}, "stage may not see graph"),
        ("stats", {"graph"}, "stats may not see graph"),
        ("graph", {"pyengine"}, "graph may not see pyengine"),
        ("graph", {"pyo3"}, "graph may not use pyo3, only pyengine may"),
        ("sim", {"arrow-array"}, "sim may not use arrow-array, only pyengine, stats may"),
        ("nic", {"getrandom"}, "nic must be repeatable and may not use getrandom"),
        ("vxlan", {"wire"}, "vxlan has no place in MAY_SEE"),
    ],
)
def test_a_wrong_dependency_is_found(crate, needs, complaint):
    assert list(crates.graph_violations({crate: needs})) == [complaint]


def test_dependencies_are_read_wherever_they_stand():
    manifest = {
        "dependencies": {"a": "1", "renamed": {"package": "b", "version": "1"}},
        "build-dependencies": {"c": "1"},
        "dev-dependencies": {"only-in-tests": "1"},
        "target": {"cfg(unix)": {"dependencies": {"d": {"workspace": True}}}},
    }
    assert crates.dependencies(manifest) == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    "text",
    [
        "use std::time::Instant;",
        "use std::time::{Duration, Instant};",
        "use std::{fmt, time::{self, SystemTime}};",
        "use std::time::Instant as Clock;",
        "use std::time::*;",
        "fn f() { std::thread::spawn(|| ()); }",
        "use std::thread;",
        "use std::net::UdpSocket;",
        "let x = std::fs::read(path);",
        "pub use std::env;",
        "let m: HashMap<u8, u8> = HashMap::new();",
        "let s = HashSet::<u8>::with_capacity(4);",
        "let n = rand::thread_rng().next_u32();",
        'println!("{x}");',
        "#[cfg(test)]\nmod tests { fn a() {} }\nfn f() { std::env::args(); }",
    ],
)
def test_outside_world_is_found(text):
    assert list(crates.source_violations(text))


@pytest.mark.parametrize(
    "text",
    [
        "use std::time::Duration;",
        "use core::net::Ipv4Addr;",
        "let a = std::net::Ipv4Addr::LOCALHOST;",
        "// std::fs::read is not called here",
        "/* use std::thread; */",
        'let s = "std::env::var";',
        'let s = r#"println!("x")"#;',
        "use std::fmt::{self, Display};",
        "let m = HashMap::with_hasher(seeded);",
        "#[cfg(test)]\nmod tests { use std::fs; fn a() { println!(); } }",
        "#[cfg(test)]\nuse std::time::Instant;\nfn f() {}",
        "#[cfg(all(test, unix))]\n#[allow(dead_code)]\nfn f() { std::thread::yield_now(); }",
    ],
)
def test_what_is_harmless_is_left_alone(text):
    assert list(crates.source_violations(text)) == []


def test_use_trees_are_expanded():
    assert paths("use a::{b, c::{d, e as f}, g::*};") == {"a::b", "a::c::d", "a::c::e", "a::g::*"}


def test_files_of_tests_are_left_out(tmp_path):
    source = tmp_path / "src"
    (source / "rss/tests").mkdir(parents=True)
    (source / "lib.rs").write_text("mod rss;\n#[cfg(test)]\nmod judge;\n")
    (source / "ring.rs").write_text('#[cfg(test)]\n#[path = "ring_tests.rs"]\nmod tests;\n')
    (source / "ring_tests.rs").write_text("")
    (source / "rss/mod.rs").write_text("pub mod table;\n#[cfg(test)]\npub(crate) mod tests;\n")
    for name in ("judge.rs", "rss/table.rs", "rss/tests.rs", "rss/tests/vectors.rs"):
        (source / name).write_text("")
    kept = {str(path.relative_to(source)) for path in sources(tmp_path)}
    assert kept == {"lib.rs", "ring.rs", "rss/mod.rs", "rss/table.rs"}


def test_lifetimes_are_not_characters():
    assert "'a" in code("fn f<'a>(x: &'a str) -> &'a str { x }")
    assert without_tests("fn f(c: char) -> bool { c == '{' || c == '\\'' }").count("{") == 1


def test_a_root_without_the_attribute_is_found():
    assert crates.forbids_unsafe("//! Words.\n#![forbid(unsafe_code)]\n")
    assert crates.forbids_unsafe("#![forbid(missing_docs, unsafe_code)]\n")
    assert not crates.forbids_unsafe("#![deny(unsafe_code)]\n")
    assert not crates.forbids_unsafe("// #![forbid(unsafe_code)]\n")
