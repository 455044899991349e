"""C: the column of the table for elementwise ops. `{0}`, `{1}` are operands, attributes stand under their names.

`T` is the floating-point type, and functions in capitals are those of the C library for it. What needs more than an
expression is a small function of the prelude, written without branches, so that compilers make vectors of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from cgraph.compile.lowering.values import Value
from cgraph.ops.activations import SELU_ALPHA, SELU_SCALE

LIBRARY = (
    *("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "floor", "ceil", "rint", "fabs"),
)
TWO_OPERANDS = ("pow", "atan2", "hypot", "fmod", "frexp", "ldexp")
# Those that glibc's vector library has from version 2.35 on.
VECTORS = (
    *("exp", "expm1", "log", "log1p", "log2", "log10", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh"),
    *("cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc"),
)

EXPRESSIONS: Mapping[str, str] = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "pow": "POW({0}, {1})",
    "square": "{0} * {0}",
    "reciprocal": "1 / {0}",
    "ratio": "{0} == 0 ? 0 : {0} / {1}",
    "scale": "scaled({0}, {1})",
    **{name: f"{name.upper()}({{0}})" for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt")},
    **{
        name: f"{name.upper()}({{0}})" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "floor", "ceil")
    },
    **{f"arc{name}": f"A{name.upper()}({{0}})" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "round": "RINT({0})",
    "arctan2": "ATAN2({0}, {1})",
    "hypot": "HYPOT({0}, {1})",
    "gaussian": "EXP(-({rate}) * {0} * {0})",
    "normal_cdf": "normal_cdf({0})",
    "abs": "FABS({0})",
    "maximum": "largest({0}, {1})",
    "minimum": "smallest({0}, {1})",
    "clip": "smallest(largest({0}, {1}), {2})",
    "where": "{0} != 0 ? {1} : {2}",
    "greater": "{0} > {1} ? 1 : 0",
    "greater_equal": "{0} >= {1} ? 1 : 0",
    "less": "{0} < {1} ? 1 : 0",
    "less_equal": "{0} <= {1} ? 1 : 0",
    "equal": "{0} == {1} ? 1 : 0",
    "not_equal": "{0} != {1} ? 1 : 0",
    "above": "above({0}, {1}, {ties})",
    "step": "above({0}, 0, {at_zero})",
    "sign": "{0} == 0 ? {at_zero} : {0} > 0 ? 1 : {0} < 0 ? -1 : {0}",
    "sigmoid": "sigmoid({0})",
    "softplus": "softplus({0})",
    "log_sigmoid": "-softplus(-{0})",
    "softsign": "{0} / (1 + FABS({0}))",
    "silu": "scaled(sigmoid({0}), {0})",
    "mish": "scaled(TANH(softplus({0})), {0})",
    "gelu": "scaled(normal_cdf({0}), {0})",
    "gelu_tanh": "scaled(sigmoid((T)1.5957691216057308 * ({0} + {cubic} * {0} * {0} * {0})), {0})",
    "relu": "largest({0}, 0)",
    "leaky_relu": "largest({0}, 0) + {slope} * smallest({0}, 0)",
    "elu": "elu({0}, {alpha})",
    "selu": "{scale} * elu({0}, {alpha})",
    "hard_sigmoid": "smallest(largest(({0} + 3) / 6, 0), 1)",
    "binary_cross_entropy": "-(x_log_y({1}, {0}) + x_log_y(1 - {1}, 1 - {0}))",
    "sigmoid_cross_entropy": "largest({0}, 0) - {0} * {1} + LOG1P(EXP(-FABS({0})))",
}
FUNCTIONS: Mapping[str, str] = {
    "largest": "static inline T largest(T x, T y) { return x >= y || x != x ? x : y; }",
    "smallest": "static inline T smallest(T x, T y) { return x <= y || x != x ? x : y; }",
    "scaled": "static inline T scaled(T x, T y) {"
    " T p = x * y; int zero = (x == 0) | ((y == 0) & (FABS(x) == INFINITY)); return (p != p) & zero ? 0 : p; }",
    "above": "static inline T above(T x, T y, T ties) { return x > y ? 1 : x == y ? ties : 0; }",
    "sigmoid": "static inline T sigmoid(T x) { T e = EXP(-FABS(x)); return (x >= 0 ? 1 : e) / (1 + e); }",
    "softplus": "static inline T softplus(T x) { T e = LOG1P(EXP(-FABS(x))); return (x > 0 || x != x ? x : 0) + e; }",
    "normal_cdf": "static inline T normal_cdf(T x) { return (T)0.5 * ERFC(x * (T)-0.70710678118654752440); }",
    "elu": "static inline T elu(T x, T alpha) { T e = alpha * EXPM1(x < 0 || x != x ? x : 0); return x > 0 ? x : e; }",
    "x_log_y": "static inline T x_log_y(T x, T y) { T l = x * LOG(y); return x == 0 ? 0 : l; }",
}


def expression(value: Value, operands: list[str]) -> str:
    """The C of an elementwise value from the C of its operands."""
    attrs = {"alpha": SELU_ALPHA, "scale": SELU_SCALE} if value.name == "selu" else {}
    numbers = {name: number(v) for name, v in {**attrs, **value.attrs}.items()}
    return EXPRESSIONS[value.name].format(*operands, **numbers)


def number(value: Any) -> str:
    """A number as C writes it, exactly."""
    if np.isnan(value):
        return "(T)NAN"
    if np.isinf(value):
        return "(T)INFINITY" if value > 0 else "(-(T)INFINITY)"
    text = repr(float(value))
    return f"(T){text}" if float(value) >= 0 and not text.startswith("-") else f"((T){text})"


def prelude(dtype: Any, body: str, vectors: bool = True) -> str:
    """What stands before a program: the type, the library's functions for it, and the small functions in use."""
    single = np.dtype(dtype) == np.float32
    suffix, kind = ("f", "float") if single else ("", "double")
    body = re.sub(r"/\*.*?\*/", "", body)  # a name in a comment may look like a call
    functions = [text for name, text in FUNCTIONS.items() if f"{name}(" in body]
    whole = body + "".join(functions)
    used = [name for name in (*LIBRARY, *TWO_OPERANDS) if f"{name.upper()}(" in whole]
    simd = [f'__attribute__((simd("notinbranch"))) {kind} {n}{suffix}({kind});' for n in used if n in VECTORS]
    several = [
        "#if defined(__x86_64__) && defined(__GLIBC__) && !defined(NO_VECTORS)",
        "#if __GLIBC_PREREQ(2, 35)",
        *simd,
        "#endif",
        "#endif",
    ]
    lines = ["#include <math.h>", "#include <string.h>", f"typedef {kind} T;", *(several if simd and vectors else [])]
    return "\n".join([*lines, *(f"#define {name.upper()} {name}{suffix}" for name in used), *functions])
