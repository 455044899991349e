"""The garbage collector, put off while a pass or a user makes millions of records that all stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


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


def building() -> AbstractContextManager[None]:
    """Build a large graph in half the time: Python's garbage collector, of the whole process, is put off inside.

    From some 100,000 nodes on, its searches take more time than the building, and nodes form no cycles that it could
    find. It runs again afterwards, whatever happens inside, if it ran before; cyclic garbage of other code waits
    until then.

    >>> import cgraph as cg
    >>> x = node = cg.variable("x")
    >>> with cg.building():
    ...     for _ in range(1000):
    ...         node = node + x
    >>> cg.forward(node, x=1.0).values[-1]
    np.float64(1001.0)
    """
    return paused()
