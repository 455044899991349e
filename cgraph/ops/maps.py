"""Linear maps as they are written on edges: what a pullback makes of the upstream gradient, as a formula.

A row gives each map as a text, or as a function of the operands' shapes and the attributes that gives one. In it {g}
stands for the upstream gradient, {x}, {y} or {0}, {1}, ... for the operands and {z} for the result; `A B` is a product
of matrices or by a number, ⊙ goes element by element and broadcasts as NumPy does, ⊗ is the outer product, `Aᵀ` turns
each matrix of a stack, `Σ_0` and `mean_0` go over axes, `1_(2×3)` is an array of ones, `e_(...)` one of zeros and
a 1, D a derivative along what stands in its brackets, `A[...]` picks as in NumPy, and all else is a function of the
table or of NumPy. The letters i, j, k, ... are places along the operand's axes 0, 1, 2, ...: what is written with them
holds for each place, and `A_i`, `A_:j` are a row and a column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

from cgraph import shapes
from cgraph.shapes import Dimension, Shape

Attributes: TypeAlias = Mapping[str, Any]
Written: TypeAlias = "str | Callable[[Sequence[Shape], Attributes], str]"
WrittenAt: TypeAlias = "Callable[[int], Written]"
LETTERS = "ijklmnpqabcdefgh"  # of the operand's axes
BOUND = "r"  # of a sum or a product


# Parts ----------------------------------------------------------------------------------------------------------------
def under(axes: Sequence[int]) -> str:
    """Axes below a sign: `_0`, `_(0,2)`; nothing for none."""
    return f"_({','.join(map(str, axes))})" if len(axes) > 1 else f"_{axes[0]}" if axes else ""


def sized(dimensions: Sequence[Dimension]) -> str:
    """`2×3`."""
    return "×".join(map(str, dimensions))


def ones(dimensions: Sequence[Dimension]) -> str:
    """An array of ones: `1_(2×3)`."""
    return f"1_({sized(dimensions)})"


def factors(*what: str) -> str:
    """What is not nothing, with a space between."""
    return " ".join(filter(None, what))


def count(dimensions: Sequence[Dimension], less: float = 0) -> str:
    """How many elements there are, less a number: `6`, `3m`, `(m − 1)`."""
    names = [str(d) for d in dimensions if isinstance(d, str)]
    whole = prod(d for d in dimensions if not isinstance(d, str))
    if not names:
        return f"{whole - int(less) if less == int(less) else whole - less}".replace("-", "−")
    many = " ".join(names if whole == 1 else [str(whole), *names])
    return f"({many} − {less:g})" if less else f"({many})" if len(many) > 1 else many


def over(number: int, divisor: str) -> str:
    """A number by another one, as a factor: `(1/6)`; nothing for 1."""
    if divisor == "1":
        return "" if number == 1 else str(number)
    return "" if str(number) == divisor else f"({number}/{divisor})"


def along(rank: int, axes: Sequence[int]) -> str:
    """Of an operand all that lies along these axes, for each place along the others: `_i`, `_:j`; nothing for all."""
    marks = "".join(":" if i in axes else LETTERS[i] for i in range(rank)).rstrip(":")
    return f"_{marks}" if marks else ""


def beside(rank: int, axes: Sequence[int], keepdims: bool = False) -> str:
    """Of a result that is reduced along these axes the same place as `along`: `_i`, `_j`."""
    if keepdims:
        return along(rank, axes)
    marks = "".join(LETTERS[i] for i in range(rank) if i not in axes)
    return f"_{marks}" if marks else ""


def widened(what: str, rank: int, axes: Sequence[int], keepdims: bool) -> str:
    """What is reduced along these axes, with those back that broadcasting needs: `{g}[:, None]`."""
    if keepdims or not set(range(rank)) - set(axes):
        return what
    first = min(i for i in range(rank) if i not in axes)
    if not any(i > first for i in axes):
        return what
    return f"{what}[{', '.join('None' if i in axes else ':' for i in range(first, rank))}]"


def times(rank: int, axes: Sequence[int], keepdims: bool) -> str:
    """What stands between something reduced and an array: nothing after a number, else ⊙."""
    return " " if len(axes) == rank and not keepdims else " ⊙ "


def spread(x: Shape, axes: Sequence[int], keepdims: bool) -> str:
    """The gradient of a sum: the same for every element that was summed."""
    if not axes:
        return "{g}"
    if keepdims:
        return f"{ones(x)} ⊙ {{g}}"
    if len(axes) == len(x):
        return f"{{g}} {ones(x)}"
    some = ones([x[i] for i in axes])
    if max(axes) == len(axes) - 1:
        return f"{some} ⊗ {{g}}"
    if min(axes) == len(x) - len(axes):
        return f"{{g}} ⊗ {some}"
    return f"{ones(x)} ⊙ {widened('{g}', len(x), axes, keepdims)}"


def summed(what: str, have: Shape, want: Shape) -> str:
    """The sum of something over the axes along which an operand was broadcast, `what` in brackets where it is more."""
    extra = len(have) - len(want)
    stretched = [i for i in range(extra, len(have)) if have[i] != want[i - extra]]
    axes = [*range(extra), *stretched]
    if not axes:
        return what
    total = f"Σ{under(axes) if want else ''}"
    if what == "{g}":
        return f"reshape({total} {what}; [{sized(want)}])" if stretched else f"{total} {what}"
    return f"reshape({total}({what}); [{sized(want)}])" if stretched else f"{total}({what})"


def reduced(attrs: Attributes) -> tuple[Sequence[int], bool]:
    """The axes of a reduction, and whether they are kept."""
    return attrs["axis"], attrs["keepdims"]


# Reductions -----------------------------------------------------------------------------------------------------------
def of_sum(x: Sequence[Shape], attrs: Attributes) -> str:
    """To each element alike."""
    return spread(x[0], *reduced(attrs))


def of_mean(x: Sequence[Shape], attrs: Attributes) -> str:
    """A share of it to each."""
    return factors(over(1, count([x[0][i] for i in attrs["axis"]])), spread(x[0], *reduced(attrs)))


def of_product(x: Sequence[Shape], attrs: Attributes) -> str:
    """To each element the product of the others."""
    axes, keepdims = reduced(attrs)
    if not axes:
        return "{g}"
    rank, others = len(x[0]), "rstuvwo"[: len(axes)]
    letters = "".join(others[list(axes).index(i)] if i in axes else LETTERS[i] for i in range(rank))
    mine = "".join(LETTERS[i] for i in axes)
    kept = "".join("0" if i in axes else LETTERS[i] for i in range(rank)) if keepdims else ""
    g = "{g}" + (f"_({','.join(kept)})" if keepdims else beside(rank, axes))
    return f"{g} ∏_({others}≠{mine}) {{x}}_{letters}"


def of_all_but_one(x: Sequence[Shape], attrs: Attributes) -> str:
    """The sum over the rows in which an element stands."""
    axis, letters = attrs["axis"], LETTERS[: len(x[0])]
    return f"Σ_({BOUND}≠{letters[axis]}) {{g}}_{letters[:axis]}{BOUND}{letters[axis:]}"


def less_mean(what: str, rank: int, axes: Sequence[int]) -> str:
    """Something less its mean over these axes."""
    if not axes:
        return f"{what} − {what}"
    return f"{what} − mean({what})" if len(axes) == rank else f"{what} − mean{under(axes)}({what}; keepdims)"


def of_centre(x: Sequence[Shape], attrs: Attributes) -> str:
    """The same on the gradient."""
    return less_mean("{g}", len(x[0]), attrs["axis"])


def of_spread(factor: int, last: str) -> Callable[[Sequence[Shape], Attributes], str]:
    """The slope of a variance, or, divided by it, of a standard deviation."""

    def text(x: Sequence[Shape], attrs: Attributes) -> str:
        axes, keepdims = reduced(attrs)
        rank = len(x[0])
        divisor = over(factor, count([x[0][i] for i in axes], attrs["ddof"]))
        g, z = (widened(one, rank, axes, keepdims) for one in ("{g}", "{z}"))
        found = f"{factors(divisor, g)}{times(rank, axes, keepdims)}({less_mean('{x}', rank, axes)})"
        return found + (f"/{z}" if last else "")

    return text


def of_norm(x: Sequence[Shape], attrs: Attributes) -> str:
    """The direction of the operand."""
    axes, keepdims = reduced(attrs)
    g, z = (widened(one, len(x[0]), axes, keepdims) for one in ("{g}", "{z}"))
    return f"{g}{times(len(x[0]), axes, keepdims)}{{x}}/{z}"


def of_logsumexp(x: Sequence[Shape], attrs: Attributes) -> str:
    """The softmax of the operand."""
    axes, keepdims = reduced(attrs)
    rank = len(x[0])
    where = "" if tuple(axes) == (rank - 1,) else under(axes)
    return f"{widened('{g}', rank, axes, keepdims)}{times(rank, axes, keepdims)}softmax{where}({{x}})"


def of_extreme(place: str) -> Callable[[Sequence[Shape], Attributes], str]:
    """The unit array at the place of the largest or smallest element; of ties that split it, their indicator."""

    def text(x: Sequence[Shape], attrs: Attributes) -> str:
        axes, keepdims = reduced(attrs)
        rank = len(x[0])
        if attrs["ties"] == "first":
            between = " ⊙ " if keepdims else " "
            return f"{{g}}{beside(rank, axes, keepdims)}{between}e_({place}({{x}}{along(rank, axes)}))"
        here = f"1[{{x}} = {widened('{z}', rank, axes, keepdims)}]"
        total = f"Σ {here}" if len(axes) == rank else f"Σ{under(axes)}({here}; keepdims)"
        return f"{widened('{g}', rank, axes, keepdims)}{times(rank, axes, keepdims)}{here}/{total}"

    return text


# Products -------------------------------------------------------------------------------------------------------------
def of_matmul(position: int) -> Written:
    """Upstream times the right operand's transpose; the left operand's transpose times upstream."""

    def text(operands: Sequence[Shape], attrs: Attributes) -> str:
        x, y = operands
        if max(len(x), len(y)) < 3:
            return _OF_FLAT[len(x), len(y)][position]
        if min(len(x), len(y)) == 1:
            return _of_vector_and_stack(position, len(x), len(y))
        stack = shapes.broadcast([x[:-2], y[:-2]])
        want = (x, y)[position]
        return summed(("{g} {y}ᵀ", "{x}ᵀ {g}")[position], (*stack, *want[-2:]), want)

    return text


_OF_FLAT = {
    (1, 1): ("{g} {y}", "{g} {x}"), (2, 1): ("{g} ⊗ {y}", "{x}ᵀ {g}"),
    (1, 2): ("{g} {y}ᵀ", "{x} ⊗ {g}"), (2, 2): ("{g} {y}ᵀ", "{x}ᵀ {g}"),
}  # fmt: skip


def _of_vector_and_stack(position: int, left: int, right: int) -> str:
    stack = LETTERS[: max(left, right) - 2]
    inner, outer = LETTERS[len(stack)], LETTERS[len(stack) + 1]
    names = (inner, stack + inner + outer) if left == 1 else (stack + outer + inner, inner)
    return _einsum(["{g}", "{1}" if position == 0 else "{0}"], [stack + outer, names[1 - position]], names[position])


def _einsum(what: Sequence[str], letters: Sequence[str], result: str) -> str:
    return f"einsum({', '.join(what)}; {','.join(letters)}→{result})"


def of_einsum(position: int) -> Written:
    """The einsum of the gradient and the other operands; a letter that they lack is that of ones."""

    def text(operands: Sequence[Shape], attrs: Attributes) -> str:
        left, _, result = attrs["subscripts"].partition("->")
        inputs = left.split(",")
        mine = inputs[position]
        others = [i for i in range(len(inputs)) if i != position]
        what, letters = ["{g}", *(f"{{{i}}}" for i in others)], [result, *(inputs[i] for i in others)]
        lost = [i for i, c in enumerate(mine) if c not in "".join(letters)]
        if lost:
            what.append(ones([operands[position][i] for i in lost]))
            letters.append("".join(mine[i] for i in lost))
        return _einsum(what, letters, mine)

    return text


def of_solve(position: int) -> Written:
    """Another system, of the transposed matrix; for the matrix, times the solution."""

    def text(operands: Sequence[Shape], attrs: Attributes) -> str:
        x, y = operands
        rows = along(len(x), (len(x) - 2, len(x) - 1)) if len(y) == 1 else ""
        inner = f"{{x}}{rows}⁻ᵀ {{g}}{rows}"
        if len(y) == 1:
            return f"−({inner}) ⊗ {{z}}{rows}" if position == 0 else f"Σ_({rows[1:]}) {inner}" if rows else inner
        stack = shapes.broadcast([x[:-2], y[:-2]])
        want = operands[position]
        return summed((f"−{inner} {{z}}ᵀ", inner)[position], (*stack, *want[-2:]), want)

    return text


def of_det(last: str) -> Callable[[Sequence[Shape], Attributes], str]:
    """Upstream times a matrix, for each matrix of a stack."""

    return _for_each(last, (None, None))


def _for_each(last: str, over: tuple[None, ...]) -> Callable[[Sequence[Shape], Attributes], str]:
    """Upstream, a number for each part of a stack, times that part, which has as many axes as `over`."""

    def text(x: Sequence[Shape], attrs: Attributes) -> str:
        alone = len(x[0]) == len(over)
        return f"{{g}} {last}" if alone else f"{{g}}[..., {', '.join(map(str, over))}] ⊙ {last}"

    return text


def of_adjugate(position: int, has: int) -> str:
    """The mixed derivative of the adjugate along `has` directions, to an operand: D is the derivative along them."""
    others = [f"{{{i}}}" for i in range(1, has + 1) if i != position]
    order = len(others) + 1
    power = "" if order == 1 else str(order).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"D{power} adj({{x}})[{', '.join([*others, '{g}ᵀ'])}]ᵀ"


def of_adjugate_along(position: int) -> Written:
    """As `of_adjugate`, for any number of directions."""
    return lambda operands, attrs: of_adjugate(position, len(operands) - 1)


# Diagonals, shapes, places --------------------------------------------------------------------------------------------
def of_diagonal(x: Sequence[Shape], attrs: Attributes) -> str:
    """On the diagonal, and 0 elsewhere."""
    axis, letters = attrs["axis"], LETTERS[: len(x[0])]
    if len(letters) == 2:
        return "diag({g})"
    return f"δ_{letters[axis : axis + 2]} {{g}}_{letters[: axis + 1]}{letters[axis + 2 :]}"


def of_diagonal_matrix(x: Sequence[Shape], attrs: Attributes) -> str:
    """The diagonal."""
    axis, letters = attrs["axis"], LETTERS[: len(x[0])]
    return "diag({g})" if len(letters) == 1 else f"{{g}}_{letters[: axis + 1]}{letters[axis:]}"


def reshaped(x: Sequence[Shape], attrs: Attributes) -> str:
    """In the operand's shape."""
    return f"reshape({{g}}; [{sized(x[0])}])"


def of_transpose(x: Sequence[Shape], attrs: Attributes) -> str:
    """Transposed back."""
    axes = attrs["axes"]
    back = tuple(axes.index(i) for i in range(len(axes)))
    if back == tuple(range(len(axes))):
        return "{g}"
    return "{g}ᵀ" if len(axes) == 2 else f"{{g}}ᵀ{''.join(map(str, back))}"


def of_broadcast(x: Sequence[Shape], attrs: Attributes) -> str:
    """The sum over all copies."""
    return summed("{g}", attrs["shape"] if "shape" in attrs else x[1], x[0])


def of_flip(x: Sequence[Shape], attrs: Attributes) -> str:
    """In the other order again."""
    if not attrs["axis"]:
        return "{g}"
    return f"flip{'' if len(attrs['axis']) == len(x[0]) else under(attrs['axis'])}({{g}})"


def of_cumsum(x: Sequence[Shape], attrs: Attributes) -> str:
    """The sum from an element on."""
    axis, letters = attrs["axis"], LETTERS[: len(x[0])]
    return f"Σ_({BOUND}≥{letters[axis]}) {{g}}_{letters[:axis]}{BOUND}{letters[axis + 1 :]}"


def of_pad(x: Sequence[Shape], attrs: Attributes) -> str:
    """Without what was added."""
    pairs = zip(x[0], attrs["width"], strict=True)
    parts = [f"{a}:{a + size}" if a or b else ":" for size, (a, b) in pairs]
    return f"{{g}}[{', '.join(parts)}]" if any(p != ":" for p in parts) else "{g}"


def of_index(x: Sequence[Shape], attrs: Attributes) -> str:
    """At the places that were picked, added where one was picked twice; 0 elsewhere."""
    return f"scatter {{g}} at {attrs['key']}"


def of_index_add(x: Sequence[Shape], attrs: Attributes) -> str:
    """What stands at these places."""
    return f"{{g}}{attrs['key']}"


def of_take(x: Sequence[Shape], attrs: Attributes) -> str:
    """To the rows that were taken, added where one was taken twice."""
    return f"scatter {of_scatter_add(x, attrs).replace('[', ' at [', 1)}"


def of_scatter_add(x: Sequence[Shape], attrs: Attributes) -> str:
    """The rows of the ids, as NumPy picks them."""
    return f"{{g}}[{':, ' * attrs['axis']}{{y}}]"


def of_take_along(x: Sequence[Shape], attrs: Attributes) -> str:
    """To the places from where it was taken, for each row along the axis."""
    rows = along(len(x[0]), [attrs["axis"]])
    return f"scatter {{g}}{rows} at [{{y}}{rows}]"


def of_add_along(x: Sequence[Shape], attrs: Attributes) -> str:
    """What stands at the places, for each row along the axis."""
    rows = along(len(x[0]), [attrs["axis"]])
    return f"{{g}}{rows}[{{y}}{rows}]"


def of_windows(x: Sequence[Shape], attrs: Attributes) -> str:
    """Back to where the windows see, added where several see one element."""
    return f"windowsᵀ({{g}}{_sliding(attrs)})"


def of_windows_add(x: Sequence[Shape], attrs: Attributes) -> str:
    """What the windows see."""
    return f"windows({{g}}{_sliding(attrs)})"


def _sliding(attrs: Attributes) -> str:
    """The sizes of windows, and how they stride and are spread where that is not 1: `; 2×3; stride 2×2`."""
    more = [f"; {what} {sized(attrs[what])}" for what in ("stride", "dilation") if set(attrs[what]) != {1}]
    return "".join([f"; {sized(attrs['size'])}", *more])


def of_concatenate(position: int) -> Written:
    """The part that the operand is."""

    def text(operands: Sequence[Shape], attrs: Attributes) -> str:
        axis = attrs["axis"]
        start = sum(int(x[axis]) for x in operands[:position])
        return f"{{g}}[{':, ' * axis}{start}:{start + int(operands[position][axis])}]"

    return text


def of_sort(order: str) -> Callable[[Sequence[Shape], Attributes], str]:
    """In another order, for each row along the axis."""

    def text(x: Sequence[Shape], attrs: Attributes) -> str:
        rows = along(len(x[0]), [attrs["axis"]])
        return f"{{g}}{rows}[{order.format(f'{{y}}{rows}')}]"

    return text


def of_recurrence(position: int) -> Written:
    """The sum over all later results, each through the factors between; times the result before for a factor."""

    def text(x: Sequence[Shape], attrs: Attributes) -> str:
        axis = attrs["axis"]
        letters = LETTERS[: len(x[0])]

        def at(letter: str) -> str:
            places = [letter if i == axis else c for i, c in enumerate(letters)]
            return f"_({','.join(places)})" if len(letter) > 1 else "_" + "".join(places)

        here = letters[axis]
        total = f"Σ_(r≥{here}) {{g}}{at('r')} ∏_({here}<s≤r) {{x}}{at('s')}"
        return f"{{z}}{at(here + '−1')} {total}" if position == 0 else total

    return text


# Nets -----------------------------------------------------------------------------------------------------------------
def of_rows(text: str, rest: str = "") -> Callable[[Sequence[Shape], Attributes], str]:
    """A map that is the same for each row along an axis; `@` in the text stands after what is one row of an array.

    Of several axes together, `rest` is the map element by element, where `%` stands for the axes, `$` for keeping them.
    """

    def written(x: Sequence[Shape], attrs: Attributes) -> str:
        axis = attrs.get("axis", -1)
        rank = len(x[0])
        if isinstance(axis, tuple):
            return rest.replace("%", under(axis)).replace("$", "; keepdims")
        return text.replace("@", along(rank, [axis % rank] if rank else []))

    return written


def of_loss(last: str) -> Callable[[Sequence[Shape], Attributes], str]:
    """A loss of rows: upstream, a number for each row, times a row."""
    return _for_each(last, (None,))
