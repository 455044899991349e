"""The small language of formulas as tables: signs, other names of functions, and how what it lacks is written."""

from __future__ import annotations

import ast
import re
from collections import Counter

from cgraph.ops import TABLE

BINARY = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.Mod: "mod",
    ast.FloorDiv: "div",  # and then floor
}
COMPARED = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
_SIGNS = Counter(row.sign for row in TABLE.values())
ALSO = {  # other names of functions: ln, and the signs that stand for one op alone, such as σ and ReLU
    name: row.name
    for row in TABLE.values()
    for name in (row.sign, *row.also)
    if name.isidentifier() and name not in TABLE and _SIGNS[name] < 2
}
ALSO |= {name.replace("arc", "a", 1): name for name in TABLE if name.startswith("arc")}
PRINTED = {  # what pictures print before brackets where that is no name: "leaky relu", "log σ", "σ′"
    text: row.name
    for row in TABLE.values()
    for text in (row.name.replace("_", " "), row.sign)
    if ("_" in row.name and text != row.sign) or (_SIGNS[text] == 1 and re.fullmatch(r"[^\W\d]+(?: [^\W\d]|′)", text))
}
_TWO = {row.ufunc: row.name for row in TABLE.values() if row.arity == 2 and isinstance(row.ufunc, str)}
SEVERAL = {  # of two operands or more, the ops of two that are the same of elements: maximum for max
    row.name: _TWO[row.reduction.ufunc] for row in TABLE.values() if row.reduction and row.reduction.ufunc in _TWO
}
WRITE = {"lg": "log10(x) or log2(x)", "sec": "1/cos(x)", "csc": "1/sin(x)", "cot": "1/tan(x)", "ctg": "1/tan(x)"}
REFUSED: dict[type[ast.AST], tuple[str, str]] = {  # what it is called, and how to write it
    ast.BitOr: ("|", "write abs(x) for |x|"),
    ast.BoolOp: ("and / or", "multiply conditions, (x > 0)*(x < 1), or choose with where(x > 0, x, 0)"),
    ast.Not: ("not", "write 1 - (x > 0)"),
    ast.Tuple: ("a comma", "a number has a point: write 0.5 for 0,5; separate assignments by semicolons"),
    ast.List: ("[ ]", "give arrays as values: x=[1,2]"),
    ast.Set: ("{ }", "write round brackets: (x + 1)"),
    ast.Dict: ("{ }", "write round brackets: (x + 1)"),
    ast.NamedExpr: (":=", "write name = expression"),
    ast.Compare: ("a chain of comparisons", "write (a < b)*(b < c)"),
}
UNREADABLE = (  # what Python cannot read, what it is, and how to write it
    (r"(?:^|;)\s*\w+\s*\([^()]*\)\s*=(?!=)", "a function cannot be defined", "write f = x**2 for f(x) = x**2"),
    (r"![^=]|!$", "! is no sign of a formula", "factorials are not computed here"),
    (r"\[[^\[\]]*[^<>=!]=[^=]", "= compares nothing", "write equal(a, b) for 1 where a is b"),
    (r"[‖∥]", "‖ is no sign of a formula", "write norm(x) for ‖x‖"),
    (r"[∑∏∂∇∫]", "sums and derivatives are not written so", "write sum(x), prod(x); ask for derivatives: cg.grad"),
    (r":=", ":= is no sign of a formula", "write name = expression"),
    (r"\$", "LaTeX is not read", "write the formula without $"),
    (r"\w'", "a prime is no part of a name", "write y1 or dy, and ask for derivatives: cg.grad, cg.derive"),
)
