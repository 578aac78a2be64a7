"""Virtual time beside real time, and beside published tables."""

from collectors.validate.kernel import validate_kernel
from collectors.validate.validation import BAR, Validation, validate

__all__ = ["BAR", "Validation", "validate", "validate_kernel"]
