"""Python, notebooks, names and the wheel keep the rules of the house, and each check finds what it is for."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture import python_source as rules


def text(path: Path) -> str:
    return (rules.REPOSITORY / path).read_text()


def test_the_engine_imports_neither_collectors_nor_pandas():
    modules = rules.files(".py", under="engine")
    assert {str(m) for m in modules if rules.imported(text(m)) & rules.ENGINE_MAY_NOT_IMPORT} == set()


def test_only_the_dataset_package_writes_tables():
    dataset = Path("collectors/dataset")
    modules = [m for top in ("engine", "collectors") for m in rules.files(".py", under=top)]
    others = [m for m in modules if dataset not in m.parents]
    assert {str(m) for m in others if rules.called(text(m)) & rules.COLUMN_WRITERS} == set()


def test_nothing_is_pickled():
    modules = [m for top in ("engine", "collectors", "notebooks") for m in rules.files(".py", under=top)]
    bad = {
        str(m)
        for m in modules
        if "pickle" in rules.imported(text(m)) or rules.called(text(m)) & rules.UNSAFE_LOADERS
    }
    assert bad == set()


def test_notebooks_define_nothing():
    found = {
        f"{path}: {name}"
        for path in rules.files(".py", ".ipynb", under="notebooks")
        for name in rules.definitions(rules.notebook_code(path.name, text(path)))
    }
    assert found == set()


def test_names_say_something():
    sources = rules.files(".py", ".rs", ".md", ".toml")
    assert list(rules.empty_path_parts(sources)) == []
    code = [path for path in sources if path.suffix in (".py", ".rs") and path.parts[0] != "tests"]
    assert {f"{path}: {name}" for path in code for name in rules.empty_type_names(text(path))} == set()


@pytest.mark.slow
def test_the_wheel_holds_both_packages_and_no_source(tmp_path):
    missing = [program for program in ("cargo", "maturin") if not find(program)]
    if not (rules.REPOSITORY / "engine/crates/pyengine").exists():
        missing.append("engine/crates/pyengine")
    if missing:
        reason = f"no {' and no '.join(missing)}"
        pytest.fail(reason) if os.environ.get("RXBENCH_REQUIRE") else pytest.skip(reason)
    build = [find("maturin"), "build", "--release", "--locked", "--quiet", "--out", str(tmp_path)]
    subprocess.run(build, check=True, cwd=rules.REPOSITORY)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith("rxbench-")
    assert "-cp311-abi3-" in wheel.name
    assert list(rules.wheel_violations(zipfile.ZipFile(wheel).namelist())) == []


def find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=str(Path(sys.executable).parent))


@pytest.mark.parametrize(
    "source",
    [
        "import pandas as pd",
        "import pandas.api.types",
        "from collectors.base import Collector",
        "def f():\n    from pandas import DataFrame",
        "import importlib\nimportlib.import_module('pandas')",
    ],
)
def test_a_forbidden_import_is_found(source):
    assert rules.imported(source) & rules.ENGINE_MAY_NOT_IMPORT


def test_a_harmless_import_is_left_alone():
    assert not rules.imported("import pyarrow\nfrom . import collectors\n# import pandas") & {
        "collectors",
        "pandas",
    }


def test_writers_of_tables_are_found():
    assert rules.called("frame.to_parquet(path)") & rules.COLUMN_WRITERS
    assert rules.called("import pyarrow.parquet as pq\npq.write_table(t, p)") & rules.COLUMN_WRITERS
    assert not rules.called("path.write_text('')") & rules.COLUMN_WRITERS
    assert rules.called("pd.read_pickle(p)") & rules.UNSAFE_LOADERS


def test_definitions_are_found_in_both_forms_of_a_notebook():
    script = "# %%\n%matplotlib inline\n!ls\nx = [n for n in range(3)]\nf = lambda a: a\n"
    assert rules.definitions(rules.notebook_code("a.py", script)) == []
    assert rules.definitions(rules.notebook_code("a.py", script + "if x:\n    def plot(): pass\n")) == [
        "plot"
    ]
    cells = [
        {"cell_type": "markdown", "source": ["class struggle"]},
        {"cell_type": "code", "source": ["%timeit x\n", "class A:\n", "    pass\n"]},
    ]
    assert rules.definitions(rules.notebook_code("a.ipynb", json.dumps({"cells": cells}))) == ["A"]


@pytest.mark.parametrize(
    "name", ["engine/utils.py", "a/helpers/b.rs", "flow_manager.py", "misc/x.py", "Common.md"]
)
def test_empty_names_are_found(name):
    assert list(rules.empty_path_parts([Path(name)])) == [name]


def test_names_that_only_contain_such_a_word_are_left_alone():
    good = ["engine/keymanager.py", "collectors/commonality.py", "engine/utilisation.py"]
    assert list(rules.empty_path_parts(map(Path, good))) == []


@pytest.mark.parametrize(
    "source",
    ["class FlowManager:", "pub struct RingHelper {", "pub(crate) trait PacketHandler {", "enum Misc {"],
)
def test_empty_type_names_are_found(source):
    assert list(rules.empty_type_names(source))


def test_good_type_names_are_left_alone():
    assert list(rules.empty_type_names("class KeyManager:\npub struct Utilisation {\nstruct Ring;")) == []


GOOD = ["engine/__init__.py", "engine/py.typed", "engine/_core.abi3.so", "engine/_core.pyi"]
GOOD += ["collectors/__init__.py", "collectors/py.typed", "rxbench-0.1.0.dist-info/METADATA"]


def test_a_good_wheel_is_accepted():
    assert list(rules.wheel_violations(GOOD)) == []


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ([n for n in GOOD if not n.endswith(".so")], "no engine/_core.abi3.so"),
        ([n for n in GOOD if not n.startswith("collectors/")], "no collectors/__init__.py"),
        ([*GOOD, "engine/crates/wire/src/lib.rs"], "engine/crates/wire/src/lib.rs is source or rubbish"),
        ([*GOOD, "engine/Cargo.toml"], "engine/Cargo.toml is source or rubbish"),
        ([*GOOD, "tests/test_x.py"], "tests/test_x.py is outside the two packages"),
        (
            [*GOOD, "rxbench-0.1.0.dist-info/sboms/core.json"],
            "rxbench-0.1.0.dist-info/sboms/core.json records the folder it was built in",
        ),
        ([*GOOD, "_core.abi3.so"], "_core.abi3.so is outside the two packages"),
    ],
)
def test_a_bad_wheel_is_refused(names, complaint):
    assert complaint in list(rules.wheel_violations(names))
