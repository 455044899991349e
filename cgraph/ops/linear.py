"""Products of matrices, vectors and stacks of them, and sums of products by Einstein's notation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops import maps
from cgraph.ops.facts import Sizes
from cgraph.ops.op import Attrs, Example, Op, joining, structural, unbroadcast
from cgraph.shapes import Shape


def _matmul(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, shapes.matmul(*operands)


def flipped(w: Any, x: Any) -> Any:
    """The matrices of a stack, each transposed."""
    return w.transpose(x, axes=(*range(len(x.shape) - 2), len(x.shape) - 1, len(x.shape) - 2))


def _row(w: Any, x: Any) -> Any:
    """A vector on the left of a product as a matrix of one row."""
    return w.expand_dims(x, axis=(0,)) if len(x.shape) == 1 else x


def _column(w: Any, y: Any) -> Any:
    """A vector on the right of a product as a matrix of one column."""
    return w.expand_dims(y, axis=(1,)) if len(y.shape) == 1 else y


def _as_matrices(w: Any, g: Any, x: Any, y: Any) -> Any:
    """The upstream gradient of `x @ y` with the axes back that the product dropped for vectors."""
    if len(y.shape) == 1:
        g = w.expand_dims(g, axis=(len(g.shape),))
    if len(x.shape) == 1:
        g = w.expand_dims(g, axis=(len(g.shape) - 1,))
    return g


def _to_left(w: Any, g: Any, z: Any, x: Any, y: Any) -> Any:
    product = unbroadcast(w, _as_matrices(w, g, x, y) @ flipped(w, _column(w, y)), _row(w, x))
    return w.sum(product, axis=(0,)) if len(x.shape) == 1 else product


def _to_right(w: Any, g: Any, z: Any, x: Any, y: Any) -> Any:
    product = unbroadcast(w, flipped(w, _row(w, x)) @ _as_matrices(w, g, x, y), _column(w, y))
    return w.sum(product, axis=(1,)) if len(y.shape) == 1 else product


# Einstein's notation --------------------------------------------------------------------------------------------------
def read_subscripts(subscripts: object, count: int, diagonals: bool = False) -> tuple[list[str], str]:
    """The letters of each operand and of the result: `"ij,jk->ik"` is `["ij", "jk"], "ik"`.

    Without an arrow the result has the letters that stand once, in the order of the alphabet. With `diagonals` a
    letter may stand twice in an operand; the row itself knows no diagonals, `cg.einsum` makes them.
    """
    text = "".join(subscripts.split()) if isinstance(subscripts, str) else ""
    left, arrow, result = text.partition("->")
    inputs = left.split(",")
    letters = "".join(inputs)
    if not arrow:
        result = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    why = ""
    if not isinstance(subscripts, str) or not (letters + result or "a").isalpha():
        why = "subscripts are letters, commas and one arrow"
    elif len(inputs) != count:
        why = f"there are {count} operand(s)"
    elif any(len(set(part)) != len(part) for part in ((result,) if diagonals else (*inputs, result))):
        why = "a letter may stand once in the result" + ("" if diagonals else ", and once in an operand")
    elif not set(result) <= set(letters):
        why = f"{sorted(set(result) - set(letters))[0]!r} stands in no operand"
    if why:
        fix = "write them as 'ij,jk->ik'"
        raise ShapeError(f"the subscripts {subscripts!r}", why=why, fix=fix)
    return inputs, result


def _einsum_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    inputs, result = read_subscripts(attrs["subscripts"], len(operands))
    sizes: dict[str, shapes.Dimension] = {}
    for letters, shape in zip(inputs, operands, strict=True):
        if len(letters) != len(shape):
            raise ShapeError(f"{letters!r} for the shape {shapes.show(shape)}", why="each dimension needs a letter")
        for letter, size in zip(letters, shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(f"the sizes {sizes[letter]} and {size} of {letter!r} differ")
    return {"subscripts": f"{','.join(inputs)}->{result}"}, tuple(sizes[c] for c in result)


def _einsum(xp: Any, *operands: Any, subscripts: str) -> Any:
    return xp.einsum(subscripts, *operands, optimize=len(operands) > 2)


def _products(result: Sizes, operands: Sequence[Sizes], attrs: Attrs) -> int:
    return 2 * prod(result) * operands[0][-1]


def _terms(result: Sizes, operands: Sequence[Sizes], attrs: Attrs) -> int:
    inputs, _ = read_subscripts(attrs["subscripts"], len(operands))
    sizes = {c: n for letters, shape in zip(inputs, operands, strict=True) for c, n in zip(letters, shape, strict=True)}
    return len(operands) * prod(sizes.values())  # the products, and the sum


def _to_term(i: int) -> Callable[..., Any]:
    """The pullback of einsum to operand i: another einsum, and copies along the letters that it alone had."""

    def pullback(w: Any, g: Any, z: Any, *x: Any, subscripts: str) -> Any:
        inputs, result = read_subscripts(subscripts, len(x))
        others = [*inputs[:i], *inputs[i + 1 :]]
        found = "".join(c for c in inputs[i] if c in result or c in "".join(others))
        down = w.einsum(g, *x[:i], *x[i + 1 :], subscripts=f"{','.join([result, *others])}->{found}")
        lost = tuple(place for place, c in enumerate(inputs[i]) if c not in found)
        return w.broadcast_like(w.expand_dims(down, axis=lost), x[i]) if lost else down

    return pullback


# fmt: off
PRODUCTS: tuple[Example, ...] = (
    (((2, 3), (3, 4)), {}),
    (((3,), (3,)), {}),
    (((2, 3), (3,)), {}),
    (((2,), (2, 3)), {}),
    (((3, 1, 2), (2, 2)), {}),
    (((2,), (3, 2, 2)), {}),
)
ROWS: tuple[Op, ...] = (
    structural("matmul", "x @ y", "matmul",
               (maps.of_matmul(0), _to_left),
               (maps.of_matmul(1), _to_right), infer=_matmul, sign="•", examples=PRODUCTS,
               written="dot", linear=(0, 1), cost=_products),
    joining("einsum", "sum of x*y*... by subscripts", _einsum, maps.of_einsum, _to_term,
            infer=_einsum_shape, subscripts="", cost=_terms, through=True,
            examples=[(((2, 3), (3, 2)), {"subscripts": "ij,jk->ki"}), (((2, 3), (2,)), {"subscripts": "ij,k->k"}),
                      (((2, 2), (2, 2), (2,)), {"subscripts": "bi,bj,b->bij"})]),
)
# fmt: on
