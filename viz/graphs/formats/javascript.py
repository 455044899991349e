"""A graph of scalars as JavaScript, so that a page can compute the same values again when an input changes.

The functions are the formulas of the table's own rows, printed by SymPy: no op is written a second time. Only what
float64 cannot compute as it is written has a helper: log(1 + exp(x)), exp(x) - 1, log(1 + x), erf, and 0·∞ = 0.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, Node
from cgraph.ops.gammas import BERNOULLI, ZETAS
from cgraph.passes.indeterminate import LARGE
from viz.graphs.formats.zeros import Question, Whole, Zeros, asked

HELPERS = """\
const infinite = x => x === Infinity || x === -Infinity;
const times = (x, y) => x === 0 || y === 0 ? 0 : x*y;
const over = (x, y) => x === 0 ? 0 : x/y;
const heaviside = (x, atZero) => x > 0 ? 1 : x < 0 ? 0 : x === 0 ? atZero : NaN;
const softplus = x => x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
const crossEntropy = (x, y) => Math.max(x, 0) - x*y + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = x => x >= 0 ? 1/(1 + Math.exp(-x)) : Math.exp(x)/(1 + Math.exp(x));
const elu = (x, alpha) => x > 0 ? x : alpha*Math.expm1(x);
const decay = x => Math.exp(-Math.abs(x));
const sigmoidSlope = x => decay(x)/(1 + decay(x))**2;
const sigmoidResidual = (x, y) => ((x >= 0) - y) - (x >= 0 ? 1 : -1)*decay(x)/(1 + decay(x));
const direction = (x, y) => {
  const top = Math.max(Math.abs(x), Math.abs(y)) || 1;
  return x === 0 ? 0 : x/top/Math.hypot(x/top, y/top);
};
const mod = (x, y) => { const r = x % y; return r !== 0 && (r < 0) !== (y < 0) ? r + y : r; };
const logaddexp = (x, y) => Math.max(x, y) + (x === y ? Math.LN2 : Math.log1p(Math.exp(-Math.abs(x - y))));
const sinc = (x, n) => {
  if (Math.abs(x) === Infinity) return 0;
  if (Math.abs(x) < (n ? Math.max(1, n/4) : 0.5)) {  // the power series, in which nothing cancels near 0
    const m = Math.floor((n + 1)/2);
    let term = (m % 2 ? -1 : 1)*Math.PI**(2*m)/(2*m + 1)*(n % 2 ? x : 1), sum = term;
    for (let k = m; k < m + 24; k++) {
      term *= -((Math.PI*x)**2)*(2*k + 1)/((2*k + 3)*(2*k + 2 - n)*(2*k + 1 - n));
      sum += term;
    }
    return sum;
  }
  const r = x % 2, a = Math.abs(r) > 1 ? r - 2*Math.sign(r) : r;
  const s = Math.sin(Math.PI*(Math.abs(a) > 0.5 ? Math.sign(a) - a : a)), c = Math.sin(Math.PI*(0.5 - Math.abs(a)));
  let sum = 0, factor = 1/(Math.PI*x), many = 1;  // Leibniz's rule
  for (let k = 0; k <= n; k++) {
    sum += many*Math.PI**(n - k)*[s, c, -s, -c][(n - k) % 4]*factor;
    factor *= -(k + 1)/x;
    many = many*(n - k)/(k + 1);
  }
  return sum;
};
const xlogy = (x, y) => x === 0 && y === y ? 0 : x*Math.log(y);
const ZETAS = [%ZETAS%];  // ζ(k) - 1 from k = 2 up
const BERNOULLI = [%BERNOULLI%];
const lgamma = x => {
  const s = Math.abs(x), whole = Math.round(s), at = s - whole;
  if (s === Infinity || (x <= 0 && at === 0)) return Infinity;
  let found = 0;
  if (s < 10) {  // the power series about 2
    let product = 1;
    for (let k = ZETAS.length + 1; k > 1; k--) found = (found + (k % 2 ? -1 : 1)*ZETAS[k - 2]/k)*at;
    for (let k = 1; k <= whole - 2; k++) product *= s - k;
    found = at*(0.42278433509846713 + found) + Math.log(product);
    found -= whole === 1 ? Math.log1p(at) : whole === 0 ? Math.log(s) + Math.log1p(s) : 0;
  } else {  // Stirling's
    for (let k = BERNOULLI.length; k > 0; k--) found = found/s/s + BERNOULLI[k - 1]/(2*k*(2*k - 1));
    found = (s - 0.5)*(Math.log(s) - 1) + (0.4189385332046728 + found/s);
  }
  return x < 0 ? Math.log(Math.PI/Math.sin(Math.PI*Math.abs(at))) - Math.log(s) - found : found;
};
const zetaFrom = (x, power) => {
  const many = x < 10 + power ? 10 + power : 0, end = x + many;
  let sum = 0, term = power*end**(-1 - power)/2, tail = end**(1 - power)/(power - 1) + 0.5*end**-power;
  for (let k = 0; k < many; k++) sum += (x + k)**-power;
  for (let k = 1; k <= BERNOULLI.length; k++) {
    tail += BERNOULLI[k - 1]*term;
    term *= (power + 2*k - 1)*(power + 2*k)/((2*k + 1)*(2*k + 2))/(end*end);
  }
  return sum + tail;
};
const digammaAbove = x => {
  let found = 0;
  if (x >= 10) {
    for (let k = BERNOULLI.length; k > 0; k--) found = found/x/x + BERNOULLI[k - 1]/(2*k);
    return x === Infinity ? x : Math.log(x) - (0.5/x + found/x/x);
  }
  const whole = Math.round(x), at = x - whole;
  for (let k = ZETAS.length + 1; k > 1; k--) found = (found + (k % 2 ? -1 : 1)*ZETAS[k - 2])*at;
  found += 0.42278433509846713;
  for (let k = 1; k <= whole - 2; k++) found += 1/(x - k);
  return found - ((whole < 2 ? 1/x : 0) + (whole < 1 ? 1/(1 + x) : 0));
};
const digamma = (x, n) => {
  const even = n % 2 === 0, at = x - Math.round(x), size = x < 0 ? 1 - x : x;
  if (infinite(x)) return x < 0 ? NaN : n ? 0 : x;
  if (x <= 0 && at === 0) return !even ? Infinity : x === 0 ? (Object.is(x, -0) ? 1 : -1)*Infinity : NaN;
  let sum = n ? zetaFrom(size, n + 1) : -digammaAbove(size), slopes = [0, 1];
  for (let k = 2; k <= n; k++) sum *= k;
  if (!(x < 0)) return even ? -sum : sum;
  for (let m = 0; m < n; m++)  // of cot as a polynomial in cot
    slopes = Array.from({length: m + 3}, (_, k) => -((k + 1)*(slopes[k + 1] || 0) + (k - 1)*(slopes[k - 1] || 0)));
  const cot = Math.sin(Math.PI*(0.5 - Math.abs(at)))/Math.sin(Math.PI*at);
  let total = slopes[n + 1];
  for (let k = n; k >= 0; k--) total = total*cot + slopes[k];
  return -sum - Math.PI**(n + 1)*total;
};
const erf = x => {
  const s = Math.abs(x);
  if (s < 2.5) {  // the Taylor series, in the form without cancelling terms
    let term = s, sum = s;
    for (let n = 1; n < 80; n++) { term *= 2*s*s/(2*n + 1); sum += term; }
    return Math.sign(x)*2/Math.sqrt(Math.PI)*Math.exp(-s*s)*sum;
  }
  let tail = 0;  // Laplace's continued fraction
  for (let n = 60; n > 0; n--) tail = n/2/(s + tail);
  return Math.sign(x)*(1 - Math.exp(-s*s)/Math.sqrt(Math.PI)/(s + tail));
};
const aboveTail = t => {  // K where φ(t)/Φ(-t) = t + K
  let k = t;
  for (let n = 200; n > 1; n--) k = t + n/k;
  return 1/k;
};
const density = x => Math.exp(-x*x/2)/Math.sqrt(2*Math.PI);
const above = t => t > 2.5 ? density(t)/(t + aboveTail(t)) : (1 - erf(t/Math.SQRT2))/2;
const erfc = x => 2*above(x*Math.SQRT2);
const logNormalCdf = x =>
  x < -2.5 ? -x*x/2 - Math.log(Math.sqrt(2*Math.PI)*(aboveTail(-x) - x)) : Math.log1p(-above(x));
const inverseMills = (x, n) => {
  const edge = n > 1 ? 1 : 2.5, t = -x, factorial = Array.from({length: n}, (_, k) => k + 1).reduce((a, b) => a*b, 1);
  if (x < -edge) {  // Laplace's continued fraction as a power series
    let b = Array.from({length: n + 1}, (_, k) => k === 0 ? t : k === 1 ? 1 : 0), m = b;
    for (let i = n > 1 ? 800 : 200; i > 0; i--) {
      m = [i/b[0]];
      for (let k = 1; k <= n; k++) {
        let sum = 0;
        for (let j = 1; j <= k; j++) sum += b[j]*m[k - j];
        m.push(-sum/b[0]);
      }
      b = m.map((c, k) => k === 0 ? c + t : k === 1 ? c + 1 : c);
    }
    return n === 0 ? m[0] + t : n === 1 ? -1 - m[1] : (n % 2 ? -1 : 1)*m[n]*factorial;
  }
  const c = Math.min(x, 64), m = [density(c)/above(-c)];
  for (let k = 0; k < n; k++) {
    let sum = k ? m[k - 1] : 0;
    for (let j = 1; j < k; j++) sum += m[j]*m[k - j];
    m.push(-(m[k]*((k ? 2 : 1)*m[0] + c) + sum)/(k + 1));
  }
  return m[n]*factorial;
};
""".replace("%ZETAS%", ", ".join(map(repr, ZETAS))).replace("%BERNOULLI%", ", ".join(map(repr, BERNOULLI)))


def program(
    outputs: Sequence[Node],
    inputs: Sequence[Node],
    questions: Sequence[Sequence[Question | Whole]] = (),
    slopes: Mapping[Node, Sequence[Node]] = MappingProxyType({}),
) -> str:
    """A JavaScript expression: a function from an array of the inputs' values to an array of the outputs' values.

    `outputs` are scalar nodes of ops on scalars; leaves that are no inputs keep their own values. For each group of
    `questions` it says whether one of them is open (see `zeros`), for which it is given the `slopes` of kinked nodes.
    Raises ValueRefusedError for arrays, and for an op that has no formula.

    >>> import cgraph as cg
    >>> a, b = cg.variables("a b")
    >>> print(program([a * b], [a, b]).splitlines()[-4])
      const v2 = op0(v0, v1);
    """
    graph = Graph(list(dict.fromkeys([*outputs, *asked(questions, slopes)])))
    place = {node: i for i, node in enumerate(inputs)}
    functions: dict[Any, str] = {}
    lines: list[str] = []
    for i, node in enumerate(graph.nodes):
        if node.shape != ():
            raise ValueRefusedError(
                f"{graph.name(node)} is an array",
                where=node.where,
                why="a page computes single numbers",
                fix="unroll the graph first: cg.unroll(...)",
            )
        if node in place:
            lines.append(f"const v{i} = x[{place[node]}];")
        elif node.kind == OP:
            operands = [f"v{graph.index[x]}" for x in node.operands]
            lines.append(f"const v{i} = {_applied(node, operands, functions)};")
        elif node.value is not None:
            lines.append(f"const v{i} = {number(float(node.value))};")
        else:
            raise ValueRefusedError(f"{node.name} has no value", where=node.where, fix="make it an input")
    found = [f"v{graph.index[n]}" for n in outputs]
    if questions:
        lines += _opened(graph, questions, slopes, functions)
        found.append("...open")
    body = "\n  ".join(lines)
    made = "\n".join(functions.values())
    return f"(() => {{\n{HELPERS}{made}\nreturn x => {{\n  {body}\n  return [{', '.join(found)}];\n}};\n}})()"


def _opened(
    graph: Graph,
    questions: Sequence[Sequence[Question | Whole]],
    slopes: Mapping[Node, Sequence[Node]],
    functions: dict[Any, str],
) -> list[str]:
    """The lines that answer questions; where no number is large, nothing has to be asked."""
    zeros = Zeros(graph, slopes, lambda node, given: _applied(node, given, functions))
    numbers = ", ".join(f"v{graph.index[n]}" for n in dict.fromkeys(asked(questions, {})))
    open_ = ", ".join(" || ".join(f"({zeros.open(q)})" for q in several) or "false" for several in questions)
    flags = "\n  ".join(zeros.lines)
    quiet = f"[{numbers}].every(v => Math.abs(v) < {LARGE:g}) ? Array({len(questions)}).fill(false)"
    return [f"const open = {quiet} : (() => {{", flags, f"return [{open_}];", "})();"]


def number(value: float) -> str:
    """A number as JavaScript writes it, to the last bit.

    >>> number(0.1), number(math.inf)
    ('0.1', 'Infinity')
    """
    if math.isfinite(value):
        return json.dumps(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _applied(node: Node, operands: Sequence[str], functions: dict[Any, str]) -> str:
    """A node's op on its operands: as its row says it, or by a function of its formula."""
    assert node.op is not None
    if node.op.js:
        return node.op.js.format(*operands, **{name: number(value) for name, value in node.attrs.items()})
    return f"{_function(node, functions)}({', '.join(operands)})"


def _function(node: Node, functions: dict[Any, str]) -> str:
    """The name of the function of a node's op; it is defined when it is first used."""
    row = node.op
    assert row is not None
    key = row, len(node.operands), tuple(sorted(node.attrs.items()))
    if key not in functions:
        if not row.elementwise:
            raise ValueRefusedError(
                f"{row.name} has no formula for single numbers", where=node.where, fix="unroll the graph first"
            )
        functions[key] = _defined(f"op{len(functions)}", row, len(node.operands), dict(node.attrs))
    return f"op{list(functions).index(key)}"


def _defined(name: str, row: Any, count: int, attrs: dict[str, Any]) -> str:
    import sympy

    from cgraph.worlds.sympy import formula

    expression, operands = formula(row, count, attrs)
    letters = [sympy.Symbol(f"x{i}", real=True) for i in range(count)]
    expression = expression.xreplace(dict(zip(operands, letters, strict=True)))
    return f"const {name} = ({', '.join(map(str, letters))}) => {_printer().doprint(expression)};"


def printed(expression: Any) -> str:
    """A formula of SymPy's in JavaScript, with the helpers above."""
    return str(_printer().doprint(expression))


def _printer() -> Any:
    from sympy import exp, log
    from sympy.printing.jscode import JavascriptCodePrinter

    class Printer(JavascriptCodePrinter):  # type: ignore[misc]  # SymPy has no types
        """SymPy's printer, with one line for each expression and the helpers above."""

        def _print_log(self, expression: Any) -> str:
            (inner,) = expression.args
            rest = inner - 1
            if isinstance(rest, exp):
                return f"softplus({self._print(rest.args[0])})"
            return f"Math.log1p({self._print(rest)})" if 1 in inner.args else f"Math.log({self._print(inner)})"

        def _print_Add(self, expression: Any, order: Any = None) -> str:  # noqa: N802
            terms = list(expression.args)
            if -1 not in terms or not any(isinstance(t, exp) for t in terms):
                return str(super()._print_Add(expression, order))
            power = next(t for t in terms if isinstance(t, exp))
            others = [f" + {self._print(t)}" for t in terms if t not in (-1, power)]
            return f"(Math.expm1({self._print(power.args[0])}){''.join(others)})"

        def _print_NaN(self, expression: Any) -> str:  # noqa: N802
            return "NaN"

        def _print_Heaviside(self, expression: Any) -> str:  # noqa: N802
            return f"heaviside({', '.join(map(self._print, expression.args))})"

        def _print_erf(self, expression: Any) -> str:
            return f"erf({self._print(expression.args[0])})"

        def _print_Mul(self, expression: Any) -> str:  # noqa: N802
            logs = [f for f in expression.args if f.has(log)]
            others = [f for f in expression.args if f not in logs]
            if not logs or all(f.is_number for f in others):
                return str(super()._print_Mul(expression))
            return f"times({self._print(expression.func(*others))}, {self._print(expression.func(*logs))})"

        def _print_Pow(self, expression: Any) -> str:  # noqa: N802
            base, power = expression.args
            if power == 2 and base.is_Symbol:
                return f"({base}*{base})"
            return str(super()._print_Pow(expression))

        def _print_Piecewise(self, expression: Any) -> str:  # noqa: N802
            *cases, (last, _) = [(self._print(e), self._print(c)) for e, c in expression.args]
            return "(" + " : ".join([*(f"{c} ? {e}" for e, c in cases), last]) + ")"

    return Printer()
