"""What can be proved: an op rule by rule, a graph leaf by leaf, a model at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from cgraph.passes.backward import Backward, backward, graph_of
from cgraph.passes.forward import Forward, forward
from cgraph.proof.judgement import compare
from cgraph.proof.report import WRONG, Check, Report
from cgraph.worlds.sympy import SYMPY, as_object, formula


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
) -> Report:
    """Prove the gradient of a scalar by every variable and parameter below it, against `sympy.diff`.

    A formula as text is taken too, `cg.prove("L = c*(a + 2*b)")`; a name alone is that of an op.
    `sizes` binds named dimensions; unbound ones get 2, 3, ... in the order of their names. An op, as `"tanh"` or
    `cg.tanh`, is proved rule by rule. A model (what has parameters and can be called on a node) is proved on an
    input X of the shape `inputs` (one row, as wide as its first matrix), each output times a symbol of its own.
    Raises GradientError when the output is no scalar, NameUnknownError for a name that is no op.

    >>> print(prove("sqrt").verdict)
    proved: 1 of 1 derivatives
    """
    if isinstance(of, Function) or (isinstance(of, str) and of.strip().isidentifier()):
        return prove_row(_row(of))
    if callable(of) and hasattr(of, "parameters"):
        return prove(_weighted(of, inputs), sizes)
    if not isinstance(of, (Node, Graph, Forward, Backward, str, list, tuple)):
        raise ValueRefusedError(
            f"prove is given {short(of)}", fix="give a node, a graph, a pass, an op of the table, or a model"
        )
    graph = graph_of(of)
    names = sorted({d for n in graph.nodes for d in n.shape if isinstance(d, str)})
    bound = {name: size for size, name in enumerate(names, 2)} | dict(sizes or {})
    fwd = forward(graph, {}, SYMPY, bound)
    bwd = backward(fwd)
    value = fwd[graph.output][()]
    checks = []
    for leaf in sorted(graph.inputs, key=graph.name):
        for symbol, ours in zip(fwd[leaf].flat, bwd.gradient[leaf].flat, strict=True):
            subject = f"∂{graph.name(graph.output)}/∂{symbol}"
            checks.append(compare(subject, ours, sympy.diff(value, symbol), fwd[leaf].shape == ()))
    kinks = sorted({n.op.convention(n.attrs) for n in graph.nodes if n.op is not None and n.op.kink})
    where = [f"{k} = {v}" for k, v in bound.items()]
    notes = [f"with {', '.join(where)}"] if where else []
    notes += [f"where it is differentiable; at the kink by convention: {k}" for k in kinks]
    return Report(f"{graph.name(graph.output)} = {_shortened(value)}", tuple(checks), tuple(notes), graph.output)


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


def prove_row(row: Op, attrs: Mapping[str, Any] | None = None) -> Report:
    """Prove each derivative rule of one row of the table, for symbols or for small arrays of symbols.

    `attrs` are attributes of an elementwise row that are not its defaults.
    """
    if row.elementwise:
        expression, names = formula(row, row.arity or 3, {**row.defaults, **(attrs or {})})
        scalars, given = [as_object(s) for s in names], SYMPY.numbers({**row.defaults, **(attrs or {})})
        checks = []
        for position, symbol in enumerate(names):
            rule = row.rule(position)
            ours = np.asarray(rule(SYMPY, as_object(expression), *scalars, **given))[()] if rule else 0
            checks.append(compare(f"∂{row.name}/∂{symbol}", sympy.sympify(ours), sympy.diff(expression, symbol)))
        return Report(
            f"{row.name} = {row.formula}",
            tuple(checks),
            (f"by convention: {row.convention(attrs or {})}",) if row.kink else (),
        )
    checks = [check for shapes, attrs in row.examples for check in _prove_pullback(row, shapes, attrs)]
    return Report(f"{row.name} = {row.formula}", tuple(checks))


def _prove_pullback(row: Op, shapes: Sequence[Any], attrs: Mapping[str, Any]) -> Iterator[Check]:
    """A pullback of symbols against the derivative of the sum of (upstream * result), element by element."""
    fixed = [as_object(s) if isinstance(s, list) else None for s in shapes]  # ids and the like are no symbols
    sizes = [s if v is None else v.shape for s, v in zip(shapes, fixed, strict=True)]
    leaves = [variable(name, shape) for name, shape in zip("xyuv", sizes, strict=False)]
    given, shape = row.infer(sizes, {**row.defaults, **attrs})
    values = [SYMPY.leaf(leaf, v, leaf.shape) for leaf, v in zip(leaves, fixed, strict=True)]
    run = SYMPY.function(row)
    result = run(*values, **given)
    upstream = SYMPY.leaf(variable("g", shape), None, shape)
    total = sum((upstream * result).flat, start=sympy.Integer(0))
    for position, (leaf, value) in enumerate(zip(leaves, values, strict=True)):
        rule = row.rule(position)
        ours = np.zeros(value.shape, dtype=object)  # no rule claims that the derivative is zero
        if rule is not None:
            ours = np.asarray(rule(SYMPY, upstream, result, *values, **given), dtype=object)
        if ours.shape != value.shape:
            text = f"{row.name} to {leaf.name}"
            yield Check(text, ours.shape, value.shape, WRONG, "the downstream gradient has another shape")
            continue
        for symbol, mine in zip(value.flat, ours.flat, strict=True) if fixed[position] is None else ():
            yield compare(f"∂(g·{row.name})/∂{symbol}", sympy.sympify(mine), sympy.diff(total, symbol))


def _shortened(expression: Any) -> str:
    text: str = sympy.sstr(expression)
    return text if len(text) <= 200 else text[:197] + "..."
