"""C for what goes along axes: sums, products, largest and smallest elements, and who is the largest."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from cgraph.compile.c.writer import Emit, UnsupportedError, Writer, counters
from cgraph.compile.lowering.class_ids import REST
from cgraph.compile.lowering.values import Value
from cgraph.ops import TABLE
from cgraph.ops.named import ByOp

REDUCTIONS: ByOp[Emit] = ByOp(REST)

LONG = 4096  # elements: longer sums are done in double precision
MAX, PROD = TABLE["max"], TABLE["prod"]


def _head(axis: int, shape: Sequence[int]) -> str:
    return f"for (long i{axis} = 0; i{axis} < {shape[axis]}; i{axis}++)"


def _kept_steps(w: Writer, n: int, value: Value, shape: Sequence[int]) -> list[int]:
    """The steps of a reduction's result through a loop over its operand: 0 along the axes that go."""
    axes, strides = value.attrs["axis"], w.plan.places[n].strides
    if value.attrs["keepdims"]:
        return [0 if i in axes else s for i, s in enumerate(strides)]
    rest = iter(strides)
    return [0 if i in axes else next(rest) for i in range(len(shape))]


def reduced(w: Writer, n: int, value: Value) -> None:
    """A reduction, by the C of its row."""
    (source,), axes = value.operands, value.attrs["axis"]
    shape = w.values[source].shape
    assert value.op is not None and value.op.reduction is not None
    ufunc, first, joined = value.op.reduction
    if not prod(shape) and getattr(np, ufunc).identity is None:
        raise UnsupportedError(value.name)
    kept = [i for i in range(len(shape)) if i not in axes]
    place = w.plan.places[n]
    out_steps = _kept_steps(w, n, value, shape)
    index = counters(shape)
    target = w.indexed(place, out_steps, index)
    read = w.at(source, index, shape)
    if not axes or len(shape) - 1 in axes or not prod(shape) or value.op is PROD:
        number_type = "double" if value.op is TABLE["sum"] and prod(shape[i] for i in axes) > LONG else "T"
        number_type = "long double" if value.op is PROD else number_type  # partial products overflow before the whole
        simd = ["#pragma omp simd reduction(+:t)"] if value.op is TABLE["sum"] and shape and shape[-1] > 8 else []
        inner = [_head(i, shape) for i in axes]
        w.say(*(_head(i, shape) for i in kept), "{", f"    {number_type} t = {first};")
        w.say(*("    " + h for h in inner[:-1]), *simd, *("    " + h for h in inner[-1:]))
        w.say("        " + joined.format("t", read), f"    {target} = (T)t;", "}")
        return
    w.say(*(_head(i, shape) for i in kept), f"    {target} = {first};")
    outer, last = kept[:-1], kept[-1]
    w.say(*(_head(i, shape) for i in outer), *(_head(i, shape) for i in axes), "#pragma omp simd", _head(last, shape))
    w.say("    " + joined.format(target, read))


@REDUCTIONS
def _cumsum(w: Writer, n: int, value: Value) -> None:
    axis, shape = value.attrs["axis"], value.shape
    others = [i for i in range(len(shape)) if i != axis]
    index = counters(shape)
    w.say(*(f"for (long i{k} = 0; i{k} < {shape[k]}; i{k}++)" for k in others), "{", "    T t = 0;")
    w.say(f"    for (long i{axis} = 0; i{axis} < {shape[axis]}; i{axis}++) {{")
    w.say(
        f"        t += {w.at(value.operands[0], index, shape)};", f"        {w.at(n, index, shape)} = t;", "    }", "}"
    )


@REDUCTIONS
def _recurrence(w: Writer, n: int, value: Value) -> None:
    axis, shape = value.attrs["axis"], value.shape
    index, (x, y) = counters(shape), value.operands
    factor, term = w.at(x, index, shape), w.at(y, index, shape)
    w.say(
        *(_head(i, shape) for i in range(len(shape)) if i != axis), "{", "    T t = 0;", f"    {_head(axis, shape)} {{"
    )
    w.say(
        f"        t = i{axis} ? {factor} * t + {term} : {term};", f"        {w.at(n, index, shape)} = t;", "    }", "}"
    )


def _in_order(w: Writer, n: int, value: Value, back: bool) -> None:
    """Elements in the order of others, by merging sorted runs: equal ones stay as they are, and NaN comes last."""
    axis, shape = value.attrs["axis"], value.shape
    size, index, (x, y) = shape[axis], counters(shape), value.operands

    def key(place: str) -> str:
        return w.at(y, [*index[:axis], f"order[{place}]", *index[axis + 1 :]], shape)

    there = [*index[:axis], f"order[i{axis}]", *index[axis + 1 :]]
    w.say(*(_head(i, shape) for i in range(len(shape)) if i != axis), "{")
    w.say(
        f"    static _Thread_local long order[{size}], merged[{size}];",
        f"    for (long k = 0; k < {size}; k++) order[k] = k;",
        f"    for (long run = 1; run < {size}; run *= 2) {{",
        f"        for (long low = 0; low < {size}; low += 2 * run) {{",
        f"            const long middle = low + run < {size} ? low + run : {size};",
        f"            const long high = low + 2 * run < {size} ? low + 2 * run : {size};",
        "            long i = low, j = middle;",
        "            for (long k = low; k < high; k++) {",
        f"                const T a = i < middle ? {key('i')} : 0, b = j < high ? {key('j')} : 0;",
        "                const int right = i >= middle || (j < high && (b < a || (a != a && b == b)));",
        "                merged[k] = right ? order[j++] : order[i++];",
        "            }",
        "        }",
        "        memcpy(order, merged, sizeof order);",
        "    }",
    )
    read, written = (index, there) if back else (there, index)
    w.say(f"    {_head(axis, shape)} {w.at(n, written, shape)} = {w.at(x, read, shape)};", "}")


@REDUCTIONS
def _sort_by(w: Writer, n: int, value: Value) -> None:
    _in_order(w, n, value, back=False)


@REDUCTIONS
def _unsort_by(w: Writer, n: int, value: Value) -> None:
    _in_order(w, n, value, back=True)


@REDUCTIONS
def _max_share(w: Writer, n: int, value: Value) -> None:
    """Who is the largest: 1 for the first, or equal parts for all of them."""
    (source,), axes = value.operands, value.attrs["axis"]
    assert MAX.reduction is not None
    largest = MAX.reduction.step
    shape = w.values[source].shape
    index = counters(shape)
    read, out = w.at(source, index, shape), w.at(n, index, shape)
    around = [_head(i, shape) for i in range(len(shape)) if i not in axes]
    over = " ".join(_head(i, shape) for i in axes)
    w.say(*around, "{", "    T t = -INFINITY;", f"    {over} {largest.format('t', read)}", "    long count = 0;")
    top = f"({read} == t || {read} != {read})"
    if value.attrs["ties"] == "first":
        w.say(f"    {over} {{ {out} = {top} && !count ? 1 : 0; count += {top}; }}", "}")
    else:
        w.say(f"    {over} count += {top};", f"    {over} {out} = {top} ? (T)1 / (T)count : 0;", "}")


@REDUCTIONS
def _rest(w: Writer, n: int, value: Value) -> None:
    """The sum without one of the elements that are 1: those are counted."""
    (source,), shape = value.operands, w.values[value.operands[0]].shape
    axes = [i % len(shape) for i in value.attrs["axis"]]
    index = counters(shape)
    read = w.at(source, index, shape)
    target = w.at(n, ["0" if i in axes else index[i] for i in range(len(shape))], value.shape)
    w.say(*(_head(i, shape) for i in range(len(shape)) if i not in axes), "{", "    T t = 0, count = 0;")
    heads = [_head(i, shape) for i in axes]
    w.say(*("    " + h for h in heads[:-1]), *["    #pragma omp simd reduction(+:t,count)"] * bool(heads))
    w.say("    " + "".join(heads[-1:]) + " {")  # of one number, no loop
    w.say(f"        const T x = {read};", "        t += x != 1 ? x : 0;", "        count += x == 1 ? 1 : 0;", "    }")
    w.say(f"    {target} = t + (count > 1 ? count - 1 : 0);", "}")


@REDUCTIONS
def _argmax(w: Writer, n: int, value: Value) -> None:
    (source,), axes = value.operands, value.attrs["axis"]
    shape = w.values[source].shape
    if not prod(shape):
        raise UnsupportedError("argmax")
    index = counters(shape)
    read = w.at(source, index, shape)
    target = w.indexed(w.plan.places[n], _kept_steps(w, n, value, shape), index)
    over = " ".join(_head(i, shape) for i in axes)
    w.say(*(_head(i, shape) for i in range(len(shape)) if i not in axes), "{", "    T t = -INFINITY;")
    w.say("    long j = 0, best = 0;", f"    {over} {{")
    w.say(
        f"        const T x = {read};", "        if (x > t || (x != x && t == t)) { t = x; best = j; }", "        j++;"
    )
    w.say("    }", f"    {target} = (T)best;", "}")
