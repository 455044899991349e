"""Which part of a model a node belongs to: a layer, a cell, a time step, a head, a block.

Scopes are kept on nodes beside the line that built them, for pictures to frame and to fold. They mean nothing to
equality, names, digests, programs and passes.
"""

from __future__ import annotations

import os
from _thread import allocate_lock  # of which threading, which takes a millisecond to import, makes its Lock
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from types import TracebackType

from cgraph.errors import GraphError, ValueRefusedError

HERE = os.path.dirname(os.path.dirname(__file__)) + os.sep  # the whole package: no line of ours is a user's


@dataclass(frozen=True, eq=False)  # by call: a scope is equal only to itself, whatever its name is
class Scope:
    """A part of a model: its own `name`, the scope that it stands in, and what it is, such as "LSTM cell".

    `entered` is False for what only a path names, as `encoder` in "encoder.layer[1]": of those, one name in one scope
    is one part. `of` is the scope that a gradient flows back through in this one.
    """

    name: str
    parent: Scope | None = None
    what: str = ""
    entered: bool = True
    of: Scope | None = None

    @property
    def path(self) -> str:
        """The names from the outermost scope to this one, with a dot between two."""
        return ".".join(scope.name for scope in self.around)

    @property
    def around(self) -> tuple[Scope, ...]:
        """The scopes from the outermost to this one."""
        found: list[Scope] = []
        scope: Scope | None = self
        while scope is not None:
            found.append(scope)
            scope = scope.parent
        return tuple(found[::-1])

    def __str__(self) -> str:
        return self.path


_HERE: ContextVar[Scope | None] = ContextVar("scope", default=None)
_OPEN: set[Opening] = set()
_COUNTED = allocate_lock()
long_way = HERE
"""What the names of the files hold whose nodes are built by the long way: cgraph's own, which ask for the user's line,
and, while any thread is inside of a scope, all, which ask for theirs. It decides nothing but time: one look at a name
answers both questions, and two would cost each node a twentieth."""


def here() -> Scope | None:
    """The innermost scope that is open in this thread or task."""
    return None if long_way else _HERE.get()


def _count(opening: Opening, opens: bool) -> None:
    """Note that a scope opens or closes, in whatever thread."""
    global long_way
    with _COUNTED:
        (_OPEN.add if opens else _OPEN.discard)(opening)
        long_way = "" if _OPEN else HERE


class Opening:
    """What `scope` gives, for one `with`: the nodes that are built inside belong to the scope."""

    __slots__ = ("_names", "_token", "_used", "_what")

    def __init__(self, names: tuple[str, ...], what: str) -> None:
        self._names, self._what, self._used = names, what, False
        self._token: Token[Scope | None] | None = None

    def __enter__(self) -> Scope:
        path = ".".join(self._names)
        if self._used:
            raise GraphError(
                f"the scope {path!r} is entered a second time",
                why="each call of a part is a scope of its own",
                fix=f"write `with cg.scope({path!r}):` anew each time",
            )
        self._used = True
        inside = _HERE.get()
        for name in self._names[:-1]:
            inside = Scope(name, inside, entered=False)
        inside = Scope(self._names[-1], inside, self._what)
        self._token = _HERE.set(inside)
        _count(self, opens=True)
        return inside

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _count(self, opens=False)
        if self._token is not None:
            _HERE.reset(self._token)


def scope(name: str, what: str = "") -> Opening:
    """The nodes that are built inside belong to a part of the model; in a scope inside a scope, to both.

    A dot in the name goes one level down. Each `with` is a part of its own, so what is called twice is there twice.
    `what` says what the part is, in a word or two. Raises ValueRefusedError for a name, or a part of it, that is blank.

    >>> import cgraph as cg
    >>> x = cg.variable("x")
    >>> with cg.scope("encoder.layer[1]"):
    ...     h = cg.tanh(x)
    ...     with cg.scope("gate", "sigmoid gate"):
    ...         y = h * cg.sigmoid(x)
    >>> print(h.scope, y.scope, x.scope)
    encoder.layer[1] encoder.layer[1].gate None
    """
    if not isinstance(name, str) or not all(part.strip() for part in name.split(".")):
        raise ValueRefusedError(
            f"{name!r} is no name of a scope",
            why="a scope has a name, and so has each part of it between dots",
            fix='write cg.scope("layer[1]") or cg.scope("encoder.layer[1]")',
        )
    if not isinstance(what, str):
        raise ValueRefusedError(f"a scope is said to be {what!r}", fix='say what it is in words, such as "LSTM cell"')
    return Opening(tuple(name.split(".")), what)


@contextmanager
def within(scope: Scope | None) -> Iterator[None]:
    """Nodes that are built inside belong to a scope that is there already, or to none: those of what they come from."""
    if scope is here():
        yield
        return
    mark = Opening((), "")
    token = _HERE.set(scope)
    _count(mark, opens=True)
    try:
        yield
    finally:
        _count(mark, opens=False)
        _HERE.reset(token)


def common(one: Scope | None, other: Scope | None) -> Scope | None:
    """The innermost scope that both are, or stand in; None where there is none.

    >>> common(Scope("a", above := Scope("net")), Scope("b", above)).name
    'net'
    """
    if one is other:
        return one
    around = one.around if one is not None else ()
    while other is not None and other not in around:
        other = other.parent
    return other
