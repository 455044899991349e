"""A plan as one C function: every size is a number in it, every step a loop or a matrix product."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from cgraph.compile.c.elementwise import elementwise
from cgraph.compile.c.ids import add_rows, check_ids
from cgraph.compile.c.many import many_calls
from cgraph.compile.c.matrices import HELPERS
from cgraph.compile.c.moving import copied
from cgraph.compile.c.ops import emitter_of
from cgraph.compile.c.products import product
from cgraph.compile.c.table import prelude
from cgraph.compile.c.writer import UnsupportedError, Writer, pointer
from cgraph.compile.plan.updates import Update
from cgraph.quoting import c_comment

GEMM = "typedef void (*gemm_t)(int, int, int, long, long, long, T, const T*, long, const T*, long, T, T*, long);"


def source(w: Writer) -> str:
    """The program as C, from a writer that has no lines yet. Raises UnsupportedError for an op without C."""
    for group in w.plan.groups:
        _group(w, group)
    for update in w.plan.updates:
        if update.kind == "rows":
            check_ids(w, update)
    for update in w.plan.updates:
        _update(w, update)
    body = "\n".join(w.lines)
    used = set(re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", body)))  # whatever names in comments look like
    matrices = HELPERS if used.intersection(re.findall(r"^static .*?(\w+)\(", HELPERS, re.M)) else ""
    return "\n".join(
        [
            prelude(w.plan.lowered.dtype, matrices + body, vectors=w.library),
            *([matrices] if matrices else []),
            *([GEMM] if w.gemm else []),
            "static int once(void **p) {",
            *(["    gemm_t gemm = (gemm_t)p[1];"] if w.gemm else []),
            *(line for storage, line in _addresses(w) if pointer(storage) in used),
            *([f"    {_truth(w)} bad = 0;"] if w.doubts else []),
            body,
            "    return bad ? 2 : 0;" if w.doubts else "    return 0;",
            "}",
            "int cgraph_step(void **p) { return once(p); }",  # a name that no other library has
            *(many_calls(w) if w.library else []),
            "",
        ]
    )


def _truth(w: Writer) -> str:
    """An integer as wide as the numbers are, so that comparisons of vectors of these need not be narrowed."""
    return "int" if w.plan.lowered.dtype.itemsize == 4 else "long"


def _addresses(w: Writer) -> list[tuple[int, str]]:
    """For each storage the line that says where it begins: at an address that is given, or in the buffer."""
    given = [(s, f"(T *)p[{i + 2}]; {c_comment(w.name(s))}") for i, s in enumerate(w.pointers)]
    buffers = [(s, f"(T *)p[0] + {offset};") for s, offset in w.plan.offsets.items()]
    return [(s, f"    T *{pointer(s)} = {where}") for s, where in (*given, *buffers)]


def _group(w: Writer, group: Sequence[int]) -> None:
    value = w.values[group[0]]
    if not prod(value.shape) and not (value.op and value.op.ids):  # ids are checked, though they choose nothing
        return
    if value.c:
        elementwise(w, group)
        return
    emit = emitter_of(value)
    if emit is None:
        raise UnsupportedError(value.name)
    w.say(w.comment(group[0]))
    emit(w, group[0], value)


def _update(w: Writer, update: Update) -> None:
    w.say(c_comment(f"{update.leaf.name} is replaced"))
    if not prod(w.values[update.target].shape):
        return
    if update.kind == "copy":
        copied(w, update.target, update.value)
    elif update.kind == "op":
        elementwise(w, (update.value,), {update.value: update.target})
    elif update.kind == "rows":
        add_rows(w, update)
    else:
        x, y = w.values[update.value].operands
        product(w, update.target, x, y, update.factor, added=True)
