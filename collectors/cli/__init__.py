"""The command line `rxbench`: one file per command."""

from collectors.cli.app import app

__all__ = ["app"]
