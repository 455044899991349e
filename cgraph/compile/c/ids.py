"""C for the ops that pick rows and classes by ids, which are checked where they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cgraph.compile.c.table import number
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.updates import Update

if TYPE_CHECKING:
    from cgraph.compile.c.emit import Emitter


class UnsupportedError(Exception):
    """An op that is not written in C."""


def loops(e: Emitter, shape: Sequence[int], inner: Callable[[list[str]], list[str]]) -> None:
    """Loops over all elements of a shape around lines that are made of the loops' counters."""
    index = [f"i{k}" for k in range(len(shape))]
    heads = [f"for (long {i} = 0; {i} < {n}; {i}++)" for i, n in zip(index, shape, strict=True)]
    e.say(" ".join([*heads, "{"]), *("    " + line for line in inner(index)), "}")


def _id(e: Emitter, ids: int, count: int, index: Sequence[str]) -> list[str]:
    """An id, checked: a program that meets a wrong one ends with 1, and nothing is updated."""
    text = e.at(ids, index, e.values[ids].shape)
    return [
        f"const T q = {text};",
        f"if (!(q >= 0 && q < {count} && q == FLOOR(q))) return 1;",
        "const long id = (long)q;",
    ]


def _take(e: Emitter, n: int, value: Value) -> None:
    source, ids = value.operands
    axis, shape, chosen = value.attrs["axis"], e.values[source].shape, e.values[ids].shape
    _ids_first(
        e,
        ids,
        chosen,
        shape,
        axis,
        lambda before, at_id, after, place: [
            f"{e.at(n, [*before, *place, *after], value.shape)} = {e.at(source, [*before, at_id, *after], shape)};"
        ],
    )


def _scatter_add(e: Emitter, n: int, value: Value) -> None:
    gradient, ids, _ = value.operands
    axis, shape, chosen = value.attrs["axis"], value.shape, e.values[ids].shape
    loops(e, shape, lambda i: [f"{e.at(n, i, shape)} = 0;"])
    _ids_first(
        e,
        ids,
        chosen,
        shape,
        axis,
        lambda before, at_id, after, place: [
            f"{e.at(n, [*before, at_id, *after], shape)} += "
            f"{e.at(gradient, [*before, *place, *after], e.values[gradient].shape)};"
        ],
    )


def _ids_first(
    e: Emitter, ids: int, chosen: Sequence[int], shape: Sequence[int], axis: int, inner: Callable[..., list[str]]
) -> None:
    place = [f"j{k}" for k in range(len(chosen))]
    others = [i for i in range(len(shape)) if i != axis]
    before, after = [f"i{k}" for k in range(axis)], [f"i{k}" for k in range(axis + 1, len(shape))]
    e.say(*(f"for (long {j} = 0; {j} < {size}; {j}++)" for j, size in zip(place, chosen, strict=True)), "{")
    e.say(*("    " + line for line in _id(e, ids, shape[axis], place)))
    e.say(*(f"    for (long i{k} = 0; i{k} < {shape[k]}; i{k}++)" for k in others))
    e.say(*("        " + line for line in inner(before, "id", after, place)), "}")


def _one_hot(e: Emitter, n: int, value: Value) -> None:
    ids, ignore = value.operands[0], value.attrs["ignore"]
    shape = e.values[ids].shape
    index = [f"j{k}" for k in range(len(shape))]
    count = value.attrs["classes"]
    e.say(*(f"for (long {j} = 0; {j} < {size}; {j}++)" for j, size in zip(index, shape, strict=True)), "{")
    e.say(f"    for (long c = 0; c < {count}; c++) {e.at(n, [*index, 'c'], value.shape)} = 0;")
    e.say(f"    if ({e.at(ids, index, shape)} != {ignore}) {{" if ignore is not None else "    {")
    e.say(*("        " + line for line in _id(e, ids, count, index)))
    e.say(f"        {e.at(n, [*index, 'id'], value.shape)} = 1;", "    }", "}")


def check_ids(e: Emitter, update: Update) -> None:
    """Check the ids of an update of rows before anything is updated."""
    ids = e.values[update.value].operands[1]
    count = e.values[update.target].shape[0]
    loops(e, e.values[ids].shape, lambda i: _id(e, ids, count, i)[:2])


def add_rows(e: Emitter, update: Update) -> None:
    """target[ids] += factor·rows, row after row: those of equal ids add up."""
    rows, ids = e.values[update.value].operands[:2]
    chosen, shape = e.values[ids].shape, e.values[update.target].shape
    _ids_first(
        e,
        ids,
        chosen,
        shape,
        0,
        lambda before, at_id, after, place: [
            f"{e.at(update.target, [at_id, *after], shape)} += "
            f"{number(update.factor)} * {e.at(rows, [*place, *after], e.values[rows].shape)};"
        ],
    )


def _picked(e: Emitter, n: int, value: Value) -> None:
    source, ids = value.operands
    shape = e.values[source].shape
    loops(e, value.shape, lambda i: [*_id(e, ids, shape[-1], i),
                                     f"{e.at(n, i, value.shape)} = {e.at(source, [*i, 'id'], shape)};"])  # fmt: skip


def _less_one_hot(e: Emitter, n: int, value: Value) -> None:
    source, ids = value.operands
    shape, (here, there) = value.shape, (e.plan.places[x] for x in (n, source))
    if e.memory(here) != e.memory(there):
        loops(e, shape, lambda i: [f"{e.at(n, i, shape)} = {e.at(source, i, shape)};"])
    loops(e, shape[:-1], lambda i: [*_id(e, ids, shape[-1], i), f"{e.at(n, [*i, 'id'], shape)} -= 1;"])


BY_IDS: Mapping[str, Callable[[Emitter, int, Value], None]] = {
    "take": _take,
    "scatter_add": _scatter_add,
    "one_hot": _one_hot,
    "picked": _picked,
    "less_one_hot": _less_one_hot,
}
