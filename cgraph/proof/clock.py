"""How much time a proof may take, and how SymPy is made to keep to it."""

from __future__ import annotations

import _weakrefset
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from inspect import CO_GENERATOR
from time import monotonic
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


class OutOfTimeError(BaseException):
    """The time of one attempt is spent. No Exception, so that nothing in SymPy catches it."""


@dataclass(frozen=True)
class Clock:
    """A moment at which to stop. `Clock.of(60)` is in a minute."""

    end: float

    @classmethod
    def of(cls, seconds: float) -> Clock:
        """A clock that runs for so many seconds from now."""
        return cls(monotonic() + seconds)

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return max(0.0, self.end - monotonic())

    def share(self, parts: int) -> Clock:
        """The clock of one of so many parts that are still to be done."""
        return Clock(min(self.end, monotonic() + self.left / max(parts, 1)))

    def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """What the function gives, or OutOfTimeError.

        SymPy's functions cannot be interrupted and may take hours. Python asks a trace function at each call that
        this thread makes; ours looks at the clock. That needs no signal (only the main thread has those) and no
        thread (which could not be stopped), and makes SymPy take twice as long: what is small is called as it is.
        A debugger's own trace function is put back.
        """

        def look(frame: FrameType, event: str, argument: Any) -> None:
            if monotonic() > self.end and not _unheard(frame):
                raise OutOfTimeError

        if not self.left:
            raise OutOfTimeError
        before = sys.gettrace()
        sys.settrace(look)
        try:
            return function(*arguments)
        finally:
            sys.settrace(before)


def _unheard(frame: FrameType) -> bool:
    """Whether what is raised in a call would be printed and forgotten: while a generator is closed, or an object ends.

    The next call looks at the clock again.
    """
    if frame.f_code.co_flags & CO_GENERATOR or isinstance(sys.exception(), GeneratorExit):
        return True
    caller: FrameType | None = frame
    while caller is not None:
        code = caller.f_code
        if code.co_name == "__del__" or code.co_filename in _CALLBACKS:
            return True
        caller = caller.f_back
    return False


_CALLBACKS = frozenset({weakref.__file__, _weakrefset.__file__})  # whose functions are called when an object ends
ENDLESS = Clock(float("inf"))
