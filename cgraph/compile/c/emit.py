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
from cgraph.compile.c.repeated import closing, opening, with_repeated
from cgraph.compile.c.table import prelude
from cgraph.compile.c.writer import UnsupportedError, Writer
from cgraph.compile.plan.updates import Update
from cgraph.quoting import c_comment

GEMM = "typedef void (*gemm_t)(int, int, int, long, long, long, T, const T*, long, const T*, long, T, T*, long);"


def source(w: Writer) -> str:
    """The program as C, from a writer that has no lines yet. Raises UnsupportedError for an op without C."""
    _steps(w)
    functions, lines = with_repeated(w)
    body = "\n".join(lines)
    code = re.sub(r"/\*.*?\*/", "", body)  # whatever names in comments look like
    used = set(re.findall(r"\w+", functions + code))
    matrices = HELPERS if used.intersection(re.findall(r"^static .*?(\w+)\(", HELPERS, re.M)) else ""
    return "\n".join(
        [
            prelude(w.plan.lowered.dtype, matrices + functions + body, vectors=w.library),
            *([matrices] if matrices else []),
            *([GEMM] if w.gemm else []),
            *([functions] if functions else []),
            "static int once(void **p) {",
            *opening(w, code),
            body,
            *closing(code),
            "int cgraph_step(void **p) { return once(p); }",  # a name that no other library has
            *(many_calls(w) if w.library else []),
            "",
        ]
    )


def _steps(w: Writer) -> None:
    """Write all steps and updates."""
    for group in w.plan.groups:
        w.step()
        _group(w, group)
    for update in w.plan.updates:
        if update.kind == "rows":
            w.step()
            check_ids(w, update)
    for update in w.plan.updates:
        w.step()
        _update(w, update)


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
