"""How much time a proof may take, and how SymPy is made to keep to it."""

from __future__ import annotations

import sys
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
            # a generator that is thrown away is called too, and what is raised there only printed
            if monotonic() > self.end and not frame.f_code.co_flags & CO_GENERATOR:
                raise OutOfTimeError

        if not self.left:
            raise OutOfTimeError
        before = sys.gettrace()
        sys.settrace(look)
        try:
            return function(*arguments)
        finally:
            sys.settrace(before)


ENDLESS = Clock(float("inf"))
