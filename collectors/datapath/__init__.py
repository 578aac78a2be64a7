"""What the engine recorded, as typed DataFrames.

One file per table, each with the figures derived from it.
"""

from collectors.datapath.collector import Datapath
from collectors.datapath.frame import BASIC, frame

__all__ = ["BASIC", "Datapath", "frame"]
