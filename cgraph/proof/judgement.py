"""Whether two expressions are equal: the verdict, and at which point they differ."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import sympy

from cgraph.proof.cancel import cancels
from cgraph.proof.clock import ENDLESS, Clock, OutOfTimeError
from cgraph.proof.points import points
from cgraph.proof.report import AGREES, PROVED, UNDECIDED, WRONG, Check
from cgraph.proof.values import DIGITS, Pair
from cgraph.proof.walk import size
from cgraph.quoting import decimal

SMALL = 40  # parts up to which SymPy needs no watching
LARGEST = 20_000  # parts of a difference that algebra is tried on
LARGE = 32  # operations beyond which a formula is not made shorter for reading


def compare(subject: str, ours: Any, theirs: Any, tidy: bool = True, clock: Clock = ENDLESS) -> Check:
    """The verdict on one derivative, when the time of the clock is spent at the latest.

    Steps and kinks are compared away from the kink itself, where a derivative exists.
    """
    large = max(size(sympy.sympify(e)) for e in (ours, theirs)) > SMALL
    if large:
        try:
            smooth, reference = (clock.run(without_kinks, e) for e in (ours, theirs))
        except OutOfTimeError:
            return Check(subject, ours, theirs, UNDECIDED, "the time was spent before it was compared")
    else:
        smooth, reference = (without_kinks(e) for e in (ours, theirs))
    verdict, reason = _judged(smooth, reference, clock)
    mine, his = (_tidy(smooth), _tidy(reference)) if tidy else (smooth, reference)
    return Check(subject, mine, his, verdict, reason)


def _judged(ours: Any, theirs: Any, clock: Clock) -> tuple[str, str]:
    """The verdict and its reason: quick algebra, then points (where two differ they say so), then slow algebra."""
    split = _at_zero(ours, theirs)
    if split is not None:
        return max((_judged(*pair, clock) for pair in split), key=lambda found: _WORSE.index(found[0]))
    difference = ours - theirs
    if difference == 0 or _shown(cancels, difference, clock.share(2)):
        return PROVED, ""
    verdict, reason = at_points(ours, theirs, clock)
    if verdict == WRONG or not _shown(_vanishes, difference, clock):
        return verdict, reason
    return PROVED, ""


def _shown(attempt: Callable[[Any], bool], difference: Any, clock: Clock) -> bool:
    """Whether an attempt of algebra shows that the difference is 0: not if it is too large or takes too long."""
    if not clock.left or size(difference) > LARGEST:
        return False
    try:
        return attempt(difference) if not isfinite(clock.end) else clock.run(attempt, difference)
    except (OutOfTimeError, RecursionError):
        return False


def at_points(ours: Any, theirs: Any, clock: Clock = ENDLESS) -> tuple[str, str]:
    """What points show, at which both formulas have finite real values: that they differ, or that they agree there."""
    pair, count = Pair(ours, theirs), 0
    for point in points(ours, theirs):
        if not clock.left:
            break
        found = pair.compared(point)
        if found is not None and found.differ:
            at = ", ".join(f"{s} = {_coordinate(v)}" for s, v in sorted(point.items(), key=lambda item: str(item[0])))
            mine, his = _written(found.ours, found.theirs)
            return WRONG, f"at {at}: {mine}, SymPy {his}"
        count += found is not None
    if not count:
        why = (
            "no point was found where both are finite" if clock.left else "the time was spent before a point was found"
        )
        return UNDECIDED, why
    how = "enclosed in balls" if pair.certain else "in SymPy's numbers, for python-flint is not installed"
    return AGREES, f"at {count} rational points to {pair.digits} digits, {how}"


def _coordinate(number: Any) -> str:
    """A rational number as it is, or in decimals where it is long."""
    return str(number) if len(str(number)) < 10 else decimal(number, 8)


def _written(*values: Any) -> list[str]:
    """Values of SymPy's in as few digits as tell them apart."""
    texts: list[str] = []
    for digits in (6, 12, 24, DIGITS):
        texts = [sympy.sstr(sympy.Float(v, digits), full_prec=False) for v in values]
        if len(set(texts)) == len(texts):
            break
    return [t.removesuffix(".0") for t in texts]


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


def without_kinks(expression: Any) -> Any:
    """Every step in one form, and no slope of a step: the derivative wherever it exists."""
    smooth = sympy.sympify(expression).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
    if smooth.has(sympy.floor, sympy.ceiling):
        flat = [d for d in smooth.atoms(sympy.Subs, sympy.Derivative) if d.has(sympy.floor, sympy.ceiling)]
        smooth = smooth.xreplace(dict.fromkeys(flat, sympy.Integer(0)))
        rounded = {f: f.args[0] - sympy.S.Half for f in smooth.atoms(sympy.floor)}  # of a whole number it is that one
        smooth = smooth.xreplace({f: n for f, n in rounded.items() if isinstance(n, sympy.floor)})
    return smooth.replace(sympy.Piecewise, _in_steps).replace(sympy.Heaviside, _step)


def where_smooth(derivative: Any) -> Any:
    """A derivative that has no value at the kinks themselves, where a convention decides and nothing is proved."""

    def step(x: Any, at_zero: Any = sympy.S.Half) -> Any:
        return sympy.Heaviside(x, sympy.nan if at_zero == sympy.S.Half else at_zero)

    smooth = derivative.replace(sympy.Heaviside, step)
    return smooth.replace(sympy.sign, lambda x: 2 * sympy.Heaviside(x, sympy.nan) - 1)


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
    if not all(isinstance(case.cond, sympy.core.relational.Relational) for case in cases[:-1]):
        return sympy.Piecewise(*cases)  # with And, Or and Not in a condition: points take it as it is
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
    """The shortest of some forms of an expression, for reading. (`sympy.simplify` finds more, and may take minutes.)"""
    if expression.count_ops() > LARGE:
        return expression
    forms = [expression, sympy.factor_terms(expression), sympy.cancel(sympy.together(expression))]
    return min(forms, key=sympy.count_ops)
