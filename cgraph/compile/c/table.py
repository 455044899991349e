"""C of elementwise ops, from the `c` of their rows. `{0}`, `{1}` are operands, attributes stand under their names.

`T` is the floating-point type, and functions in capitals are those of the C library for it. What needs more than an
expression is a small function of the prelude, written without branches, so that compilers make vectors of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from cgraph.compile.lowering.values import Value
from cgraph.ops.gammas import BERNOULLI, ZETAS
from cgraph.ops.op import Attrs, Op

# The functions of the C library that glibc's vector library has from version 2.35 on.
VECTORS = re.compile(
    "exp|expm1|log|log1p|log2|log10|cbrt|sin|cos|tan|asin|acos|atan|sinh|cosh|tanh|asinh|acosh|atanh|erf|erfc"
)
# (tanh(a)/a - 1)/a² on 0 … 0.55 as polynomials of a², through the Chebyshev nodes, to 4e-9 and 5e-18 of tanh. Beyond,
# tanh is made of an exp, which the slope needs too. It takes 0.6 (float64) and 0.7 (float32) of the library's time.
SINGLE = (-0.3333333200797698, 0.1333311372902087, -0.05390942882746055, 0.021309388664443474, -0.006610227831114735)
DOUBLE = (
    -0.3333333333333333, 0.13333333333332714, -0.053968253967434016, 0.021869488493666944, -0.008863234397814355,
    0.003592110378689024, -0.001455661830100716, 0.0005889360520074057, -0.0002346347410887237,
    8.511313685577672e-05, -2.0602765376366344e-05,
)  # fmt: skip


def _polynomial(coefficients: tuple[float, ...]) -> str:
    """C of a polynomial of `s`, by Horner's rule."""
    text = f"(T){coefficients[-1]!r}"
    for c in coefficients[-2::-1]:
        text = f"({text} * s + (T){c!r})"
    return text


def braced(numbers: Iterable[float]) -> str:
    """Numbers as C writes those of an array."""
    return f"{{{', '.join(map(repr, numbers))}}}"


# What rows call beside the C library, one function a line.
HELPERS = (
    """
static inline T largest(T x, T y) { return x >= y || x != x ? x : y; }
static inline T smallest(T x, T y) { return x <= y || x != x ? x : y; }
static inline T scaled(T x, T y) { T p = x * y; \
int zero = (x == 0) | ((y == 0) & (FABS(x) == INFINITY)); return (p != p) & zero ? 0 : p; }
static inline T above(T x, T y, T ties) { return x > y ? 1 : x == y ? ties : 0; }
static inline T softsign(T x) { T a = FABS(x); return a == INFINITY ? COPYSIGN(1, x) : x / (1 + a); }
static inline T sigmoid(T x) { T e = EXP(-FABS(x)); return (x >= 0 ? 1 : e) / (1 + e); }
static inline T sigmoid_slope(T x) { T e = EXP(-FABS(x)), d = 1 + e; return e / (d * d); }
static inline T sigmoid_residual(T x, T y) { T e = EXP(-FABS(x)), r = e / (1 + e); \
return ((x >= 0 ? 1 : 0) - y) - (x >= 0 ? r : -r); }
static inline T mish_rise(T x) { T e = EXP(-FABS(x)), b = x >= 0 ? e : 1, a = 1 + e, s = 2 * b * a / (b * b + a * a); \
return (x >= 0 ? 1 : e) / a * (s * s); }
static inline T tanh_slope(T x) { T e = EXP(-2 * FABS(x)), d = 1 + e; return 4 * e / (d * d); }
static inline T hyperbolic(T x) { T a = FABS(x), s = x * x, e = EXP(-2 * a), far = (1 - e) / (1 + e); \
T near = a + a * s * (sizeof(T) == 4 ? SINGLE : DOUBLE); return COPYSIGN(a < (T)0.55 ? near : far, x); }
static inline T direction(T x, T y) { T a = FABS(x), b = FABS(y), m = a > b ? a : b; int far = m == INFINITY; \
x = far & (a != INFINITY) ? x - x : far ? (x > 0 ? 1 : -1) : x, y = far & (b != INFINITY) ? y - y : far ? 1 : y; \
m = (m == 0) | far ? 1 : m; T h = HYPOT(x / m, y / m); return x == 0 ? 0 : (x / m) / h; }
static inline T gaussian(T x, T rate) { T t = x > 64 ? 64 : x < -64 ? -64 : x, p = t * t; \
return EXP(-rate * p) * (1 - rate * FMA(t, t, -p)); }
static inline T softplus(T x) { T e = LOG1P(EXP(-FABS(x))); return (x > 0 || x != x ? x : 0) + e; }
static inline double precise_cdf(double x) { double t = x > 64 ? 64 : x < -64 ? -64 : x, s = t * 0.7071067811865476; \
double rest = fma(t, 0.7071067811865476, -s) + t * -4.833646656726457e-17; \
return 0.5 * erfc(-s) + exp(-s * s) * 0.5641895835477563 * rest; }
static inline T normal_cdf(T x) { return (T)precise_cdf(x); }
static inline double above_tail(double t) { double k = t; for (int n = 50; n > 1; n--) k = t + n / k; \
return 1 / k; }
static inline T log_normal_cdf(T x) { double t = -x; \
return (T)(t > 4 ? -t * t / 2 - log(t + above_tail(t)) - 0.9189385332046727 \
: t < 0 ? log1p(-precise_cdf(t)) : log(precise_cdf(x))); }
static inline T inverse_mills(T given, T derivative) { \
const double x = given; const int n = (int)derivative; double m[n + 1], b[n + 1], factorial = 1; \
for (int k = 2; k <= n; k++) factorial *= k; \
if (x < (n == 0 ? -4 : n == 1 ? -2 : -1)) { \
if (n == 0) return (T)(above_tail(-x) - x); \
for (int k = 0; k <= n; k++) b[k] = k == 0 ? -x : k == 1; \
for (int i = n == 1 ? 120 : 800; i > 0; i--) { \
m[0] = i / b[0]; \
for (int k = 1; k <= n; k++) { double s = 0; for (int j = 1; j <= k; j++) s += b[j] * m[k - j]; m[k] = -s / b[0]; } \
for (int k = 0; k <= n; k++) b[k] = m[k] + (k == 0 ? -x : k == 1); } \
return (T)(n == 1 ? -(m[1] + 1) : (n % 2 ? -m[n] : m[n]) * factorial); } \
const double t = x > 64 ? 64 : x; \
m[0] = exp(-t * t / 2) * 0.3989422804014327 / precise_cdf(t); \
for (int k = 0; k < n; k++) { double s = k ? m[k - 1] : 0; for (int j = 1; j < k; j++) s += m[j] * m[k - j]; \
m[k + 1] = -(m[k] * ((k ? 2 : 1) * m[0] + t) + s) / (k + 1); } \
return (T)(m[n] * factorial); }
static inline T elu(T x, T alpha) { T e = alpha * EXPM1(x < 0 || x != x ? x : 0); return x > 0 ? x : e; }
static inline T modulo(T x, T y) { T r = FMOD(x, y); T s = r != 0 && (r < 0) != (y < 0) ? r + y : r; \
return s == 0 ? COPYSIGN(s, y) : s; }
static inline T logaddexp(T x, T y) { T d = x == y ? 0 : FABS(x - y); \
return (x > y || x != x ? x : y) + LOG1P(EXP(-d)); }
static inline T sinc(T given, T derivative) { \
const double pi = 3.141592653589793; const double x = given; const int n = (int)derivative; \
const double edge = n ? (n > 4 ? n / 4.0 : 1) : 0.5; \
if (x != x) return given; \
if (fabs(x) < edge) { int m = (n + 1) / 2; \
double t = (m % 2 ? -1 : 1) * pow(pi, 2 * m) / (2 * m + 1) * (n % 2 ? x : 1); double s = t; \
for (int last = m + 24; m < last; m++) { \
t *= -(pi * x) * (pi * x) * (2 * m + 1) / ((2 * m + 3.0) * (2 * m + 2 - n) * (2 * m + 1 - n)); s += t; } \
return (T)s; } \
if (fabs(x) == INFINITY) return 0; \
const double r = x - 2 * rint(x / 2); \
const double u = sin(pi * (fabs(r) > 0.5 ? copysign(1, r) - r : r)); const double v = sin(pi * (0.5 - fabs(r))); \
double s = 0, f = 1 / (pi * x), c = 1; \
for (int k = 0; k <= n; k++) { const int q = (n - k) % 4; \
s += c * pow(pi, n - k) * (q == 0 ? u : q == 1 ? v : q == 2 ? -u : -v) * f; \
f *= -(k + 1) / x; c = c * (n - k) / (k + 1); } \
return (T)s; }
static inline T x_log_y(T x, T y) { T l = x * LOG(y); return (x == 0) & (y == y) ? 0 : l; }
static inline T x_log1p_y(T x, T y) { T l = x * LOG1P(y); return x == 0 ? 0 : l; }
static inline double zeta_from(double x, int power) { \
static const double bernoulli[] = BERNOULLI; double s = 0, e = x; \
if (x < 10 + power) { for (int k = 0; k < 10 + power; k++) s += pow(x + k, -power); e = x + 10 + power; } \
double f = pow(e, 1 - power) / (power - 1) + 0.5 * pow(e, -power), t = power * pow(e, -1 - power) / 2; \
for (int k = 1; k <= (int)(sizeof bernoulli / sizeof *bernoulli); k++) { f += bernoulli[k - 1] * t; \
t *= (power + 2 * k - 1.0) * (power + 2 * k) / ((2 * k + 1.0) * (2 * k + 2)) / (e * e); } \
return s + f; }
static inline double digamma_above(double x) { \
static const double bernoulli[] = BERNOULLI, zetas[] = ZETAS; \
if (x >= 10) { const double i = 1 / x; double t = 0; \
for (int k = sizeof bernoulli / sizeof *bernoulli; k > 0; k--) t = t * (i * i) + bernoulli[k - 1] / (2 * k); \
return x == INFINITY ? x : log(x) - (0.5 * i + i * i * t); } \
const double whole = rint(x), at = x - whole; double s = 0, t = 0; \
for (int k = sizeof zetas / sizeof *zetas + 1; k > 1; k--) t = (t + (k % 2 ? -zetas[k - 2] : zetas[k - 2])) * at; \
for (int k = 1; k <= whole - 2; k++) s += 1 / (x - k); \
return 0.42278433509846713 + t + s - ((whole < 2 ? 1 / x : 0) + (whole < 1 ? 1 / (1 + x) : 0)); }
static inline T digamma(T given, T derivative) { \
const double pi = 3.141592653589793, x = given; const int n = (int)derivative, even = n % 2 == 0; \
if (x != x) return given; \
if (x == -INFINITY) return (T)NAN; \
if (x == INFINITY) return n ? 0 : (T)INFINITY; \
if (x <= 0 && x == rint(x)) return !even ? (T)INFINITY : x == 0 ? -COPYSIGN((T)INFINITY, given) : (T)NAN; \
const double size = x < 0 ? 1 - x : x; double s = 1; \
for (int k = 2; k <= n; k++) s *= k; \
s = n ? s * zeta_from(size, n + 1) : -digamma_above(size); \
if (x > 0) return (T)(even ? -s : s); \
const double r = x - rint(x), c = sin(pi * (0.5 - fabs(r))) / sin(pi * r); double p[n + 2], q[n + 2]; \
for (int k = 0; k < n + 2; k++) p[k] = k == 1; \
for (int m = 1; m <= n; m++) { \
for (int k = 0; k < n + 2; k++) \
q[k] = -((k + 1) * (k < n + 1 ? p[k + 1] : 0) + (k ? (k - 1) * p[k - 1] : 0)); \
for (int k = 0; k < n + 2; k++) p[k] = q[k]; } \
double t = p[n + 1]; \
for (int k = n; k >= 0; k--) t = t * c + p[k]; \
return (T)(-s - pow(pi, n + 1) * t); }
""".strip()
    .replace("SINGLE", _polynomial(SINGLE))
    .replace("DOUBLE", _polynomial(DOUBLE))
    .replace("BERNOULLI", braced(BERNOULLI))
    .replace("ZETAS", braced(ZETAS))
    .split("\n")
)
LIBRARY = re.compile(r"\b[A-Z][A-Z0-9]+(?=\()")  # how the C library's functions are called here
DEFINED = re.compile(r"^static inline (?:T|double) (\w+)\(")


def expression(value: Value, operands: list[str]) -> str:
    """The C of an elementwise value from the C of its operands."""
    assert value.op is not None
    return filled(value.op, value.op.c, operands, value.attrs)


def filled(row: Op, c: str, operands: list[str], attrs: Attrs) -> str:
    """C of a row with operands and attributes in their places."""
    return c.format(*operands, **{name: number(v) for name, v in {**row.defaults, **attrs}.items()})


def number(value: Any) -> str:
    """A number as C writes it, exactly."""
    if np.isnan(value):
        return "(T)NAN"
    if np.isinf(value):
        return "(T)INFINITY" if value > 0 else "(-(T)INFINITY)"
    text = repr(float(value))
    return f"(T){text}" if float(value) >= 0 and not text.startswith("-") else f"((T){text})"


@lru_cache
def transcendental(c: str) -> bool:
    """Whether the C of a row calls a function for which there are vectors, itself or in a function of the prelude."""
    return any(VECTORS.fullmatch(name.lower()) for name in LIBRARY.findall(c + "".join(_helpers(c))))


def _helpers(body: str) -> list[str]:
    """The small functions that C calls, those that others call before them."""
    functions: list[str] = []
    for line in reversed(HELPERS):
        if DEFINED.findall(line)[0] + "(" in body + "".join(functions):
            functions.insert(0, line)
    return functions


def prelude(dtype: Any, body: str, vectors: bool = True) -> str:
    """What stands before a program: the type, the library's functions for it, and the small functions in use."""
    single = np.dtype(dtype) == np.float32
    suffix, kind = ("f", "float") if single else ("", "double")
    body = re.sub(r"/\*.*?\*/", "", body)  # a name in a comment may look like a call
    functions = _helpers(body)
    used = [name.lower() for name in dict.fromkeys(LIBRARY.findall(body + "".join(functions)))]
    simd = [f'__attribute__((simd("notinbranch"))) {kind} {n}{suffix}({kind});' for n in used if VECTORS.fullmatch(n)]
    several = [
        "#if defined(__x86_64__) && defined(__GLIBC__) && !defined(NO_VECTORS)",
        "#if __GLIBC_PREREQ(2, 35)",
        *simd,
        "#endif",
        "#endif",
    ]
    lines = ["#include <math.h>", "#include <string.h>", f"typedef {kind} T;", *(several if simd and vectors else [])]
    return "\n".join([*lines, *(f"#define {name.upper()} {name}{suffix}" for name in used), *functions])
