"""What may be wrong with a sweep."""


class PlanError(ValueError):
    """A key of a plan whose value is not allowed."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        super().__init__(f"{key} = {value}: {allowed}")
        self.key, self.value, self.allowed = key, str(value), allowed
