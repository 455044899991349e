"""C that does many calls in one, on stacks of values."""

from __future__ import annotations

from math import prod

from cgraph.compile.c.writer import Writer, counters, heads


def many_calls(w: Writer) -> list[str]:
    """Many calls in one: each leaf that has data takes its part of it, or gathers its rows; results are copied.

    `in` has an address for each of `leaves` (none for those that stay), `rows` the numbers of rows or nothing.
    """
    lines = ["int cgraph_run(void **p, long n, long m, const long *rows, void **in, void **out) {"]
    lines += ["    int failed = 0, doubtful = 0;", f"    void *own[{len(w.leaves) + 1}];"]
    places = [w.pointers.index(s) + 2 for s in w.leaves]
    lines += [f"    own[{k}] = p[{place}];" for k, place in enumerate(places)]
    lines.append("    for (long call = 0; call < n && !failed; call++) {")
    for k, (place, storage) in enumerate(zip(places, w.leaves, strict=True)):
        size = w.plan.storages[storage].size
        lines.append(f"        if (in[{k}] && !rows) p[{place}] = (T *)in[{k}] + call * {size};")
        lines.append(f"        if (in[{k}] && rows) for (long j = 0; j < m; j++)")
        gathered = f"(T *)in[{k}] + rows[call * m + j] * ({size} / m), {size} / m * sizeof(T)"
        lines.append(f"            memcpy((T *)p[{place}] + j * ({size} / m), {gathered});")
    lines += ["        const int code = once(p);", "        failed = code & 1;", "        doubtful |= code & 2;"]
    for k, x in enumerate(w.plan.lowered.outputs):
        lines += _result(w, k, x)
    lines.append("    }")
    lines += [f"    p[{place}] = own[{k}];" for k, place in enumerate(places)]
    return [*lines, "    return failed | doubtful;", "}"]


def _result(w: Writer, k: int, x: int) -> list[str]:
    """The k-th output of a call, copied to its part of the results."""
    place, shape = w.plan.places[x], w.values[x].shape
    index = counters(shape)
    return [
        f"        {{ T *to = (T *)out[{k}] + call * {prod(shape)};",
        f"        const T *from = (T *)p[0] + {w.plan.offsets[place.storage]};",
        f"        {' '.join(heads(index, shape))} *to++ = {w.indexed(place, place.strides, index, 'from')}; }}",
    ]
