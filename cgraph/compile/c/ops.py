"""C for the ops that are no elementwise loops: reductions, products, picking and joining."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from cgraph.compile.blas import AS_IT_IS, ROW_MAJOR, TRANSPOSED
from cgraph.compile.c.ids import BY_IDS, UnsupportedError, loops
from cgraph.compile.c.matrices import MATRICES
from cgraph.compile.c.table import number
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.places import Place, collapsed
from cgraph.ops.linear import read_subscripts

if TYPE_CHECKING:
    from cgraph.compile.c.emit import Emitter

INLINE = 3000  # multiplications: smaller products are loops, for the call of a library costs more
LONG = 4096  # elements: longer sums are done in double precision


def copied(e: Emitter, target: int, source: int) -> None:
    """Every element of a value, to another place."""
    shape = e.values[target].shape
    loops(e, shape, lambda i: [f"{e.at(target, i, shape)} = {e.at(source, i, shape)};"])


def copy(e: Emitter, n: int, value: Value) -> None:
    """A value that is a copy of another, or a view of one that takes copying."""
    if value.op is None:
        copied(e, n, value.operands[0])
        return
    # a view that NumPy could not make without copying: every element comes from a place that is known now
    source = value.operands[0]
    _picked(e, n, source, value)


def _picked(e: Emitter, n: int, source: int, value: Value) -> None:
    """Elements that are picked by a table of places."""
    shape = e.values[source].shape
    assert value.op is not None
    places = value.op.numpy(np.arange(prod(shape)).reshape(shape), **value.attrs)
    flat = _flat(e, source)
    e.say(f"static const int t{n}[] = {{{', '.join(map(str, places.reshape(-1).tolist()))}}};")
    out = _flat(e, n)
    e.say(f"for (long i = 0; i < {places.size}; i++) {out('i')} = {flat(f't{n}[i]')};")


def _flat(e: Emitter, n: int) -> Callable[[str], str]:
    """How the i-th element of a value in C's order is written."""
    shape, place = e.values[n].shape, e.plan.places[n]
    steps = e.strides(n, shape)
    sizes, (steps,) = collapsed(shape, [steps])
    if len(sizes) <= 1:
        step = steps[0] if steps else 0
        return lambda i: e.indexed(place, [step], [f"({i})"])

    def several(i: str) -> str:
        terms, below = [], prod(sizes)
        for size, step in zip(sizes, steps, strict=True):
            below //= size
            terms.append(f"({i}) / {below} % {size} * {step}")
        return f"s{place.storage}[{' + '.join(terms)} + {place.offset}]"

    return several


FIRST = {"sum": "0", "prod": "1", "max": "-INFINITY", "min": "INFINITY"}
JOINED = {
    "sum": "{0} += {1};",
    "prod": "{0} *= {1};",
    "max": "{{ const T x = {1}; {0} = x > {0} || x != x ? x : {0}; }}",
    "min": "{{ const T x = {1}; {0} = x < {0} || x != x ? x : {0}; }}",
}


def _head(axis: int, shape: Sequence[int]) -> str:
    return f"for (long i{axis} = 0; i{axis} < {shape[axis]}; i{axis}++)"


def _kept_steps(e: Emitter, n: int, value: Value, shape: Sequence[int]) -> list[int]:
    """The steps of a reduction's result through a loop over its operand: 0 along the axes that go."""
    axes, strides = value.attrs["axis"], e.plan.places[n].strides
    if value.attrs["keepdims"]:
        return [0 if i in axes else s for i, s in enumerate(strides)]
    rest = iter(strides)
    return [0 if i in axes else next(rest) for i in range(len(shape))]


def _reduced(e: Emitter, n: int, value: Value) -> None:
    (source,), axes = value.operands, value.attrs["axis"]
    shape = e.values[source].shape
    if not prod(shape) and value.name in ("max", "min"):
        raise UnsupportedError(value.name)
    kept = [i for i in range(len(shape)) if i not in axes]
    place = e.plan.places[n]
    out_steps = _kept_steps(e, n, value, shape)
    joined, first = JOINED[value.name], FIRST[value.name]
    index = [f"i{k}" for k in range(len(shape))]
    target = e.indexed(place, out_steps, index)
    read = e.at(source, index, shape)
    if not axes or len(shape) - 1 in axes or not prod(shape):
        number_type = "double" if value.name == "sum" and prod(shape[i] for i in axes) > LONG else "T"
        simd = ["#pragma omp simd reduction(+:t)"] if value.name == "sum" and shape and shape[-1] > 8 else []
        inner = [_head(i, shape) for i in axes]
        e.say(*(_head(i, shape) for i in kept), "{", f"    {number_type} t = {first};")
        e.say(*("    " + h for h in inner[:-1]), *simd, *("    " + h for h in inner[-1:]))
        e.say("        " + joined.format("t", read), f"    {target} = (T)t;", "}")
        return
    e.say(*(_head(i, shape) for i in kept), f"    {target} = {first};")
    outer, last = kept[:-1], kept[-1]
    e.say(*(_head(i, shape) for i in outer), *(_head(i, shape) for i in axes), "#pragma omp simd", _head(last, shape))
    e.say("    " + joined.format(target, read))


def _matmul(e: Emitter, n: int, value: Value) -> None:
    x, y = value.operands
    product(e, n, x, y)


def product(e: Emitter, target: int, x: int, y: int, factor: float = 1.0, added: bool = False) -> None:
    """target = x @ y, or target += factor·(x @ y): by BLAS where it is large, by loops where it is small."""
    left, right, shape = e.values[x].shape, e.values[y].shape, e.values[target].shape
    depth = left[-1]
    if e.library and len(left) == len(right) == 2 and depth and prod(shape) * depth > INLINE:
        a, b = (_matrix(e.plan.places[i], e.values[i].shape) for i in (x, y))
        if a and b:
            e.gemm = True
            (m, n), pointers = shape, [f"s{e.plan.places[i].storage} + {e.plan.places[i].offset}" for i in (x, y)]
            out = f"s{e.plan.places[target].storage}, {n}"
            e.say(
                f"gemm({ROW_MAJOR}, {a[0]}, {b[0]}, {m}, {n}, {depth}, {number(factor)}, {pointers[0]}, {a[1]}, "
                f"{pointers[1]}, {b[1]}, {int(added)}, {out});"
            )
            return
    rows, columns = len(left) > 1, len(right) > 1
    stack = shape[: len(shape) - rows - columns]
    index = [f"i{k}" for k in range(len(stack))]
    heads = [f"for (long {i} = 0; {i} < {size}; {i}++)" for i, size in zip(index, stack, strict=True)]
    heads += [f"for (long r = 0; r < {left[-2]}; r++)"] if rows else []
    place = [*index, *(["r"] if rows else []), *(["c"] if columns else [])]
    out = e.at(target, place, shape)
    one = (
        e.at(x, [*index[len(index) - len(left) + 2 :], *(["r"] if rows else []), "k"], left)
        if rows
        else e.at(x, ["k"], left)
    )
    own = len(right) - 2
    two = e.at(y, [*index[len(index) - own :], "k", "c"], right) if columns else e.at(y, ["k"], right)
    times = "" if factor == 1 else f"{number(factor)} * "
    across = f"for (long c = 0; c < {right[-1]}; c++)"
    along = f"for (long k = 0; k < {depth}; k++)"
    e.say(*heads, "{")
    if columns:
        e.say(*([] if added else [f"    {across} {out} = 0;"]), f"    {along} {{", f"        const T a = {times}{one};")
        e.say("        #pragma omp simd", f"        {across} {out} += a * {two};", "    }")
    else:
        e.say(
            "    T t = 0;", f"    {along} t += {one} * {two};", f"    {out} = {f'{out} + ' if added else ''}{times}t;"
        )
    e.say("}")


def _matrix(place: Place, shape: Sequence[int]) -> tuple[int, int] | None:
    """How BLAS reads a matrix at a place; None when it cannot."""
    (rows, columns), (down, across) = shape, place.strides
    if (across == 1 or columns == 1) and (down >= columns or rows == 1):
        return AS_IT_IS, max(down if rows > 1 else columns, columns, 1)
    if (down == 1 or rows == 1) and (across >= rows or columns == 1):
        return TRANSPOSED, max(across if columns > 1 else rows, rows, 1)
    return None


def _concatenate(e: Emitter, n: int, value: Value) -> None:
    axis, start = value.attrs["axis"], 0
    for operand in value.operands:
        shape = e.values[operand].shape
        if prod(shape):
            loops(
                e,
                shape,
                lambda i, operand=operand, shape=shape, start=start: [  # type: ignore[misc]  # mypy infers no lambda with defaults
                    f"{e.at(n, [*i[:axis], f'({i[axis]} + {start})', *i[axis + 1 :]], value.shape)}"
                    f" = {e.at(operand, i, shape)};"
                ],
            )
        start += shape[axis]


def _cumsum(e: Emitter, n: int, value: Value) -> None:
    axis, shape = value.attrs["axis"], value.shape
    others = [i for i in range(len(shape)) if i != axis]
    index = [f"i{k}" for k in range(len(shape))]
    e.say(*(f"for (long i{k} = 0; i{k} < {shape[k]}; i{k}++)" for k in others), "{", "    T t = 0;")
    e.say(f"    for (long i{axis} = 0; i{axis} < {shape[axis]}; i{axis}++) {{")
    e.say(
        f"        t += {e.at(value.operands[0], index, shape)};", f"        {e.at(n, index, shape)} = t;", "    }", "}"
    )


def _index_add(e: Emitter, n: int, value: Value) -> None:
    gradient = value.operands[0]
    key = value.attrs["key"]
    places = np.arange(prod(value.shape)).reshape(value.shape)[key.parts].reshape(-1)
    out, given = _flat(e, n), _flat(e, gradient)
    e.say(f"static const int t{n}[] = {{{', '.join(map(str, places.tolist()))}}};")
    e.say(f"for (long i = 0; i < {prod(value.shape)}; i++) {out('i')} = 0;")
    e.say(f"for (long i = 0; i < {places.size}; i++) {out(f't{n}[i]')} += {given('i')};")


def _placed(e: Emitter, n: int, value: Value) -> None:
    """Elements of the operand at places that are known now, and one number everywhere else."""
    (source,) = value.operands
    shape = e.values[source].shape
    assert value.op is not None
    first = np.arange(prod(shape), dtype=float).reshape(shape)
    one, other = (np.asarray(value.op.numpy(x, **value.attrs)).reshape(-1) for x in (first, first + first.size))
    places = np.where(one == other, -1, one).astype(int)
    rest = one[one == other]
    out, given = _flat(e, n), _flat(e, source)
    e.say(f"static const int t{n}[] = {{{', '.join(map(str, places.tolist()))}}};")
    fill = number(rest[0]) if rest.size else "0"
    e.say(f"for (long i = 0; i < {places.size}; i++) {out('i')} = t{n}[i] < 0 ? {fill} : {given(f't{n}[i]')};")


def _share(e: Emitter, n: int, value: Value) -> None:
    """Who is the largest: 1 for the first, or equal parts for all of them."""
    (source,), axes = value.operands, value.attrs["axis"]
    shape = e.values[source].shape
    index = [f"i{k}" for k in range(len(shape))]
    read, out = e.at(source, index, shape), e.at(n, index, shape)
    around = [_head(i, shape) for i in range(len(shape)) if i not in axes]
    over = " ".join(_head(i, shape) for i in axes)
    e.say(*around, "{", "    T t = -INFINITY;", f"    {over} {JOINED['max'].format('t', read)}", "    long count = 0;")
    top = f"({read} == t || {read} != {read})"
    if value.attrs["ties"] == "first":
        e.say(f"    {over} {{ {out} = {top} && !count ? 1 : 0; count += {top}; }}", "}")
    else:
        e.say(f"    {over} count += {top};", f"    {over} {out} = {top} ? (T)1 / (T)count : 0;", "}")


def _argmax(e: Emitter, n: int, value: Value) -> None:
    (source,), axes = value.operands, value.attrs["axis"]
    shape = e.values[source].shape
    if not prod(shape):
        raise UnsupportedError("argmax")
    index = [f"i{k}" for k in range(len(shape))]
    read = e.at(source, index, shape)
    target = e.indexed(e.plan.places[n], _kept_steps(e, n, value, shape), index)
    over = " ".join(_head(i, shape) for i in axes)
    e.say(*(_head(i, shape) for i in range(len(shape)) if i not in axes), "{", "    T t = -INFINITY;")
    e.say("    long j = 0, best = 0;", f"    {over} {{")
    e.say(
        f"        const T x = {read};", "        if (x > t || (x != x && t == t)) { t = x; best = j; }", "        j++;"
    )
    e.say("    }", f"    {target} = (T)best;", "}")


def _einsum(e: Emitter, n: int, value: Value) -> None:
    inputs, result = read_subscripts(value.attrs["subscripts"], len(value.operands))
    sizes = {c: s for letters, x in zip(inputs, value.operands, strict=True)
             for c, s in zip(letters, e.values[x].shape, strict=True)}  # fmt: skip
    loops = {c: f"for (long i_{c} = 0; i_{c} < {size}; i_{c}++)" for c, size in sizes.items()}
    factors = [
        e.at(x, [f"i_{c}" for c in letters], e.values[x].shape)
        for letters, x in zip(inputs, value.operands, strict=True)
    ]
    inner = [loops[c] for c in sizes if c not in result]
    e.say(*(loops[c] for c in result), "{", "    T t = 0;", f"    {' '.join(inner)} t += {' * '.join(factors)};")
    e.say(f"    {e.at(n, [f'i_{c}' for c in result], value.shape)} = t;", "}")


OPS: Mapping[str, Callable[[Emitter, int, Value], None]] = {
    "": copy,
    "sum": _reduced,
    "prod": _reduced,
    "max": _reduced,
    "min": _reduced,
    "matmul": _matmul,
    "concatenate": _concatenate,
    "cumsum": _cumsum,
    "index_add": _index_add,
    **BY_IDS,
    **MATRICES,
    "pad": _placed,
    "all_but_one": _placed,
    "diagonal_matrix": _placed,
    "max_share": _share,
    "argmax": _argmax,
    "einsum": _einsum,
}
