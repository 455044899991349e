"""C for elementwise values of one shape: one loop over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cgraph.compile.c.table import expression
from cgraph.compile.c.writer import Writer, counters, heads
from cgraph.compile.plan.places import collapsed


def elementwise(w: Writer, group: Sequence[int], targets: Mapping[int, int] | None = None) -> None:
    """One loop over all values of a group; `targets` are other places to write to."""
    stored = {x: x for x in group if x in w.plan.places} if targets is None else dict(targets)
    members = set(group)
    read = dict.fromkeys(x for n in group for x in w.values[n].operands if x not in members)
    touched = [*read, *stored.values()]
    whole = w.values[group[0]].shape
    shape, found = collapsed(whole, [w.strides(x, whole) for x in touched])
    steps = dict(zip(touched, found, strict=True))
    index = counters(shape)
    looks = False  # whether 0 meets ∞ in a product
    text, before, inside = _reads(w, read, steps, index)
    for n in group:
        value = w.values[n]
        inside.append(f"const T v{n} = {expression(value, [text[x] for x in value.operands])};")
        text[n] = f"v{n}"
        if w.library and value.op is not None and value.op.zero_wins:
            x, y = (text[x] for x in value.operands)
            inside.append(f"bad |= {x} * {y} != {x} * {y};")
            w.doubts = looks = True
    for n, target in stored.items():
        inside.append(f"{w.indexed(w.plan.places[target], steps[target], index)} = v{n};")
    w.say(*map(w.comment, group))
    _nested(w, heads(index, shape), before, inside, "reduction(|:bad)" if looks else "")


def _reads(
    w: Writer, read: Mapping[int, None], steps: Mapping[int, Sequence[int]], index: Sequence[str]
) -> tuple[dict[int, str], list[str], list[str]]:
    """What the values that are read are called, and the lines that read them before the inner loop and inside it."""
    text: dict[int, str] = {}
    before: list[str] = []
    inside: list[str] = []
    for x in read:
        place = w.plan.places[x]
        if w.is_number(place.storage):
            text[x] = w.at(x, [], [])
            continue
        access = w.indexed(place, steps[x], index)
        (before if not steps[x] or steps[x][-1] == 0 else inside).append(f"const T v{x} = {access};")
        text[x] = f"v{x}"
    return text, before, inside


def _nested(w: Writer, around: Sequence[str], before: Sequence[str], inside: Sequence[str], clause: str) -> None:
    """Lines in loops, the innermost of which compilers make vectors of; `before` stand outside of that one."""
    if not around:
        w.say("{", *("    " + line for line in (*before, *inside)), "}")
        return
    outer, inner = around[:-1], around[-1]
    w.say(*("    " * k + f"{head} {{" for k, head in enumerate(outer)))
    pad = "    " * len(outer)
    w.say(
        f"{pad}{{",
        *(f"{pad}    {line}" for line in before),
        f"{pad}#pragma omp simd {clause}".rstrip(),
        f"{pad}{inner} {{",
    )
    w.say(*(f"{pad}    {line}" for line in inside), f"{pad}}}", f"{pad}}}" + "}" * len(outer))
