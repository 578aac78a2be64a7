"""Debian's bcc from within a virtual environment: that one package and nothing beside it.

The package named bcc on PyPI is something else; what is imported here is checked to be the BPF Compiler
Collection by its `libbcc.py`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from collectors.linux.unavailable import Unavailable

FOLDERS = (
    Path("/usr/lib/python3/dist-packages/bcc"),
    *sorted(Path("/usr/lib").glob("python3.*/site-packages/bcc")),
)
HOW_TO_GET = "apt install python3-bpfcc (the PyPI package bcc is something else)"


def bcc() -> ModuleType:
    """The BPF Compiler Collection's package. Raises Unavailable where it is not installed."""
    loaded = sys.modules.get("bcc")
    if loaded is not None and hasattr(loaded, "BPF"):
        return loaded
    folder = next((folder for folder in FOLDERS if (folder / "libbcc.py").exists()), None)
    if folder is None:
        raise Unavailable("bcc is not installed", HOW_TO_GET)
    spec = importlib.util.spec_from_file_location(
        "bcc", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise Unavailable(f"{folder} cannot be imported", HOW_TO_GET)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bcc"] = module
    try:
        spec.loader.exec_module(module)
    except (ImportError, OSError) as cause:
        for name in [name for name in sys.modules if name == "bcc" or name.startswith("bcc.")]:
            del sys.modules[name]
        raise Unavailable(f"bcc does not load ({cause})", HOW_TO_GET) from cause
    return module
