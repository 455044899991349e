"""The garbage collector, put off while a pass makes millions of records that all stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No collection inside: nodes and edges form no cycles, so there is nothing to find, and to look takes a third
    of a long pass. What was enabled is enabled again, whatever happens inside; nested pauses end with the outermost.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
