"""What this machine offers, found by trying, and how to get what is missing.

`survey()` asks everything once; it never raises, changes nothing, and takes well under a second as any user.
"""

from collectors.doctor.capability import Capability
from collectors.doctor.show import as_json, render
from collectors.doctor.survey import survey

__all__ = ["Capability", "as_json", "render", "survey"]
