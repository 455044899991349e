"""The command `cgraph`: one file a command, each declaring its own arguments."""

from cgraph.cli.main import main

__all__ = ["main"]
