"""What runs under valgrind: the core alone, one run in real time. A program, not to be imported.

The core is loaded by its file, without the packages around it: every instruction here is simulated.
"""

import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path


def main() -> None:
    """Run what standard input describes; print where the frames ended."""
    settings = json.load(sys.stdin)
    loader = importlib.machinery.ExtensionFileLoader("engine._core", settings["core"])
    spec = importlib.util.spec_from_loader("engine._core", loader)
    if spec is None:
        sys.exit("no core")
    core = importlib.util.module_from_spec(spec)
    loader.exec_module(core)
    engine = core.LiveEngine(
        settings["scenario"],
        {name: Path(path).read_bytes() for name, path in settings["captures"].items()},
        pacing="lossless",
        idle="sleep",
        oversubscribe=True,
        prepared_frames=settings["prepared_frames"],
    )
    engine.run()
    print(engine.stats())


if __name__ == "__main__":
    main()
