"""Groups of scalars in C: one loop an op over flat arrays. The source depends on the ops alone, and not on the graph.

So graphs of the same ops share one compiled function, whatever their size, and a graph of a million nodes costs the
compiler nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any

from cgraph.compile.c.compiler import load
from cgraph.compile.c.table import filled, prelude
from cgraph.compile.scalar.fuse import arity
from cgraph.compile.scalar.groups import Groups

WIDE = 8  # slots: shorter groups are not worth a loop of vectors
PRODUCT = (
    "static inline T careful(T x, T y, int *bad) "
    "{ T p = x * y; if (__builtin_expect(p != p, 0)) { *bad = 1; p = scaled(x, y); } return p; }\n"
    "#define product(x, y) careful(x, y, &bad)\n"
)


def missing(groups: Groups) -> str:
    """The first op that is not written in C; nothing when all are."""
    return next((v.name for v in _used(groups).values() if not v.c), "")


def source(groups: Groups) -> str:
    """The C of the ops that the groups use."""
    cases = "\n".join(_case(number, value) for number, value in _used(groups).items())
    body = PRODUCT + (
        "int cgraph_scalars(long n, const int *group, const int *a, const int *b, const int *c, T *v) {\n"
        "    int bad = 0;\n"
        "    for (const int *g = group; g < group + 3 * n; g += 3) {\n"
        "        const int s = g[1], e = g[2];\n"
        f"        switch (g[0]) {{\n{cases}\n        }}\n    }}\n    return bad;\n}}\n"
    )
    return prelude(groups.dtype, body) + "\n" + body


def _used(groups: Groups) -> dict[int, Any]:
    used = sorted(set(groups.bounds[:, 0].tolist()))
    return {number: groups.kinds[number] for number in used}


def _case(number: int, value: Any) -> str:
    operands = [f"v[{x}[i]]" for x in "abc"[: arity(value)]]
    row = value.op
    c = filled(row, (row.c_alone if row.quick else "") or row.c, operands, value.attrs)
    loop = f"for (int i = s; i < e; i++) v[i] = {c};"
    lines = [f"case {number}: /* {value.name} */"]
    if not row.quick:  # vectors would be put together from numbers here and there
        lines += [f"    if (e - s < {WIDE}) {{ {loop} break; }}", "    #pragma omp simd"]
    return "\n".join("        " + line for line in [*lines, f"    {loop}", "    break;"])


def runner(groups: Groups, v: Any) -> Callable[[], Any]:
    """One call of the groups on their array of values: 1 when 0 met ∞ in a product of the chain rule, else 0.

    Raises CgraphError when they cannot be compiled.
    """
    function = load(source(groups)).cgraph_scalars
    function.restype = ctypes.c_int
    # the operands of slot i stand at i - first: the pointers begin that much before the arrays
    starts = [x.ctypes.data - groups.first * x.itemsize for x in groups.operands]
    addresses = [*starts, starts[0], starts[0]][:3]
    pointers = [groups.bounds.ctypes.data, *addresses, v.ctypes.data]
    return partial(function, ctypes.c_long(len(groups.bounds)), *map(ctypes.c_void_p, pointers))
