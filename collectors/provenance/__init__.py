"""The environment a measurement was taken in: what must be equal for two figures to be compared.

`capture()` reads it once, with the standard library alone, and never raises for what a machine does not have.
Host names, user names, addresses and personal paths are not part of it.
"""

from collectors.provenance.environment import Environment, capture, differences

__all__ = ["Environment", "capture", "differences"]
