"""Write the reference pages from what the code declares: `python docs/reference/generate.py`.

Nothing on these pages is written by hand. `tests/docs/test_reference.py` fails when they are stale.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from collectors.columns import MEANINGS, ORIGIN, SPECS, Column
from collectors.linux.columns import SPECS as HOST_SPECS
from collectors.metrics import METRICS
from engine import _core, declared

FOLDER = Path(__file__).resolve().parent
BASELINE = FOLDER.parents[1] / "datasets" / "costs" / "baseline.toml"
RUST_LINK = re.compile(r"\[(`[^`]+`)\]\([^)]*::[^)]*\)")
"""A link rustdoc understands; only its text means something here."""
NOTICE = "<!-- Written by docs/reference/generate.py; do not edit. -->\n\n"


def pages() -> dict[str, str]:
    """Every page by file name."""
    made = {
        "drop-reasons.md": drop_reasons(),
        "counters.md": counters(),
        "operations.md": operations(),
        "scenario.md": scenario(),
        "tables.md": tables(),
        "metrics.md": metrics(),
    }
    return {name: NOTICE + text.rstrip("\n") + "\n" for name, text in made.items()}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n\n"


def code(text: str) -> str:
    """As code, or nothing where there is nothing."""
    return f"`{text}`" if text else ""


def unit(text: str) -> str:
    """A unit, or nothing for a plain number."""
    return "" if text == "1" else text


def drop_reasons() -> str:
    """Why a frame may be dropped."""
    reasons = declared.reasons()
    text = (
        "# Drop reasons\n\n"
        f"A dropped frame has exactly one of these {len(reasons)} reasons. They are declared in "
        "`engine/crates/stage/src/reason.rs`, under the kernel's name where it has one, and appear as "
        "`dropped:<reason>` in verdicts and as `reason` in the table `drops`.\n\n"
    )
    for layer in declared.layers():
        rows = [(code(each.name), each.meaning) for each in reasons if each.layer == layer]
        if rows:
            text += f"## {layer}\n\n" + table(("reason", "meaning"), rows)
    return text


def counters() -> str:
    """What the stages count."""
    text = (
        "# Counters\n\nDeclared where they are owned, with the macro `stage::counters!`. They are the rows "
        "of the table `counters`.\n\n"
    )
    for stage in dict.fromkeys(each.stage for each in declared.counters()):
        rows = [
            (code(each.name), each.unit, each.meaning) for each in declared.counters() if each.stage == stage
        ]
        text += f"## {stage}\n\n" + table(("counter", "unit", "meaning"), rows)
    return text


def operations() -> str:
    """What is charged, and who says how much."""
    document = tomllib.loads(BASELINE.read_text(encoding="utf-8"))
    meanings = {each.key: each for each in declared.operations()}
    rows = []
    kinds: dict[str, int] = {}
    for row in declared.costs():
        kind, _, source = row.source.partition(": ")
        kinds[kind] = kinds.get(kind, 0) + 1
        operation = meanings[row.key]
        rows.append((code(row.key), f"{row.ns:g}", operation.unit, kind, operation.meaning, source))
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    text = (
        "# Operations and costs\n\n"
        "What a stage may say it did, and what virtual time charges for one unit: the baseline, "
        "`datasets/costs/baseline.toml`. A scenario replaces rows with `[[costs]]`, each with a source of "
        f"its own. Of the {len(rows)} rows: {counted}. What the kinds mean: "
        "[ADR 0003](../adr/0003-costs.md).\n\n"
        + table(("operation", "ns", "per", "kind", "what it is", "source"), rows)
    )
    for section, title, note in (
        ("memory", "Memory beyond L1", "Charged by the cache model on top of the operation."),
        ("latency", "Time that keeps no CPU busy", "Passes between card and host, and is in no ledger."),
    ):
        found = document[section]
        names = [name for name in found if not name.endswith("_source")]
        text += f"## {title}\n\n{note}\n\n"
        text += table(("row", "value", "kind", "source"), [_sourced(found, section, name) for name in names])
    return text


def _sourced(rows: dict[str, Any], section: str, name: str) -> tuple[str, ...]:
    stem = name.removesuffix("_ns").removesuffix("_divisor")
    kind, _, source = rows[f"{stem}_source"].partition(": ")
    return code(f"{section}.{name}"), f"{rows[name]:g}", kind, source


def scenario() -> str:
    """Every key of the document."""
    schema = json.loads(RUST_LINK.sub(r"\1", _core.scenario_schema()))
    text = (
        "# Scenario keys\n\n"
        "One document, TOML or JSON, says what is run. Everything but `version` has a default. An unknown "
        "key, a wrong type or a value out of range is an error that names the key, the value and what is "
        "allowed; nothing of the document is applied then. `rxbench run --set KEY=VALUE` and "
        "`Scenario.with_` take the dotted keys below, the members of a list by number: "
        "`traffic.streams.0.generated.flows.count`.\n\n"
        "Ranges that types do not show, and rules between keys, are in "
        "`engine/crates/graph/src/scenario/check.rs` and in the parts' own configurations; the error says "
        "them.\n\n"
    )
    seen: set[str] = set()
    for path, definition in _sections(schema, "", schema):
        name = definition.get("title") or definition["_name"]
        if name in seen:
            continue
        seen.add(name)
        text += f"## {code(path) if path else 'Top level'}\n\n"
        if path:
            text += definition.get("description", "").strip() + "\n\n"
        text += _keys(definition, schema) if "properties" in definition else _variants(definition, schema)
    return text


def _definition(reference: str, schema: dict[str, Any]) -> dict[str, Any]:
    name = reference.rsplit("/", 1)[-1]
    found: dict[str, Any] = schema["$defs"][name] | {"_name": name}
    return found


def _sections(
    definition: dict[str, Any], path: str, schema: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object and choice of the document with its dotted path, in the schema's order."""
    yield path, {"_name": "Scenario"} | definition
    members = [(key, value) for key, value in definition.get("properties", {}).items()]
    for variant in definition.get("oneOf", []):
        members += variant.get("properties", {}).items()
    for key, value in members:
        inner = f"{path}.{key}" if path else key
        for reference, suffix in _references(value):
            yield from _sections(_definition(reference, schema), inner + suffix, schema)


def _references(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """References in a property's schema, and what they add to its path."""
    if "$ref" in value:
        yield value["$ref"], ""
    for each in [*value.get("anyOf", []), *value.get("allOf", [])]:
        yield from _references(each)
    if isinstance(value.get("items"), dict):
        yield from ((reference, ".0" + suffix) for reference, suffix in _references(value["items"]))
    for key, each in value.get("properties", {}).items():
        yield from ((reference, f".{key}{suffix}") for reference, suffix in _references(each))


def _keys(definition: dict[str, Any], schema: dict[str, Any]) -> str:
    rows = []
    for key, value in definition["properties"].items():
        meaning = value.get("description", "")
        for reference, _ in _references(value):
            meaning = meaning or _definition(reference, schema).get("description", "")
        required = key in definition.get("required", [])
        rows.append((code(key), _type(value, schema), _default(value, required), " ".join(meaning.split())))
    return table(("key", "type", "default", "meaning"), rows)


def _variants(definition: dict[str, Any], schema: dict[str, Any]) -> str:
    rows = []
    for variant in definition.get("oneOf", []):
        meaning = " ".join(variant.get("description", "").split())
        for name in _names(variant):
            inner = variant.get("properties", {}).get(name, {})
            fields = [_field(key, value, schema) for key, value in inner.get("properties", {}).items()]
            rows.append((code(name), ", ".join(fields) or (_type(inner, schema) if inner else ""), meaning))
    return table(("one of", "with", "meaning"), rows)


def _names(variant: dict[str, Any]) -> list[str]:
    if "const" in variant:
        return [variant["const"]]
    return variant.get("enum") or list(variant["properties"])


def _field(key: str, value: dict[str, Any], schema: dict[str, Any]) -> str:
    meaning = " ".join(value.get("description", "").split()).rstrip(".")
    return f"`{key}` ({_type(value, schema)})" + (f": {meaning}" if meaning else "")


def _type(value: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in value:
        found = _definition(value["$ref"], schema)
        return "section" if "properties" in found else "choice"
    for several in ("anyOf", "allOf"):
        if several in value:
            kinds = [_type(each, schema) for each in value[several] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    kind = value.get("type", "any")
    if isinstance(kind, list):
        kind = " or ".join(each for each in kind if each != "null")
    if kind == "array":
        kind, comma, width = _type(value.get("items", {}), schema).partition(",")
        return f"list of {kind}s{comma}{width}"
    widths = {"uint16": "integer, 16 bit", "uint32": "integer, 32 bit", "uint64": "integer, 64 bit"}
    plain = {"boolean": "true or false", "object": "section"}
    return widths.get(value.get("format", ""), plain.get(kind, kind))


def _default(value: dict[str, Any], required: bool) -> str:
    if required:
        return "must be given"
    if "default" not in value or value["default"] is None:
        return ""
    found = value["default"]
    if isinstance(found, dict) or (isinstance(found, list) and found):
        return "see below"
    return code(json.dumps(found))


def tables() -> str:
    """Every column of every table."""
    text = (
        "# Tables and columns\n\n"
        "`Run.table(name)` and the attributes of the same names. Declared in `collectors/columns.py`; a "
        "table with other columns or types is refused. `verdicts` and `delivered` are there with "
        "`observe.verdicts`, `handed` with `observe.frames`, `trace` with `observe.trace_frames`, "
        "`op_times` and `rounds` in real time with `meter_ops`.\n\n"
        "Tables of this machine's own kernel come [below](#of-the-linux-host).\n\n"
        "Where figures come from:\n\n"
        + table(("source", "meaning"), [(code(name), meaning) for name, meaning in MEANINGS.items()])
        + "Every table ends with the columns\n\n"
        + _columns(ORIGIN)
        + "## Of a run\n\nThe source is that of virtual time; in real time all are `engine`.\n\n"
    )
    for spec in SPECS:
        text += f"### {spec.name}\n\nA row is {spec.row}. Source: `{spec.source}`.\n\n"
        text += _columns(spec.columns)
    text += (
        "## Of the Linux host\n\nDeclared in `collectors/linux/columns.py`: what `linux.observe`, "
        "`linux.follow` and their like return. Sources are named best first; a row says which it was. What "
        "a source cannot tell is NaN.\n\n"
    )
    for host in HOST_SPECS:
        sources = ", ".join(code(source) for source in host.sources)
        text += f"### linux.{host.name}\n\nA row is {host.row}. Sources: {sources}.\n\n"
        text += _columns(host.columns)
    return text


def _columns(columns: Iterable[Column]) -> str:
    rows = [(code(each.name), each.dtype, unit(each.unit), each.meaning) for each in columns]
    return table(("column", "dtype", "unit", "meaning"), rows)


def metrics() -> str:
    """One run in figures."""
    better = {1: "higher", -1: "lower", 0: ""}
    rows = [
        (
            code(each.name),
            unit(each.unit),
            better[each.better],
            each.source,
            each.meaning,
        )
        for each in METRICS.values()
    ]
    return (
        "# Metrics\n\nOne run in figures: `Run.summary`, the columns of `Comparison.table`. Declared in "
        "`collectors/metrics.py`; each follows from the [tables](tables.md). What was not measured is "
        "NaN.\n\n" + table(("metric", "unit", "better", "source", "meaning"), rows)
    )


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
