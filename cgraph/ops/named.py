"""What a backend does in its own way for some ops: functions that are named for their ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cgraph.ops import TABLE
from cgraph.ops.op import Op

F = TypeVar("F", bound=Callable[..., Any])


class ByOp(dict[Op | None, F]):
    """A function for each of some ops: `@steps` before `def _matmul` says that it is the one of matmul.

    `more` are ops of programs alone, which the table does not have. Raises KeyError for a name that is no op's.

    >>> signs: ByOp[Callable[[], str]] = ByOp()
    >>> @signs
    ... def _matmul() -> str:
    ...     return "@"
    >>> signs[TABLE["matmul"]]()
    '@'
    """

    def __init__(self, *more: Op) -> None:
        super().__init__()
        self._ops = {**TABLE, **{op.name: op for op in more}}

    def __call__(self, function: F) -> F:
        self[self._ops[function.__name__.strip("_")]] = function
        return function
