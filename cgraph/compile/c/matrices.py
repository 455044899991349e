"""C for determinants, inverses and systems of equations: elimination with pivots, one matrix of a stack at a time."""

from __future__ import annotations

from cgraph.compile.c.writer import Emit, Writer, heads
from cgraph.compile.lowering.values import Value
from cgraph.ops.matrices import signed_permutations
from cgraph.ops.named import ByOp

MATRICES: ByOp[Emit] = ByOp()

# Column by column, with sums before differences and a reciprocal, as LAPACK does it: where rounding decides whether a
# pivot is 0, small matrices are singular here when they are in NumPy.
HELPERS = """
static inline void exchanged(T *x, T *y, long n, long step) {
    for (long i = 0; i < n * step; i += step) { T t = x[i]; x[i] = y[i]; y[i] = t; }
}
/* a [n x n] = LU in place, with L's ones left out, of its rows in the order `rows`; the largest number of a column is
   its pivot. How many pivots there are before one that is 0; `sign` is that of the exchanges. */
static inline long factored(T *a, long n, long *rows, T *sign) {
    *sign = 1;
    for (long i = 0; i < n; i++) rows[i] = i;
    for (long k = 0; k < n; k++) {
        for (long i = 1; i < n; i++) {
            T t = 0;
            for (long j = 0; j < (i < k ? i : k); j++) t += a[i * n + j] * a[j * n + k];
            a[i * n + k] -= t;
        }
        long r = k;
        for (long i = k; i < n; i++) if (FABS(a[i * n + k]) > FABS(a[r * n + k])) r = i;
        if (a[r * n + k] == 0) return k;
        if (r != k) {
            exchanged(a + r * n, a + k * n, n, 1);
            long t = rows[r]; rows[r] = rows[k]; rows[k] = t; *sign = -*sign;
        }
        const T f = 1 / a[k * n + k];
        for (long i = k + 1; i < n; i++) a[i * n + k] *= f;
    }
    return n;
}
/* The same with the largest of all that is left as the pivot, for which columns are exchanged too. */
static inline long factored_wholly(T *a, long n, long *rows, long *columns, T *sign) {
    *sign = 1;
    for (long i = 0; i < n; i++) rows[i] = columns[i] = i;
    for (long k = 0; k < n; k++) {
        long r = k, c = k;
        for (long i = k; i < n; i++)
            for (long j = k; j < n; j++) if (FABS(a[i * n + j]) > FABS(a[r * n + c])) { r = i; c = j; }
        if (a[r * n + c] == 0) return k;
        if (r != k) {
            exchanged(a + r * n, a + k * n, n, 1);
            long t = rows[r]; rows[r] = rows[k]; rows[k] = t; *sign = -*sign;
        }
        if (c != k) {
            exchanged(a + c, a + k, n, n);
            long t = columns[c]; columns[c] = columns[k]; columns[k] = t; *sign = -*sign;
        }
        for (long i = k + 1; i < n; i++) {
            const T f = a[i * n + k] /= a[k * n + k];
            for (long j = k + 1; j < n; j++) a[i * n + j] -= f * a[k * n + j];
        }
    }
    return n;
}
/* sign times the first pivots, without the over- and underflow of a product of some of them */
static inline T multiplied(const T *a, long n, long pivots, T sign) {
    int power = 0;
    for (long k = 0; k < pivots; k++) { int e = 0; sign = FREXP(sign * a[k * n + k], &e); power += e; }
    return LDEXP(sign, power);
}
/* The logarithm of what `multiplied` gives without its sign, of pivots that are not 0. */
static inline T logarithms(const T *a, long n) {
    T t = 0;
    for (long k = 0; k < n; k++) t += LOG(FABS(a[k * n + k]));
    return t;
}
/* a = LU as L D U with ones on the diagonal of U, of which nothing is larger than 1; D, from where the pivots stood */
static inline void parted(T *a, long n, long rank, T *d) {
    for (long i = 0; i < n; i++) {
        d[i] = a[i * n + i];
        for (long j = i + 1; j < n; j++) a[i * n + j] = i < rank ? a[i * n + j] / d[i] : 0;
    }
}
/* y [n x n] = inverse(L) y inverse(U) */
static inline void brought(const T *a, long n, T *y) {
    for (long i = 0; i < n; i++) for (long k = 0; k < i; k++)
        for (long j = 0; j < n; j++) y[i * n + j] -= a[i * n + k] * y[k * n + j];
    for (long i = 0; i < n; i++) for (long k = 0; k < n; k++)
        for (long j = k + 1; j < n; j++) y[i * n + j] -= y[i * n + k] * a[k * n + j];
}
/* y [n x n] = inverse(U) y inverse(L) */
static inline void returned(const T *a, long n, T *y) {
    for (long i = n - 1; i >= 0; i--) for (long k = i + 1; k < n; k++)
        for (long j = 0; j < n; j++) y[i * n + j] -= a[i * n + k] * y[k * n + j];
    for (long i = 0; i < n; i++) for (long k = n - 1; k >= 0; k--)
        for (long j = 0; j < k; j++) y[i * n + j] -= y[i * n + k] * a[k * n + j];
}
/* b [n x m] = inverse(U) D inverse(L) b, where D has 1 for the last row and `scale` for the others */
static inline void substituted(const T *a, long n, T *b, long m, T scale) {
    for (long i = 0; i < n; i++) for (long k = 0; k < i; k++)
        for (long j = 0; j < m; j++) b[i * m + j] -= a[i * n + k] * b[k * m + j];
    for (long i = 0; i < (n - 1) * m; i++) b[i] *= scale;
    for (long i = n - 1; i >= 0; i--) {
        for (long k = i + 1; k < n; k++) for (long j = 0; j < m; j++) b[i * m + j] -= a[i * n + k] * b[k * m + j];
        for (long j = 0; j < m; j++) b[i * m + j] /= a[i * n + i];
    }
}
"""


@MATRICES
def _det(w: Writer, n: int, value: Value) -> None:
    (x,) = value.operands
    size, stack = _opened(w, x, value.shape, whole=False)
    out = w.at(n, stack, value.shape)
    w.say(f"    {out} = rank < {size} ? 0 : multiplied(a, {size}, {size}, sign);", "}")


@MATRICES
def _logabsdet(w: Writer, n: int, value: Value) -> None:
    (x,) = value.operands
    size, stack = _opened(w, x, value.shape, whole=False)
    w.say(f"    {w.at(n, stack, value.shape)} = rank < {size} ? -(T)INFINITY : logarithms(a, {size});", "}")


@MATRICES
def _det_sign(w: Writer, n: int, value: Value) -> None:
    (x,) = value.operands
    size, stack = _opened(w, x, value.shape, whole=False)
    w.say(f"    for (long k = 0; k < {size}; k++) sign *= a[k * {size} + k] < 0 ? -1 : 1;")
    w.say(f"    {w.at(n, stack, value.shape)} = rank < {size} ? 0 : sign;", "}")


@MATRICES
def _inv(w: Writer, n: int, value: Value) -> None:
    (x,) = value.operands
    size, stack = _opened(w, x, value.shape[:-2], whole=False, columns=value.shape[-1])
    w.say(f"    if (rank < {size}) return 1;", *_filled(size, size, "rows[i] == j"))
    w.say(f"    substituted(a, {size}, b, {size}, 1);")
    w.say(*_written(w, n, [*stack, "i", "j"], value.shape, size, "b[i * {m} + j]"), "}")


@MATRICES
def _solve(w: Writer, n: int, value: Value) -> None:
    x, y = value.operands
    one = len(w.values[y].shape) == 1
    stacked, column = value.shape[: len(value.shape) - 2 + one], [] if one else ["j"]
    width = 1 if one else value.shape[-1]
    size, stack = _opened(w, x, stacked, whole=False, columns=width)
    right = w.at(y, ["rows[i]"] if one else [*stack, "rows[i]", "j"], w.values[y].shape if one else value.shape)
    w.say(f"    if (rank < {size}) return 1;", *_filled(size, width, right))
    w.say(f"    substituted(a, {size}, b, {width}, 1);")
    w.say(*_written(w, n, [*stack, "i", *column], value.shape, width, "b[i * {m} + j]"), "}")


@MATRICES
def _adjugate(w: Writer, n: int, value: Value) -> None:
    """adj(PᵀLUQᵀ) = adj(Qᵀ) adj(U) adj(L) adj(Pᵀ), which is 0 when more than the last pivot is 0.

    The last pivot u, the smallest, divides nothing: adj(U) is inverse(U with 1 for u) · D · (the other pivots).
    """
    (x,) = value.operands
    size, stack = _opened(w, x, value.shape[:-2], whole=True, columns=value.shape[-1])
    last = size * size - 1
    w.say(*_filled(size, size, "rows[i] == j"))
    w.say(f"    const T others = multiplied(a, {size}, {size - 1}, sign), u = a[{last}];")
    w.say(f"    a[{last}] = 1;", f"    if (rank >= {size - 1}) substituted(a, {size}, b, {size}, u);")
    w.say(*_written(w, n, [*stack, "columns[i]", "j"], value.shape, size, "others * b[i * {m} + j]"), "}")


@MATRICES
def _adjugate_along(w: Writer, n: int, value: Value) -> None:
    """With PᵀLDUQᵀ the mixed derivative of the adjugate is that of D along inverse(L) y inverse(U), as in the row."""
    x, *along = value.operands
    count = len(along)
    size, stack = _opened(w, x, value.shape[:-2], whole=True, columns=value.shape[-1])
    square = max(size * size, 1)
    w.say(f"    static _Thread_local T d[{max(size, 1)}], f[{count}][{square}];", f"    parted(a, {size}, rank, d);")
    w.say(*_filled(size, size, "0"))
    for m, y in enumerate(along):
        read = w.at(y, [*stack, "rows[i]", "columns[j]"], value.shape)
        w.say(*_each(size, size, f"f[{m}][i * {size} + j] = {read};"), f"    brought(a, {size}, f[{m}]);")
    for m in range(count + 1):
        other = "".join(f" if (p{m} != p{k})" for k in range(m))
        w.say(f"    for (long p{m} = 0; p{m} < {size}; p{m}++){other}")
    left = " && ".join(f"l != p{m}" for m in range(count + 1))
    w.say("    {", "        T p = sign;", f"        for (long l = 0; l < {size}; l++) if ({left}) p *= d[l];")
    for order, parity in signed_permutations(count + 1):
        factors = "".join(f" * f[{m - 1}][p{m} * {size} + p{order[m]}]" for m in range(1, count + 1))
        w.say(f"        b[p{order[0]} * {size} + p0] {'+' if parity > 0 else '-'}= p{factors};")
    w.say("    }", f"    returned(a, {size}, b);")
    w.say(*_written(w, n, [*stack, "columns[i]", "rows[j]"], value.shape, size, "b[i * {m} + j]"), "}")


def _opened(w: Writer, x: int, stacked: tuple[int, ...], whole: bool, columns: int = 0) -> tuple[int, list[str]]:
    """Begin a loop over a stack, in which each matrix is copied and factored: its size, and the loop's counters."""
    size = w.values[x].shape[-1]
    stack = [f"s_{k}" for k in range(len(stacked))]
    space = f"    static _Thread_local T a[{max(size * size, 1)}], b[{max(size * columns, 1)}];"
    around = heads(stack, stacked)
    read = w.at(x, [*stack, "i", "j"], (*stacked, size, size))
    w.say(
        *around,
        "{",
        space,
        f"    static _Thread_local long rows[{max(size, 1)}]{f', columns[{max(size, 1)}]' if whole else ''};",
        "    T sign;",
    )
    w.say(*_each(size, size, f"a[i * {size} + j] = {read};"))
    call = f"factored_wholly(a, {size}, rows, columns, &sign)" if whole else f"factored(a, {size}, rows, &sign)"
    w.say(f"    const long rank = {call};")
    return size, stack


def _each(size: int, columns: int, line: str) -> list[str]:
    return [f"    for (long i = 0; i < {size}; i++) for (long j = 0; j < {columns}; j++) {line}"]


def _filled(size: int, columns: int, right: str) -> list[str]:
    return _each(size, columns, f"b[i * {columns} + j] = {right};")


def _written(w: Writer, n: int, index: list[str], shape: tuple[int, ...], columns: int, result: str) -> list[str]:
    size = shape[-1] if index[-1] == "i" else shape[-2]
    return _each(size, columns, f"{w.at(n, index, shape)} = {result.format(m=columns)};")
