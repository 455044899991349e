"""C for the ops that pick rows and classes by ids, which are checked where they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cgraph.compile.c.table import number
from cgraph.compile.c.writer import Emit, Writer, heads
from cgraph.compile.lowering.class_ids import LESS_ONE_HOT, PICKED
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.updates import Update
from cgraph.ops.named import ByOp

BY_IDS: ByOp[Emit] = ByOp(PICKED, LESS_ONE_HOT)


def _id(w: Writer, ids: int, count: int, index: Sequence[str]) -> list[str]:
    """An id, checked: a program that meets a wrong one ends with 1, and nothing is updated."""
    text = w.at(ids, index, w.values[ids].shape)
    return [
        f"const T q = {text};",
        f"if (!(q >= 0 && q < {count} && q == FLOOR(q))) return 1;",
        "const long id = (long)q;",
    ]


@BY_IDS
def _take(w: Writer, n: int, value: Value) -> None:
    source, ids = value.operands
    axis, shape, chosen = value.attrs["axis"], w.values[source].shape, w.values[ids].shape
    _ids_first(
        w,
        ids,
        chosen,
        shape,
        axis,
        lambda before, at_id, after, place: [
            f"{w.at(n, [*before, *place, *after], value.shape)} = {w.at(source, [*before, at_id, *after], shape)};"
        ],
    )


@BY_IDS
def _scatter_add(w: Writer, n: int, value: Value) -> None:
    gradient, ids, _ = value.operands
    axis, shape, chosen = value.attrs["axis"], value.shape, w.values[ids].shape
    w.loops(shape, lambda i: [f"{w.at(n, i, shape)} = 0;"])
    _ids_first(
        w,
        ids,
        chosen,
        shape,
        axis,
        lambda before, at_id, after, place: [
            f"{w.at(n, [*before, at_id, *after], shape)} += "
            f"{w.at(gradient, [*before, *place, *after], w.values[gradient].shape)};"
        ],
    )


@BY_IDS
def _take_along(w: Writer, n: int, value: Value) -> None:
    source, ids = value.operands
    axis, shape = value.attrs["axis"], w.values[source].shape
    w.loops(value.shape, lambda i: [
        *_id(w, ids, shape[axis], i),
        f"{w.at(n, i, value.shape)} = {w.at(source, [*i[:axis], 'id', *i[axis + 1:]], shape)};",
    ])  # fmt: skip


@BY_IDS
def _add_along(w: Writer, n: int, value: Value) -> None:
    gradient, ids, _ = value.operands
    axis, shape, chosen = value.attrs["axis"], value.shape, w.values[ids].shape
    w.loops(shape, lambda i: [f"{w.at(n, i, shape)} = 0;"])
    w.loops(chosen, lambda i: [
        *_id(w, ids, shape[axis], i),
        f"{w.at(n, [*i[:axis], 'id', *i[axis + 1:]], shape)} += {w.at(gradient, i, chosen)};",
    ])  # fmt: skip


def _ids_first(
    w: Writer, ids: int, chosen: Sequence[int], shape: Sequence[int], axis: int, inner: Callable[..., list[str]]
) -> None:
    place = [f"j{k}" for k in range(len(chosen))]
    others = [i for i in range(len(shape)) if i != axis]
    before, after = [f"i{k}" for k in range(axis)], [f"i{k}" for k in range(axis + 1, len(shape))]
    w.say(*heads(place, chosen), "{")
    w.say(*("    " + line for line in _id(w, ids, shape[axis], place)))
    w.say(*(f"    for (long i{k} = 0; i{k} < {shape[k]}; i{k}++)" for k in others))
    w.say(*("        " + line for line in inner(before, "id", after, place)), "}")


@BY_IDS
def _one_hot(w: Writer, n: int, value: Value) -> None:
    ids, ignore = value.operands[0], value.attrs["ignore"]
    shape = w.values[ids].shape
    index = [f"j{k}" for k in range(len(shape))]
    count = value.attrs["classes"]
    w.say(*heads(index, shape), "{")
    w.say(f"    for (long c = 0; c < {count}; c++) {w.at(n, [*index, 'c'], value.shape)} = 0;")
    w.say(f"    if ({w.at(ids, index, shape)} != {ignore}) {{" if ignore is not None else "    {")
    w.say(*("        " + line for line in _id(w, ids, count, index)))
    w.say(f"        {w.at(n, [*index, 'id'], value.shape)} = 1;", "    }", "}")


def check_ids(w: Writer, update: Update) -> None:
    """Check the ids of an update of rows before anything is updated."""
    ids = w.values[update.value].operands[1]
    count = w.values[update.target].shape[0]
    w.loops(w.values[ids].shape, lambda i: _id(w, ids, count, i)[:2])


def add_rows(w: Writer, update: Update) -> None:
    """target[ids] += factor·rows, row after row: those of equal ids add up."""
    rows, ids = w.values[update.value].operands[:2]
    chosen, shape = w.values[ids].shape, w.values[update.target].shape
    _ids_first(
        w,
        ids,
        chosen,
        shape,
        0,
        lambda before, at_id, after, place: [
            f"{w.at(update.target, [at_id, *after], shape)} += "
            f"{number(update.factor)} * {w.at(rows, [*place, *after], w.values[rows].shape)};"
        ],
    )


@BY_IDS
def _picked(w: Writer, n: int, value: Value) -> None:
    source, ids = value.operands
    shape = w.values[source].shape
    w.loops(value.shape, lambda i: [*_id(w, ids, shape[-1], i),
                                     f"{w.at(n, i, value.shape)} = {w.at(source, [*i, 'id'], shape)};"])  # fmt: skip


@BY_IDS
def _less_one_hot(w: Writer, n: int, value: Value) -> None:
    source, ids, rest = value.operands
    shape, (here, there) = value.shape, (w.plan.places[x] for x in (n, source))
    if w.memory(here) != w.memory(there):
        w.loops(shape, lambda i: [f"{w.at(n, i, shape)} = {w.at(source, i, shape)};"])
    w.loops(
        shape[:-1],
        lambda i: [
            *_id(w, ids, shape[-1], i),
            f"{w.at(n, [*i, 'id'], shape)} = ({w.at(n, [*i, 'id'], shape)} - 1) - {w.at(rest, i, shape[:-1])};",
        ],
    )
