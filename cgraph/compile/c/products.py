"""C for products of matrices: calls of BLAS where they are large, loops where they are small."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cgraph.compile.blas import AS_IT_IS, ROW_MAJOR, TRANSPOSED
from cgraph.compile.c.table import number
from cgraph.compile.c.writer import Emit, Writer, counters, heads, pointer
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.places import Place
from cgraph.ops.linear import read_subscripts
from cgraph.ops.named import ByOp

PRODUCTS: ByOp[Emit] = ByOp()

INLINE = 3000  # multiplications: smaller products are loops, for the call of a library costs more


@PRODUCTS
def _matmul(w: Writer, n: int, value: Value) -> None:
    x, y = value.operands
    product(w, n, x, y)


def product(w: Writer, target: int, x: int, y: int, factor: float = 1.0, added: bool = False) -> None:
    """target = x @ y, or target += factor·(x @ y): by BLAS where it is large, by loops where it is small."""
    left, right, shape = w.values[x].shape, w.values[y].shape, w.values[target].shape
    depth = left[-1]
    if w.library and len(left) == len(right) == 2 and depth and prod(shape) * depth > INLINE:
        a, b = (_matrix(w.plan.places[i], w.values[i].shape) for i in (x, y))
        if a and b:
            w.gemm = True
            (m, n), places = shape, [w.plan.places[i] for i in (x, y)]
            one, two = (f"{pointer(place)}, {steps}" for place, (_, steps) in zip(places, (a, b), strict=True))
            sizes, out = f"{m}, {n}, {depth}", f"{pointer(w.plan.places[target])}, {n}"
            w.say(f"gemm({ROW_MAJOR}, {a[0]}, {b[0]}, {sizes}, {number(factor)}, {one}, {two}, {int(added)}, {out});")
            return
    large = w.library and len(left) == len(right) > 2 and depth and prod(shape[-2:]) * depth > INLINE
    if large and not added and _stacked(w, target, x, y, factor):
        return
    _looped(w, target, x, y, "" if factor == 1 else f"{number(factor)} * ", added)


def _stacked(w: Writer, target: int, x: int, y: int, factor: float) -> bool:
    """A call of BLAS for each product of a stack; whether BLAS can read the matrices."""
    shape, places = w.values[target].shape, [w.plan.places[i] for i in (x, y)]
    shapes = [w.values[i].shape for i in (x, y)]
    inner = [place._replace(strides=place.strides[-2:]) for place in places]
    a, b = (_matrix(place, size[-2:]) for place, size in zip(inner, shapes, strict=True))
    if not a or not b or any(s[:-2] != shape[:-2] for s in shapes):
        return False
    w.gemm = True
    index = counters(shape[:-2])
    one, two = (
        f"&{w.indexed(place, place.strides, [*index, '0', '0'])}, {steps}"
        for place, (_, steps) in zip(places, (a, b), strict=True)
    )
    (m, n), depth = shape[-2:], shapes[0][-1]
    out = f"&{w.indexed(w.plan.places[target], w.plan.places[target].strides, [*index, '0', '0'])}, {n}"
    w.say(*heads(index, shape[:-2]))
    w.say(f"    gemm({ROW_MAJOR}, {a[0]}, {b[0]}, {m}, {n}, {depth}, {number(factor)}, {one}, {two}, 0, {out});")
    return True


def _looped(w: Writer, target: int, x: int, y: int, times: str, added: bool) -> None:
    left, right, shape = w.values[x].shape, w.values[y].shape, w.values[target].shape
    row, column = ["r"] if len(left) > 1 else [], ["c"] if len(right) > 1 else []
    stack = shape[: len(shape) - len(row) - len(column)]
    index = counters(stack)
    before = {i: index[len(index) - len(w.values[i].shape) + 2 :] for i in (x, y)}
    out = w.at(target, [*index, *row, *column], shape)
    one = w.at(x, [*before[x], *row, "k"] if row else ["k"], left)
    two = w.at(y, [*before[y], "k", *column] if column else ["k"], right)
    along = f"for (long k = 0; k < {left[-1]}; k++)"
    w.say(*heads(index, stack), *heads(row, left[-2:-1]), "{")
    if column:
        across = f"for (long c = 0; c < {right[-1]}; c++)"
        w.say(*([] if added else [f"    {across} {out} = 0;"]), f"    {along} {{", f"        const T a = {times}{one};")
        w.say("        #pragma omp simd", f"        {across} {out} += a * {two};", "    }")
    else:
        so_far = f"{out} + " if added else ""
        w.say("    T t = 0;", f"    {along} t += {one} * {two};", f"    {out} = {so_far}{times}t;")
    w.say("}")


def _matrix(place: Place, shape: Sequence[int]) -> tuple[int, int] | None:
    """How BLAS reads a matrix at a place; None when it cannot."""
    (rows, columns), (down, across) = shape, place.strides
    if (across == 1 or columns == 1) and (down >= columns or rows == 1):
        return AS_IT_IS, max(down if rows > 1 else columns, columns, 1)
    if (down == 1 or rows == 1) and (across >= rows or columns == 1):
        return TRANSPOSED, max(across if columns > 1 else rows, rows, 1)
    return None


@PRODUCTS
def _einsum(w: Writer, n: int, value: Value) -> None:
    inputs, result = read_subscripts(value.attrs["subscripts"], len(value.operands))
    sizes = {c: s for letters, x in zip(inputs, value.operands, strict=True)
             for c, s in zip(letters, w.values[x].shape, strict=True)}  # fmt: skip
    loops = {c: f"for (long i_{c} = 0; i_{c} < {size}; i_{c}++)" for c, size in sizes.items()}
    factors = [
        w.at(x, [f"i_{c}" for c in letters], w.values[x].shape)
        for letters, x in zip(inputs, value.operands, strict=True)
    ]
    inner = [loops[c] for c in sizes if c not in result]
    w.say(*(loops[c] for c in result), "{", "    T t = 0;", f"    {' '.join(inner)} t += {' * '.join(factors)};")
    w.say(f"    {w.at(n, [f'i_{c}' for c in result], value.shape)} = t;", "}")
