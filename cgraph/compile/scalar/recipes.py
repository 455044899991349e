"""What the chain rule writes for one op, read once from a backward pass through that op alone."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any, NamedTuple

from cgraph.compile.scalar.world import LITERAL, Slot, Tape
from cgraph.graph.node import build, constant, variable
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.passes.backward import backward
from cgraph.passes.forward import forward

_ADD = TABLE["add"]
as_bytes = Struct("d")  # as a key: tells 0 from -0, and NaN is equal to itself


class Kind(NamedTuple):
    """Nodes with one recipe; their operands and their gradient are known numbers (as bytes) or, None, slots."""

    row: Op
    attrs: tuple[tuple[str, Any], ...]
    operands: tuple[bytes | None, ...]
    upstream: bytes | None = None


class Recipe(NamedTuple):
    """What a backward pass through one op writes on a tape of its own, on which slot 0 is the upstream gradient.

    `steps` are the slots that it writes there, each with its kind and its three operands; `places` are the slots of
    the operands and of the result (None for numbers), `literals` those of numbers, with their slots on the large
    tape; `flows` has the slot, or the number, that goes to each operand.
    """

    steps: tuple[tuple[int, ...], ...]
    places: tuple[int | None, ...]
    literals: Mapping[int, int]
    flows: tuple[Any, ...]


def read(kind: Kind, tape: Tape) -> Recipe:
    """The recipe of some nodes, by the one backward pass that there is."""
    if kind.row is _ADD and len(kind.operands) > 2:  # a sum of many terms passes on to each what one of two passes on
        many, pair = len(kind.operands), read(kind._replace(operands=(None, None)), tape)
        return pair._replace(places=(None,) * (many + 1), flows=pair.flows[:1] * many)
    own = Tape(tape)
    upstream: Any = own.empty()
    if kind.upstream is not None:
        upstream = as_bytes.unpack(kind.upstream)[0]
    leaves = [variable(f"x{i}") if x is None else constant(*as_bytes.unpack(x)) for i, x in enumerate(kind.operands)]
    fwd = forward(build(kind.row, *leaves, **dict(kind.attrs)), {}, own)
    start = len(own)
    found = backward(fwd, upstream=upstream).gradient
    flows = tuple(found[x] if found.reaches(x) else None for x in leaves)
    for number in (x for x in flows if x is not None and x.__class__ is not Slot):
        tape.slot(number)  # now, for the slots of the steps are counted from the end of the tape
    return Recipe(
        tuple(
            (at, own.kind[at], *(operands[at] for operands in own.operands))
            for at in range(start, len(own))
            if own.kind[at] != LITERAL
        ),
        tuple(x.number if x.__class__ is Slot else None for x in (*map(fwd.__getitem__, leaves), fwd.values[-1])),
        {at: tape.slot(*as_bytes.unpack(number)) for number, at in own.literals.items()},
        flows,
    )
