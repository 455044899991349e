"""Proof: every derivative against SymPy's own, and a report that never says more than is known.

A graph is computed in the world of symbols, differentiated by cgraph's rules there, and compared with
`sympy.diff` of the forward result. Where SymPy shows that the two are equal, the derivative is *proved*; where it
cannot decide, they are compared at rational points to 30 digits, and the report says just that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy

from cgraph.backward import Backward, backward
from cgraph.cancel import cancels
from cgraph.errors import NameUnknownError, ValueRefusedError, close_matches
from cgraph.forward import Forward, forward
from cgraph.functions import Function, functions
from cgraph.graph import Graph
from cgraph.node import Node, short, variable
from cgraph.ops import TABLE
from cgraph.ops.row import Row
from cgraph.worlds.sympy import SYMPY, as_object, formula

PROVED, AGREES, WRONG, UNDECIDED = "proved", "agrees", "WRONG", "undecided"
POINTS = 12
DIGITS = 30
LARGE = 32  # operations beyond which a formula is not simplified for reading, because it would take long


@dataclass(frozen=True)
class Check:
    """One derivative: ours, SymPy's, and the verdict (proved, agrees, WRONG or undecided) with its reason."""

    subject: str
    ours: Any
    sympys: Any
    verdict: str
    reason: str = ""

    def __str__(self) -> str:
        ours = sympy.sstr(self.ours)
        text = f"{self.subject} = {ours}   SymPy: {sympy.sstr(self.sympys)}   {self.verdict}"
        return f"{text} ({self.reason})" if self.reason else text


@dataclass(frozen=True)
class Report:
    """What was compared and how it came out. `print(report)` shows it all.

    `proved` is True only when every derivative was shown to be equal to SymPy's by SymPy itself.
    """

    subject: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    of: Node | None = field(default=None, repr=False, compare=False)  # the node whose gradient it is about

    @property
    def proved(self) -> bool:
        """Whether each check was decided exactly, and there is at least one."""
        return bool(self.checks) and all(c.verdict == PROVED for c in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that came out wrong."""
        return tuple(c for c in self.checks if c.verdict == WRONG)

    def __str__(self) -> str:
        def column(texts: Iterator[str]) -> list[str]:
            rows = [t if len(t) <= 60 else t[:57] + "..." for t in texts]
            width = max(map(len, rows), default=0)
            return [t.ljust(width) for t in rows]

        left = column(f"{c.subject} = {sympy.sstr(c.ours)}" for c in self.checks)
        right = column(f"SymPy: {sympy.sstr(c.sympys)}" for c in self.checks)
        lines = [self.subject]
        for c, ours, theirs in zip(self.checks, left, right, strict=True):
            lines.append(f"  {ours}   {theirs}   {c.verdict}" + (f": {c.reason}" if c.reason else ""))
        return "\n".join([*lines, *(f"  {n}" for n in self.notes), self.verdict])

    @property
    def verdict(self) -> str:
        """The last line of the report."""
        counts = [(v, sum(c.verdict == v for c in self.checks)) for v in (PROVED, AGREES, UNDECIDED, WRONG)]
        if not self.checks:
            return "nothing to prove: no gradient flows"
        if self.proved:
            return f"proved: {len(self.checks)} of {len(self.checks)} derivatives"
        parts = [f"{n} {'agrees at points only' if v == AGREES else v}" for v, n in counts if n]
        return f"not proved: of {len(self.checks)} derivatives {', '.join(parts)}"


def to_sympy(of: Node | Graph, sizes: Mapping[str, int] | None = None) -> Any:
    """The SymPy expression of a scalar node, or a `sympy.Array` of expressions.

    Leaves become real symbols of their names, elements of arrays `X[0,1]`; `sizes` binds named dimensions.
    """
    graph = of if isinstance(of, Graph) else Graph(of)
    value = forward(graph, {}, SYMPY, sizes)[graph.output]
    return value[()] if value.shape == () else sympy.Array(value.tolist())


def prove(
    of: Node | Graph | Forward | Backward | Function | str | Callable[..., Node],
    sizes: Mapping[str, int] | None = None,
    inputs: tuple[int, ...] | None = None,
) -> Report:
    """Prove the gradient of a scalar by every variable and parameter below it, against `sympy.diff`.

    `sizes` binds named dimensions; unbound ones get 2, 3, ... in the order of their names. An op, as `"tanh"` or
    `cg.tanh`, is proved rule by rule. A model (what has parameters and can be called on a node) is proved on an
    input X of the shape `inputs` (one row, as wide as its first matrix), each output times a symbol of its own.
    Raises GradientError when the output is no scalar, NameUnknownError for a name that is no op.

    >>> print(prove("sqrt").verdict)
    proved: 1 of 1 derivatives
    """
    if isinstance(of, (str, Function)):
        return prove_row(_row(of))
    if callable(of) and hasattr(of, "parameters"):
        return prove(_weighted(of, inputs), sizes)
    if not isinstance(of, (Node, Graph, Forward, Backward)):
        raise ValueRefusedError(
            f"prove is given {short(of)}", fix="give a node, a graph, a pass, an op of the table, or a model"
        )
    root = of.of if isinstance(of, Backward) else of.graph.output if isinstance(of, Forward) else of
    graph = root if isinstance(root, Graph) else Graph(root)
    names = sorted({d for n in graph.nodes for d in n.shape if isinstance(d, str)})
    bound = {name: size for size, name in enumerate(names, 2)} | dict(sizes or {})
    fwd = forward(graph, {}, SYMPY, bound)
    bwd = backward(fwd)
    value = fwd[graph.output][()]
    checks = []
    for leaf in sorted(graph.inputs, key=graph.name):
        for symbol, ours in zip(fwd[leaf].flat, bwd.gradient[leaf].flat, strict=True):
            subject = f"∂{graph.name(graph.output)}/∂{symbol}"
            checks.append(compare(subject, ours, sympy.diff(value, symbol), fwd[leaf].shape == ()))
    kinks = sorted({n.op.convention(n.attrs) for n in graph.nodes if n.op is not None and n.op.kink})
    where = [f"{k} = {v}" for k, v in bound.items()]
    notes = [f"with {', '.join(where)}"] if where else []
    notes += [f"where it is differentiable; at the kink by convention: {k}" for k in kinks]
    return Report(f"{graph.name(graph.output)} = {_shortened(value)}", tuple(checks), tuple(notes), graph.output)


def _row(of: str | Function) -> Row:
    name = of if isinstance(of, str) else of.__name__
    if name in functions() and name not in TABLE:
        raise ValueRefusedError(
            f"{name} is no row of the table",
            why="it is made of ops that are",
            fix=f"prove a graph of it: cg.prove(cg.{name}(...))",
        )
    if isinstance(of, Function):
        return of.row
    if of not in TABLE:
        near = close_matches(of, TABLE)
        fix = f"did you mean {near[0]!r}?" if near else "cg.functions() lists them; a formula goes through cg.parse"
        raise NameUnknownError(f"the table has no op named {of!r}", fix=fix)
    return TABLE[of]


def _weighted(model: Any, inputs: tuple[int, ...] | None) -> Node:
    """A scalar whose gradients are those of every output at once: the outputs, each times a symbol."""
    if inputs is None:
        matrices = [p.shape for p in model.parameters if len(p.shape) == 2]
        if not matrices:
            raise ValueRefusedError(
                "the width of the model's input is not known", why="no parameter is a matrix", fix="give inputs=(1, 2)"
            )
        inputs = (1, int(matrices[0][0]))
    output = model(variable("X", inputs))
    loss: Node = (output * variable("g", output.shape)).sum().named("L")
    return loss


def prove_row(row: Row, attrs: Mapping[str, Any] | None = None) -> Report:
    """Prove each derivative rule of one row of the table, for symbols or for small arrays of symbols.

    `attrs` are attributes of an elementwise row that are not its defaults.
    """
    if row.elementwise:
        expression, names = formula(row, row.arity or 3, {**row.defaults, **(attrs or {})})
        scalars, given = [as_object(s) for s in names], SYMPY.numbers({**row.defaults, **(attrs or {})})
        checks = []
        for position, symbol in enumerate(names):
            rule = row.rule(position)
            ours = np.asarray(rule(SYMPY, as_object(expression), *scalars, **given))[()] if rule else 0
            checks.append(compare(f"∂{row.name}/∂{symbol}", sympy.sympify(ours), sympy.diff(expression, symbol)))
        return Report(
            f"{row.name} = {row.formula}",
            tuple(checks),
            (f"by convention: {row.convention(attrs or {})}",) if row.kink else (),
        )
    checks = [check for shapes, attrs in row.examples for check in _prove_pullback(row, shapes, attrs)]
    return Report(f"{row.name} = {row.formula}", tuple(checks))


def _prove_pullback(row: Row, shapes: Sequence[Any], attrs: Mapping[str, Any]) -> Iterator[Check]:
    """A pullback of symbols against the derivative of the sum of (upstream * result), element by element."""
    fixed = [as_object(s) if isinstance(s, list) else None for s in shapes]  # ids and the like are no symbols
    sizes = [s if v is None else v.shape for s, v in zip(shapes, fixed, strict=True)]
    leaves = [variable(name, shape) for name, shape in zip("xyuv", sizes, strict=False)]
    given, shape = row.infer(sizes, {**row.defaults, **attrs})
    values = [SYMPY.leaf(leaf, v, leaf.shape) for leaf, v in zip(leaves, fixed, strict=True)]
    run = SYMPY._function(row)
    result = run(*values, **given)
    upstream = SYMPY.leaf(variable("g", shape), None, shape)
    total = sum((upstream * result).flat, start=sympy.Integer(0))
    for position, (leaf, value) in enumerate(zip(leaves, values, strict=True)):
        rule = row.rule(position)
        ours = np.zeros(value.shape, dtype=object)  # no rule claims that the derivative is zero
        if rule is not None:
            ours = np.asarray(rule(SYMPY, upstream, result, *values, **given), dtype=object)
        if ours.shape != value.shape:
            text = f"{row.name} to {leaf.name}"
            yield Check(text, ours.shape, value.shape, WRONG, "the downstream gradient has another shape")
            continue
        for symbol, mine in zip(value.flat, ours.flat, strict=True) if fixed[position] is None else ():
            yield compare(f"∂(g·{row.name})/∂{symbol}", sympy.sympify(mine), sympy.diff(total, symbol))


# Comparing two expressions -------------------------------------------------------------------------------------------
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
            return WRONG, f"at {at}: {float(a):.6g}, SymPy {float(b):.6g}"
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


def _shortened(expression: Any) -> str:
    text: str = sympy.sstr(expression)
    return text if len(text) <= 200 else text[:197] + "..."


def _points(ours: Any, theirs: Any) -> Iterator[tuple[dict[Any, Any], tuple[Any, Any]]]:
    """Rational points at which both expressions are finite real numbers, with their values."""
    free = sorted(ours.free_symbols | theirs.free_symbols, key=str)
    generator = np.random.default_rng(0)
    for _ in range(POINTS):
        point = {s: sympy.Rational(int(generator.integers(-40, 41)), 17) for s in free}
        values = tuple(sympy.N(e.subs(point), DIGITS) for e in (ours, theirs))
        if all(v.is_real and v.is_finite for v in values):
            yield point, (values[0], values[1])
