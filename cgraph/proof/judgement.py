"""Whether two expressions are equal: the verdict, and at which point they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sympy

from cgraph.proof.cancel import cancels
from cgraph.proof.report import AGREES, PROVED, UNDECIDED, WRONG, Check
from cgraph.quoting import decimal

POINTS = 12
DIGITS = 30
LARGE = 32  # operations beyond which a formula is not simplified for reading, because it would take long


def compare(subject: str, ours: Any, theirs: Any, tidy: bool = True) -> Check:
    """The verdict on one derivative.

    Steps and kinks are compared away from the kink itself, where a derivative exists.
    """
    smooth, reference = (_without_kinks(e) for e in (ours, theirs))
    verdict, reason = _judged(smooth, reference)
    mine, his = (_tidy(smooth), _tidy(reference)) if tidy else (smooth, reference)
    return Check(subject, mine, his, verdict, reason)


def _judged(ours: Any, theirs: Any) -> tuple[str, str]:
    """The verdict and its reason. One point comes before the algebra: where two differ, it says so at once."""
    split = _at_zero(ours, theirs)
    if split is not None:
        return max((_judged(*pair) for pair in split), key=lambda found: _WORSE.index(found[0]))
    difference = ours - theirs
    if difference == 0 or cancels(difference):
        return PROVED, ""
    count = 0
    for point, (a, b) in _points(ours, theirs):
        if abs(a - b) > sympy.Float(10) ** -(DIGITS - 6) * (1 + abs(b)):
            at = ", ".join(f"{s} = {v}" for s, v in sorted(point.items(), key=lambda item: str(item[0])))
            return WRONG, f"at {at}: {decimal(a)}, SymPy {decimal(b)}"
        count += 1
        if count == 1 and _vanishes(difference):
            return PROVED, ""
    if count:
        return AGREES, f"at {count} rational points to {DIGITS - 6} digits"
    return (PROVED, "") if _vanishes(difference) else (UNDECIDED, "no point was found where both are finite")


_WORSE = (PROVED, AGREES, UNDECIDED, WRONG)


def _at_zero(ours: Any, theirs: Any) -> list[tuple[Any, Any]] | None:
    """Both formulas where a symbol that they ask for its being 0 is another number, and where it is 0.

    No rational point drawn at random would be 0, and what `where` gives then would never be compared. The second pair
    is left out when it has no value there.
    """
    steps = {h for e in (ours, theirs) for h in e.atoms(sympy.Heaviside) if h.args[0].is_Pow and h.args[1] == 0}
    asked = sorted((h for h in steps if h.args[0].base.is_Symbol), key=sympy.default_sort_key)
    if not asked:
        return None
    (step, *_), zero = asked, sympy.Integer(0)
    other = [e.xreplace({step: sympy.Integer(1)}) for e in (ours, theirs)]
    there = [e.xreplace({step: zero}).subs(step.args[0].base, zero) for e in (ours, theirs)]
    defined = not any(e.has(sympy.nan, sympy.zoo, sympy.oo) for e in there)
    return [(other[0], other[1]), *([(there[0], there[1])] if defined else [])]


def _without_kinks(expression: Any) -> Any:
    """Every step in one form, and no slope of a step: the derivative wherever it exists."""
    smooth = sympy.sympify(expression).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
    if smooth.has(sympy.floor, sympy.ceiling):
        flat = [d for d in smooth.atoms(sympy.Subs, sympy.Derivative) if d.has(sympy.floor, sympy.ceiling)]
        smooth = smooth.xreplace(dict.fromkeys(flat, sympy.Integer(0)))
    return smooth.replace(sympy.Piecewise, _in_steps).replace(sympy.Heaviside, _step)


def _step(x: Any, at_zero: Any = sympy.S.Half) -> Any:
    if x.is_zero:
        return at_zero
    for term in sympy.Add.make_args(x):
        if (-term).func is sympy.Max:  # above a maximum is above each of its arguments
            return sympy.prod([_step(x - term - other, at_zero) for other in (-term).args])
        if term.func is sympy.Max:  # below it is not above each of those, with the other sign
            return 1 - sympy.prod([_step(term - x - other, 1 - at_zero) for other in term.args])
    inner = x.atoms(sympy.Heaviside)
    if inner:  # a step of a step is one of its two values
        h = min(inner, key=sympy.default_sort_key)
        on, off = (_step(x.xreplace({h: sympy.Integer(value)}), at_zero) for value in (1, 0))
        return on * h + off * (1 - h)
    if x.is_Pow and x.exp == 2:
        return sympy.Heaviside(x, at_zero)  # which asks whether something is 0
    return 1 - sympy.Heaviside(-x) if x.could_extract_minus_sign() else sympy.Heaviside(x)


def _in_steps(*cases: Any) -> Any:
    """A formula by cases, the last of which is the rest, as a sum of steps."""
    total = cases[-1].expr
    for case in cases[-2::-1]:
        difference = case.cond.lhs - case.cond.rhs
        if isinstance(case.cond, sympy.Ne):
            total += (case.expr - total) * sympy.Heaviside(difference**2, 0)
        elif isinstance(case.cond, sympy.Eq):
            total += (case.expr - total) * (1 - sympy.Heaviside(difference**2, 0))
        else:
            total += (case.expr - total) * sympy.Heaviside(case.cond.gts - case.cond.lts)
    return total


def _vanishes(difference: Any) -> bool:
    """Whether SymPy shows that the difference is 0."""
    attempts: list[Callable[[Any], Any]] = [
        sympy.expand,
        lambda e: sympy.numer(sympy.together(e.rewrite(sympy.exp))).expand(),
    ]
    if difference.count_ops() < 400:
        attempts += [sympy.simplify, lambda e: sympy.simplify(e.rewrite(sympy.exp))]
    if any(attempt(difference) == 0 for attempt in attempts[:2]) or _vanishes_by_cases(difference):
        return True
    return any(attempt(difference) == 0 for attempt in attempts[2:])


_KINKED = (sympy.Heaviside, sympy.sign, sympy.Abs, sympy.Max, sympy.Min)


def _vanishes_by_cases(difference: Any, cases: int = 5) -> bool:
    """Whether it is 0 on either side of every kink: for each step, sign, absolute value and extreme in it."""
    kinks = [k for k in difference.atoms(*_KINKED) if not any(a.has(*_KINKED) for a in k.args)]
    if not kinks:
        return cases < 5 and _vanishes(difference)
    if not cases:
        return False
    first = min(kinks, key=sympy.default_sort_key)
    side = _side_of(first)
    return all(
        _vanishes_by_cases(difference.xreplace({k: v for k in kinks if (v := _on(k, side, s)) is not None}), cases - 1)
        for s in (1, -1)
    )


def _side_of(kink: Any) -> Any:
    return kink.args[0] - kink.args[1] if isinstance(kink, (sympy.Max, sympy.Min)) else kink.args[0]


def _on(kink: Any, side: Any, sign: int) -> Any:
    """What a kinked function is where `side` has a sign; None when that does not decide it."""
    mine = _side_of(kink)
    if mine != side:
        if mine != -side:
            return None
        sign = -sign
    if isinstance(kink, (sympy.Max, sympy.Min)):
        loser = kink.args[1] if (sign > 0) == isinstance(kink, sympy.Max) else kink.args[0]
        return kink.func(*(a for a in kink.args if a != loser))
    values = {sympy.Heaviside: (1 + sign) // 2, sympy.sign: sign, sympy.Abs: sign * mine}
    return sympy.sympify(values[kink.func])


def _tidy(expression: Any) -> Any:
    """The shorter of an expression and its simplified form, for reading."""
    if expression.count_ops() > LARGE:
        return expression
    short = sympy.simplify(expression)
    return short if short.count_ops() < expression.count_ops() else expression


def _points(ours: Any, theirs: Any) -> Iterator[tuple[dict[Any, Any], tuple[Any, Any]]]:
    """Rational points at which both expressions are finite real numbers, with their values."""
    free = sorted(ours.free_symbols | theirs.free_symbols, key=str)
    generator = np.random.default_rng(0)
    for _ in range(POINTS):
        point = {s: sympy.Rational(int(generator.integers(-40, 41)), 17) for s in free}
        values = tuple(sympy.N(e.subs(point), DIGITS) for e in (ours, theirs))
        if all(v.is_real and v.is_finite for v in values):
            yield point, (values[0], values[1])
