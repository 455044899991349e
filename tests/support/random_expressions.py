"""SymPy's expressions made at random from a seed, over all that `from_sympy` reads, with moderate values."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy

x, y = sympy.symbols("x y", real=True)
A, B = sympy.symbols("A B", real=True)  # what stands for them in the templates
NUMBERS = """2, -3, 7, 1/3, -2/7, 123456789/987654323, 1/10, 10**20/(3*10**19 + 1), (10**17 + 1)/10**17, pi, E, sqrt(2),
    12345678901234567890123/10**22, 5**(1/3), exp(2), log(3), GoldenRatio, cos(1), atan(1/3), 2**pi/9"""
UNARY = """-A, A**2, s(A)**3, 1/p(A), p(A)**(1/3), p(A)**(-2/5), sqrt(p(A)), 2**s(A), exp(s(A)), exp(-A**2), log(p(A)),
    sin(A), cos(A), tan(s(A)), sec(s(A)), csc(p(s(A))), cot(p(s(A))), asin(s(A)/2), acos(s(A)/2), atan(A),
    asec(1 + p(A)), acsc(1 + p(A)), acot(p(A)), sinh(s(A)), cosh(s(A)), tanh(A), sech(s(A)), csch(p(A)), coth(p(A)),
    asinh(A), acosh(1 + p(A)), atanh(s(A)/2), asech(1/(1 + p(A))), acsch(p(A)), acoth(1 + p(A)), erf(A), erfc(s(A)),
    sinc(A), Abs(A), sign(A), frac(A), s(floor(3*A)), s(ceiling(2*A)), UnevaluatedExpr(A), Heaviside(A),
    Heaviside(A, 0), Heaviside(A, 1), Heaviside(A, 1/3), 1/(1 + exp(-s(A))), log(1 + exp(s(A)))"""
BINARY = """A + B, A - B, s(A)*B, A/p(B), p(s(A))**s(B), atan2(A, B), Max(A, B), Min(A, B, 1), Mod(A, p(B)),
    Piecewise((A, A > B), (B, True)), Piecewise((A, Ne(A, B)), (1, True)), Piecewise((A, Eq(A, B)), (B, True)),
    Piecewise((A, And(A > 0, B <= A)), (B, Or(B < 0, A >= 1)), (2, True)),
    Piecewise((B, Not(And(A > 0, B > 0))), (A, True)),
    Piecewise((B, Xor(A > 0, B > 0)), (A, ITE(A > 1, B > 1, A > B)), (0, True))"""
LARGEST = 10**60  # powers of powers of integers soon are larger than every float
SLOW = (sympy.Max, sympy.Min, sympy.Piecewise, sympy.Mod, sympy.frac, sympy.floor, sympy.ceiling, sympy.Heaviside)


@cache
def _templates(text: str) -> tuple[Any, ...]:
    """The forms of a list, where s(A) is A brought between -1 and 1, and p(A) is above 1."""
    known = {"A": A, "B": B, "s": lambda e: e / sympy.sqrt(1 + e**2), "p": lambda e: 1 + e**2}
    return tuple(sympy.sympify(f"[{text}]", locals=known))


def expressions(count: int, seed: int = 0) -> list[Any]:
    """So many different expressions of up to five steps, each with a symbol in it, and with what it was made of."""
    random = np.random.default_rng(seed)
    found: dict[Any, None] = {}
    while len(found) < count:
        made = [e for e in _grown(random) if e.free_symbols and not e.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I)]
        found.update(dict.fromkeys(made))
    return list(found)[:count]


def _grown(random: np.random.Generator) -> list[Any]:
    """What up to five steps made, each of what was made before, the last one first."""
    numbers, forms = _templates(NUMBERS), (*_templates(UNARY), *_templates(BINARY))
    parts: list[Any] = [x, y, numbers[random.integers(len(numbers))]]
    for _ in range(random.integers(1, 6)):
        a = parts[-1] if random.integers(3) else parts[random.integers(len(parts))]
        b = parts[random.integers(len(parts))]
        if a.has(*SLOW) or b.has(*SLOW) or a.count_ops() + b.count_ops() > 25:  # SymPy would think for seconds
            a, b = parts[random.integers(3)], parts[random.integers(3)]
        try:
            made = forms[random.integers(len(forms))].xreplace({A: a, B: b})
        except (TypeError, ValueError, OverflowError):  # SymPy's, of what it cannot compare, or cannot factor
            continue
        if all(max(abs(n.p), n.q) < LARGEST for n in made.atoms(sympy.Rational)):
            parts.append(made)
    return parts[:2:-1]
