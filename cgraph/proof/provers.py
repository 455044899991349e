"""What can be proved: an op rule by rule, a graph leaf by leaf, a model at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from cgraph.errors import NameUnknownError, ValueRefusedError, did_you_mean
from cgraph.functions.table import Function, table
from cgraph.graph.graph import Graph
from cgraph.graph.language import ALSO
from cgraph.graph.node import Node, short, variable
from cgraph.graph.parse import GraphLike
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.passes.backward import Backward, graph_of
from cgraph.passes.forward import Forward, forward
from cgraph.proof.clock import Clock
from cgraph.proof.columns import compared_columns
from cgraph.proof.graphs import Asked, UnderWay
from cgraph.proof.pointwise import leaves_at_odds, proved_formulas
from cgraph.proof.report import AGREES, UNWRITTEN, Check, Report
from cgraph.proof.rules import prove_row
from cgraph.proof.walk import size
from cgraph.quoting import decimal
from cgraph.shapes import bind
from cgraph.worlds.sympy import SYMPY

LONG = 500  # parts of a formula that a report begins with
REST = 0.97  # of the time: what is left is for what was begun, and for the report
SECONDS = 60.0  # that a proof may take unless it is given others


def to_sympy(of: GraphLike, sizes: Mapping[str, int] | None = None) -> Any:
    """The SymPy expression of a scalar node, or a `sympy.Array` of expressions.

    Leaves become real symbols of their names, elements of arrays `X[0,1]`; `sizes` binds named dimensions.
    """
    graph = graph_of(of)
    value = forward(graph, {}, SYMPY, sizes)[graph.output]
    return value[()] if value.shape == () else sympy.Array(value.tolist())


def prove(
    of: GraphLike | Forward | Backward | Function | Callable[..., Node],
    sizes: Mapping[str, int] | None = None,
    inputs: tuple[int, ...] | None = None,
    values: Mapping[Any, Any] | None = None,
    *,
    wrt: Iterable[Node | str] | Node | str | None = None,
    seconds: float = SECONDS,
    progress: Callable[[UnderWay], None] | None = None,
    native: bool | None = None,
    **named: Any,
) -> Report:
    """Prove the gradient of a scalar by every variable and parameter below it, against `sympy.diff`.

    A formula as text is taken too, `cg.prove("L = c*(a + 2*b)")`; a name alone is that of an op.
    `sizes` binds named dimensions; unbound ones get 2, 3, ... in the order of their names. An op, as `"tanh"` or
    `cg.tanh`, is proved rule by rule. A model (what has parameters and can be called on a node) is proved on an
    input X of the shape `inputs` (one row, as wide as its first matrix), each output times a symbol of its own.

    Leaves may be given as numbers, by name or in `values`: ids must be, `cg.prove(loss, y=[0, 2])`. `wrt` names the
    leaves whose derivatives are asked for. After `seconds` it stops: what was not decided by then is reported as
    "agrees" at so many points or "undecided". `progress` is called before each derivative. The array functions of
    ops that are not in the table are compared with their formulas, and with `native` (None: of those alone) the C of
    the rows.
    Raises GradientError when the output is no scalar, NameUnknownError for a name that is no op.

    >>> print(prove("sqrt").verdict)
    proved: 1 of 1 derivatives
    """
    if not (isinstance(seconds, (int, float)) and seconds > 0):
        raise ValueRefusedError(
            f"seconds={seconds!r}", why="it is the time that a proof may take", fix="write seconds=60"
        )
    clock, given = Clock.of(REST * seconds), {**(values or {}), **named}
    if isinstance(of, Function) or (isinstance(of, str) and of.strip().isidentifier()):
        row = _row(of)
        if given or wrt is not None:
            raise ValueRefusedError(
                f"the op {row.name} is proved rule by rule, for all values of its operands",
                fix=f"prove a graph of it: cg.prove(cg.{row.name}(...), ...)",
            )
        return prove_row(row, clock=clock, native=native)
    if callable(of) and hasattr(of, "parameters"):
        of = _weighted(of, inputs)
    if not isinstance(of, (Node, Graph, Forward, Backward, str, list, tuple)):
        raise ValueRefusedError(
            f"prove is given {short(of)}", fix="give a node, a graph, a pass, an op of the table, or a model"
        )
    graph = graph_of(of, given)
    bound = _bound(graph, sizes or {}, given)
    asked, root = _asked(graph, wrt, given), graph.name(graph.output)
    values = {k: np.asarray(v) for k, v in given.items()}
    whole, checks = Asked(graph, values, bound, asked, clock, progress or (lambda _: None)).proved()
    kinks = sorted({n.op.convention(n.attrs) for n in graph.nodes if n.op is not None and n.op.kink})
    where = [f"{k} = {v}" for k, v in bound.items()]
    notes = [f"with {', '.join(where)}"] if where else []
    notes += [f"where it is differentiable; at the kink by convention: {k}" for k in kinks]
    notes += _at_the_pass(of, graph, checks, bound)
    if not clock.left:
        notes.append(f"the time of {seconds:g} s was spent; seconds= gives it more")
    subject = root if whole is None else f"{root} = {_shortened(whole[graph.output][()], graph.output)}"
    return Report(subject, checks, tuple(notes), graph.output, columns=_columns(graph, bound, native), sizes=bound)


def _at_the_pass(of: Any, graph: Graph, checks: Sequence[Check], sizes: Mapping[str, int]) -> list[str]:
    """Where the numbers of a backward pass are not what is proved, and why."""
    if not (isinstance(of, Backward) and of.forward.world.numeric):
        return []
    name = graph.name(graph.output)
    found = leaves_at_odds(proved_formulas(checks, graph, graph.output), of, sizes)
    shown = ((leaf, decimal(of.gradient[leaf]) if leaf.shape == () else "an array", why) for leaf, why in found.items())
    notes = [f"in the pass ∂{name}/∂{graph.name(leaf)} is {number}, not proved: {why}" for leaf, number, why in shown]
    if any(c.ours == UNWRITTEN for c in checks):
        notes.append("the numbers of the pass are not held against formulas that are too long to be written")
    return notes


def _bound(graph: Graph, sizes: Mapping[str, int], given: Mapping[Any, Any]) -> dict[str, int]:
    """The sizes of named dimensions: those of the values given, those asked for, and 2, 3, ... for all others."""
    known: dict[str, int] = dict(sizes)
    for key, value in given.items():
        for name, length in zip(graph.taking(key).shape, np.shape(value), strict=False):
            if isinstance(name, str):
                known.setdefault(name, length)
    names = sorted({d for n in graph.nodes for d in n.shape if isinstance(d, str)})
    return {name: length for length, name in enumerate(names, 2)} | known


def _asked(graph: Graph, wrt: Iterable[Node | str] | Node | str | None, given: Mapping[Any, Any]) -> list[Node]:
    """The leaves whose derivatives are asked for: all that are symbols, or those named."""
    numbers = {graph.taking(key) for key in given}
    if wrt is None:
        asked = sorted((leaf for leaf in graph.inputs if leaf not in numbers), key=graph.name)
        if numbers and not asked:
            raise ValueRefusedError(
                "every leaf is given as a number",
                why="a proof is of derivatives by symbols",
                fix="give values only to leaves that cannot be symbols, such as ids",
            )
        return asked
    asked = [graph[name] for name in ([wrt] if isinstance(wrt, (Node, str)) else wrt)]
    for leaf in asked:
        if leaf not in graph.inputs or leaf in numbers:
            raise ValueRefusedError(
                f"{graph.name(leaf)} is no symbol of this proof",
                where=leaf.where,
                why="it is a number" if leaf.op is None else "it is computed",
                fix="name variables or parameters that are given no value",
            )
    return asked


def _columns(graph: Graph, sizes: Mapping[str, int], native: bool | None) -> tuple[Check, ...]:
    """The columns of the rows that are not in the table: what their array functions compute is known to no test."""
    seen: dict[str, Check] = {}
    done: set[Any] = set()
    for node in graph.nodes:
        row = node.op
        if row is None or TABLE.get(row.name) is row:
            continue
        shapes = tuple(bind(x.shape, sizes) for x in node.operands)
        key = (row, str(sorted(node.attrs.items())), None if row.elementwise else shapes)
        if key not in done:
            done.add(key)
            chosen = () if row.elementwise else ((shapes, node.attrs),)
            for check in compared_columns(row, node.attrs, chosen, native):
                if check.subject not in seen or check.verdict != AGREES:
                    seen[check.subject] = check
    return tuple(seen.values())


def _row(of: str | Function) -> Op:
    name = of if isinstance(of, str) else of.__name__
    if name in table() and name not in TABLE:
        raise ValueRefusedError(
            f"{name} is no row of the table",
            why="it is made of ops that are",
            fix=f"prove a graph of it: cg.prove(cg.{name}(...))",
        )
    if isinstance(of, Function):
        return of.row
    of = ALSO.get(of, of)
    if of not in TABLE:
        fix = did_you_mean(of, TABLE, "cg.table() lists them; a formula names its result, L = ...")
        raise NameUnknownError(f"the table has no op named {of!r}", fix=fix)
    return TABLE[of]


def _weighted(model: Any, inputs: tuple[int, ...] | None) -> Node:
    """A scalar whose gradients are those of every output at once: the outputs, each times a symbol."""
    if inputs is None:
        matrices = [p.shape for p in model.parameters if len(p.shape) == 2]
        if not matrices:
            raise ValueRefusedError(
                "the width of the model's input is not known", why="no parameter is a matrix", fix="give inputs=(1, 2)"
            )
        inputs = (1, int(matrices[0][0]))
    output = model(variable("X", inputs))
    loss: Node = (output * variable("g", output.shape)).sum().named("L")
    return loss


def _shortened(expression: Any, node: Node) -> str:
    """The formula of a node; of one that takes long to be written, the op alone."""
    text: str = sympy.sstr(expression) if size(expression) <= LONG else repr(node.named("L"))[5:-1]
    return text if len(text) <= 200 else text[:197] + "..."
