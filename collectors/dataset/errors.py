"""What may be wrong with a dataset."""


class DatasetError(ValueError):
    """A folder that is no dataset, one of another version, or one whose bytes or sums are not what was
    written.
    """
