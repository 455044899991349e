"""`@cg.trace`: a Python function of nodes as a graph whose nodes bear the names of its local variables."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any, overload

from cgraph.errors import FormulaError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, short, variable
from cgraph.graph.rebuild import rebuilt

CO_VARIADIC = 0x04 | 0x08  # *args, **kwargs


@overload
def trace(function: Callable[..., Any], /) -> Graph: ...
@overload
def trace(*, shapes: Mapping[str, Any]) -> Callable[[Callable[..., Any]], Graph]: ...
def trace(function: Any = None, /, *, shapes: Mapping[str, Any] | None = None) -> Any:
    """The graph of a Python function, called once with a variable for each parameter that has no default.

    A node that a local variable holds when the function returns is named after it; a nameless result that is
    returned alone is named after the function. `shapes` gives variables that are no scalars their shapes:
    `@cg.trace(shapes={"X": ("m", 3)})`. Loops and branches run as Python runs them: once, while tracing. (The locals
    are read by a profile function that is set for this one call; nothing is evaluated or rewritten.)

    The trace of a matrix is `cg.matrix_trace(x)`, or `np.trace(x)`.
    Raises FormulaError when the function takes *args, or returns what is no node.

    >>> import cgraph as cg
    >>> @cg.trace
    ... def L(a, b, c):
    ...     d = 2 * b
    ...     e = a + d
    ...     return c * e
    >>> L.names, cg.forward(L, a=3, b=1, c=-2)["e"]
    (('c', 'a', '2', 'b', 'd', 'e', 'L'), np.float64(5.0))
    """
    if function is None:
        return lambda later: _traced(later, dict(shapes or {}))
    if not callable(function):
        raise ValueRefusedError(
            f"{short(function)} is no function",
            fix="use @cg.trace on a function of nodes; the trace of a matrix is cg.matrix_trace(x)",
        )
    return _traced(function, dict(shapes or {}))


def _traced(function: Callable[..., Any], shapes: dict[str, Any]) -> Graph:
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        raise FormulaError(f"{short(function)} has no Python code", fix="trace a function that is written with def")
    name = function.__name__
    if code.co_flags & CO_VARIADIC:
        raise FormulaError(f"{name} takes *args or **kwargs", why="their number is open", fix="name each parameter")
    positional, keyword = (
        code.co_varnames[: code.co_argcount],
        code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount],
    )
    given = dict(zip(reversed(positional), reversed(getattr(function, "__defaults__", None) or ()), strict=False))
    given |= getattr(function, "__kwdefaults__", None) or {}
    leaves = {p: variable(p, shapes.pop(p, ())) for p in (*positional, *keyword) if p not in given}
    if shapes:
        raise FormulaError(f"{name} has no open parameter {next(iter(shapes))!r}", fix=f"it has {', '.join(leaves)}")
    result, local = _called(
        function,
        code,
        [leaves.get(p, given.get(p)) for p in positional],
        {k: leaves.get(k, given.get(k)) for k in keyword},
    )
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    if not outputs or not all(isinstance(x, Node) for x in outputs):
        raise FormulaError(
            f"{name} returns {short(result)}", why="that is no node", fix="return a node, or a tuple of nodes"
        )
    names: dict[Node, str] = {}
    for spelled, value in local.items():
        if isinstance(value, Node) and value.name is None:
            names.setdefault(value, spelled)
    if len(outputs) == 1 and outputs[0].name is None and name.isidentifier():
        names.setdefault(outputs[0], name)
    return Graph(_renamed(Graph(outputs), names))


def _called(
    function: Callable[..., Any], code: CodeType, operands: list[Any], options: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """What a function returns, and its local variables as they were then."""
    local: dict[str, Any] = {}
    before: Any = sys.getprofile()
    outermost: list[FrameType] = []

    def watch(frame: FrameType, event: str, value: Any) -> None:
        if frame.f_code is code:
            if event == "call":
                outermost.append(frame)
            elif event == "return" and outermost and outermost.pop() is frame and not outermost:
                local.update(frame.f_locals)
        if before is not None:
            before(frame, event, value)

    sys.setprofile(watch)
    try:
        return function(*operands, **options), local
    finally:
        sys.setprofile(before)


def _renamed(graph: Graph, names: Mapping[Node, str]) -> list[Node]:
    """The outputs with names for some nodes, all that stands on them rebuilt. A name that is taken is left out."""
    taken = {n.name for n in graph.nodes}

    def renamed(was: Node, now: Node) -> Node:
        name = names.get(was)
        if name is None or name in taken:
            return now
        taken.add(name)
        return now if was.name is not None else now.named(name)

    done = rebuilt(graph.nodes, renamed)
    return [done[x] for x in graph.outputs]
