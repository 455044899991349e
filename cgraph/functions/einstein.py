"""Einstein's notation with all that NumPy reads in it, in terms of the table's einsum, which knows plain letters."""

from __future__ import annotations

from cgraph.errors import ShapeError
from cgraph.functions.apply import op
from cgraph.graph.node import Node, Operand, as_node
from cgraph.ops.linear import read_subscripts
from cgraph.shapes import show


def einsum(subscripts: str, *operands: Operand) -> Node:
    """A sum of products by Einstein's notation: `einsum("ij,jk->ik", x, y)` is x @ y.

    A letter that stands twice in an operand takes the diagonal of it, `...` stands for the dimensions that have no
    letter; they broadcast. Without an arrow the result has the dimensions of `...`, then the letters that stand once.
    Raises ShapeError for what does not read, and for sizes that do not fit.

    >>> import cgraph as cg
    >>> einsum("bij->bji", cg.variable("x", ("b", 2, 3))).shape, einsum("ii", cg.variable("x", (3, 3))).shape
    (('b', 3, 2), ())
    """
    nodes = [as_node(x) for x in operands]
    plain = _without_dots(subscripts, nodes) if isinstance(subscripts, str) and "." in subscripts else subscripts
    inputs, result = read_subscripts(plain, len(nodes), diagonals=True)
    for i, letters in enumerate(inputs):
        if len(letters) != len(nodes[i].shape):
            raise ShapeError(
                f"einsum of {letters!r} and {show(nodes[i].shape)}",
                where=nodes[i].where,
                why="each dimension needs a letter",
                fix="write ... for the dimensions without one",
            )
        inputs[i], nodes[i] = _diagonals(letters, nodes[i])
    if len(nodes) != 1:
        return op("einsum", *nodes, subscripts=f"{','.join(inputs)}->{result}")
    (letters,), (x,) = inputs, nodes
    lost = tuple(i for i, c in enumerate(letters) if c not in result)
    left = [c for c in letters if c in result]
    x = op("sum", x, axis=lost) if lost else x
    return x if left == list(result) else op("transpose", x, axes=tuple(left.index(c) for c in result))


def _without_dots(subscripts: str, nodes: list[Node]) -> str:
    """The subscripts with letters for `...`; an operand whose size is 1 where others have more loses that axis."""
    text = "".join(subscripts.split())
    left, arrow, result = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(nodes):
        return text.replace("...", "")  # whose error says how many operands there are
    free = [len(x.shape) - len(p.replace("...", "")) if "..." in p else 0 for x, p in zip(nodes, inputs, strict=True)]
    from string import ascii_letters  # whose module takes as long to import as ten of ours

    spare = "".join([c for c in reversed(ascii_letters) if c not in text][: max(free)][::-1])
    if min(free) < 0 or (arrow and "..." not in result and spare):
        raise ShapeError(
            f"the subscripts {subscripts!r}",
            why="an operand has fewer dimensions than letters" if min(free) < 0 else "the result needs the `...` too",
            fix="write them as '...ij,...jk->...ik'",
        )
    spelled = [part.replace("...", spare[len(spare) - count :]) for part, count in zip(inputs, free, strict=True)]
    wide = {
        c for letters, x in zip(spelled, nodes, strict=True) for c, d in zip(letters, x.shape, strict=False) if d != 1
    }
    for i, (letters, x) in enumerate(zip(spelled, nodes, strict=True)):
        lost = tuple(place for place, c in enumerate(letters) if c in spare and c in wide and x.shape[place] == 1)
        if lost:
            nodes[i] = op("squeeze", x, axis=lost)
            spelled[i] = "".join(c for place, c in enumerate(letters) if place not in lost)
    once = "".join(sorted(c for c in set(left) if c.isalpha() and left.count(c) == 1))
    return f"{','.join(spelled)}->{result.replace('...', spare) if arrow else spare + once}"


def _diagonals(letters: str, x: Node) -> tuple[str, Node]:
    """An operand with each letter once: the diagonal of the axes that share one."""
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            axes = [i for i in range(len(letters)) if i != second]
            axes.insert(first + 1, second)
            x = op("diagonal", x if second == first + 1 else op("transpose", x, axes=tuple(axes)), axis=first)
            letters = letters[:second] + letters[second + 1 :]
    return letters, x
