"""C for what moves numbers: copies, views that take copying, joining, and places that are known now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np

from cgraph.compile.c.table import number
from cgraph.compile.c.writer import Emit, Writer, pointer
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.places import Place, collapsed, contiguous, view_of
from cgraph.ops import TABLE
from cgraph.ops.named import ByOp

INDEX = TABLE["index"]
MOVING: ByOp[Emit] = ByOp()


def copied(w: Writer, target: int, source: int) -> None:
    """Every element of a value, to another place."""
    shape = w.values[target].shape
    w.loops(shape, lambda i: [f"{w.at(target, i, shape)} = {w.at(source, i, shape)};"])


def copy(w: Writer, n: int, value: Value) -> None:
    """A value that is a copy of another, or a view of one that takes copying."""
    if value.op is None:
        copied(w, n, value.operands[0])
        return
    # a view that NumPy could not make without copying: every element comes from a place that is known now
    source = value.operands[0]
    if value.view == "same":  # the elements in their order: loops say it shorter than a table of places
        shape = w.values[source].shape
        into = Place(w.plan.places[n].storage, w.plan.places[n].offset, contiguous(shape))
        w.loops(shape, lambda i: [f"{w.indexed(into, into.strides, i)} = {w.at(source, i, shape)};"])
        return
    _picked(w, n, source, value)


def _picked(w: Writer, n: int, source: int, value: Value) -> None:
    """Elements that are picked by a table of places."""
    shape = w.values[source].shape
    assert value.op is not None
    places = value.op.numpy(np.arange(prod(shape)).reshape(shape), **value.attrs)
    flat = _flat(w, source)
    w.say(f"static const int t{n}[] = {{{', '.join(map(str, places.reshape(-1).tolist()))}}};")
    out = _flat(w, n)
    w.say(f"for (long i = 0; i < {places.size}; i++) {out('i')} = {flat(f't{n}[i]')};")


def _flat(w: Writer, n: int) -> Callable[[str], str]:
    """How the i-th element of a value in C's order is written."""
    shape, place = w.values[n].shape, w.plan.places[n]
    if w.is_number(place.storage):
        return lambda i: w.at(n, [], [])
    steps = w.strides(n, shape)
    sizes, (steps,) = collapsed(shape, [steps])
    if len(sizes) <= 1:
        step = steps[0] if steps else 0
        return lambda i: w.indexed(place, [step], [f"({i})"])

    def several(i: str) -> str:
        terms, below = [], prod(sizes)
        for size, step in zip(sizes, steps, strict=True):
            below //= size
            terms.append(f"({i}) / {below} % {size} * {step}")
        return f"{pointer(place)}[{' + '.join(terms)}]"

    return several


@MOVING
def _concatenate(w: Writer, n: int, value: Value) -> None:
    place, axis = w.plan.places[n], value.attrs["axis"]
    for operand in value.operands:
        shape = w.values[operand].shape
        if prod(shape):
            if place.offset != w.plan.places[n].offset:
                w.step()  # there may be a part for each step of time
            w.loops(shape, partial(_part, w, place, operand))
        place = place._replace(offset=place.offset + shape[axis] * place.strides[axis])


def _part(w: Writer, place: Place, operand: int, index: list[str]) -> list[str]:
    """An element of a value, and the same one of a place of its shape."""
    return [f"{w.indexed(place, place.strides, index)} = {w.at(operand, index, w.values[operand].shape)};"]


@MOVING
def _index_add(w: Writer, n: int, value: Value) -> None:
    gradient = value.operands[0]
    key = value.attrs["key"]
    shape = w.values[gradient].shape
    there = view_of(Value(shape, INDEX, (n,), {"key": key}), w.values, w.plan.places)
    if there is not None:  # slices: loops say it shorter than a table of places, and are quicker
        w.loops(value.shape, lambda i: [f"{w.at(n, i, value.shape)} = 0;"])
        w.loops(shape, lambda i: [f"{w.indexed(there, there.strides, i)} += {w.at(gradient, i, shape)};"])
        return
    places = np.arange(prod(value.shape)).reshape(value.shape)[key.parts].reshape(-1)
    out, given = _flat(w, n), _flat(w, gradient)
    w.say(f"static const int t{n}[] = {{{', '.join(map(str, places.tolist()))}}};")
    w.say(f"for (long i = 0; i < {prod(value.shape)}; i++) {out('i')} = 0;")
    w.say(f"for (long i = 0; i < {places.size}; i++) {out(f't{n}[i]')} += {given('i')};")


@MOVING
def _windows_add(w: Writer, n: int, value: Value) -> None:
    gradient = value.operands[0]
    size, stride, dilation = value.attrs["size"], value.attrs["stride"], value.attrs["dilation"]
    shape, count = w.values[gradient].shape, len(size)
    rest = len(value.shape) - count
    w.loops(value.shape, lambda i: [f"{w.at(n, i, value.shape)} = 0;"])

    def added(i: list[str]) -> list[str]:
        places, offsets = i[rest : rest + count], i[rest + count :]
        at = [f"({p} * {s} + {o} * {d})" for p, o, s, d in zip(places, offsets, stride, dilation, strict=True)]
        return [f"{w.at(n, [*i[:rest], *at], value.shape)} += {w.at(gradient, i, shape)};"]

    w.loops(shape, added)


def placed(w: Writer, n: int, value: Value) -> None:
    """Elements of the operand at places that are known now, and one number everywhere else."""
    (source,) = value.operands
    shape = w.values[source].shape
    assert value.op is not None
    first = np.arange(prod(shape), dtype=float).reshape(shape)
    one, other = (np.asarray(value.op.numpy(x, **value.attrs)).reshape(-1) for x in (first, first + first.size))
    places = np.where(one == other, -1, one).astype(int)
    rest = one[one == other]
    out, given = _flat(w, n), _flat(w, source)
    w.say(f"static const int t{n}[] = {{{', '.join(map(str, places.tolist()))}}};")
    fill = number(rest[0]) if rest.size else "0"
    w.say(f"for (long i = 0; i < {places.size}; i++) {out('i')} = t{n}[i] < 0 ? {fill} : {given(f't{n}[i]')};")
