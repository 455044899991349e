"""The proof of one op: each rule of its row against SymPy, and its columns against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from cgraph.graph.node import variable
from cgraph.ops.op import Op
from cgraph.proof.clock import ENDLESS, Clock
from cgraph.proof.columns import compared_columns
from cgraph.proof.examples import examples
from cgraph.proof.judgement import compare
from cgraph.proof.report import UNDECIDED, WRONG, Check, Report
from cgraph.worlds.sympy import SYMPY, as_object, formula


def prove_row(
    row: Op,
    attrs: Mapping[str, Any] | None = None,
    clock: Clock = ENDLESS,
    columns: bool = True,
    native: bool | None = None,
) -> Report:
    """Prove each derivative rule of one row of the table, for symbols or for small arrays of symbols.

    `attrs` are attributes of an elementwise row that are not its defaults. With `columns` the numbers of the row's
    other columns are compared with the formula; `native` as in `compared_columns`.
    """
    chosen = examples(row) if not row.elementwise else ()
    if row.elementwise:
        checks = _elementwise(row, {**row.defaults, **(attrs or {})}, clock)
        notes = [f"by convention: {row.convention(attrs or {})}"] if row.kink else []
    else:
        checks = [check for shapes, given in chosen for check in _pullback(row, shapes, given, clock)]
        notes = []
        if not chosen:
            notes.append("no examples: it has none, and its shape rule takes no usual shape; give examples=[...]")
    missing = not (row.elementwise or chosen)
    compared = compared_columns(row, attrs or {}, chosen, native) if columns or missing else ()
    return Report(f"{row.name} = {row.formula}", tuple(checks), tuple(notes), columns=tuple(compared))


def _elementwise(row: Op, attrs: Mapping[str, Any], clock: Clock) -> list[Check]:
    expression, names = formula(row, row.arity or 3, attrs)
    scalars, given = [as_object(s) for s in names], SYMPY.numbers(attrs)
    checks = []
    for position, symbol in enumerate(names):
        rule = row.rule(position)
        ours = np.asarray(rule(SYMPY, as_object(expression), *scalars, **given))[()] if rule else 0
        mine, theirs = sympy.sympify(ours), sympy.diff(expression, symbol)
        part = clock.share(len(names) - position) if clock is not ENDLESS else clock
        checks.append(compare(f"∂{row.name}/∂{symbol}", mine, theirs, clock=part))
    return checks


def _pullback(row: Op, shapes: Sequence[Any], attrs: Mapping[str, Any], clock: Clock) -> Iterator[Check]:
    """A pullback of symbols against the derivative of the sum of (upstream * result), element by element."""
    fixed = [as_object(s) if isinstance(s, list) else None for s in shapes]  # ids and the like are no symbols
    sizes = [s if v is None else v.shape for s, v in zip(shapes, fixed, strict=True)]
    leaves = [variable(name, shape) for name, shape in zip("xyuv", sizes, strict=False)]
    given, shape = row.infer(sizes, {**row.defaults, **attrs})
    values = [SYMPY.leaf(leaf, v, leaf.shape) for leaf, v in zip(leaves, fixed, strict=True)]
    try:
        result = SYMPY.function(row)(*values, **given)
    except Exception as error:  # whatever a function of a user's own raises
        why = f"its array function takes no symbols ({type(error).__name__}: {error}); give a definition in other ops"
        yield Check(row.name, "", "", UNDECIDED, why)
        return
    upstream = SYMPY.leaf(variable("g", shape), None, shape)
    total = sum((upstream * result).flat, start=sympy.Integer(0))
    for position, (leaf, value) in enumerate(zip(leaves, values, strict=True)):
        rule = row.rule(position)
        ours = np.zeros(value.shape, dtype=object)  # no rule claims that the derivative is zero
        if rule is not None:
            try:
                ours = np.asarray(rule(SYMPY, upstream, result, *values, **given), dtype=object)
            except Exception as error:  # as above
                text = f"{type(error).__name__}: {error}"
                yield Check(f"{row.name} to {leaf.name}", "no result", value.shape, WRONG, f"the rule fails: {text}")
                continue
        if ours.shape != value.shape:
            text = f"{row.name} to {leaf.name}"
            yield Check(text, ours.shape, value.shape, WRONG, "the downstream gradient has another shape")
            continue
        for symbol, mine in zip(value.flat, ours.flat, strict=True) if fixed[position] is None else ():
            subject = f"∂(g·{row.name})/∂{symbol}"
            yield compare(subject, sympy.sympify(mine), sympy.diff(total, symbol), tidy=False, clock=clock)
