"""The small language of formulas: `d = 2*b; e = a + d; L = c*e`.

Assignments, numbers, + - * / ** @, comparisons, indices and calls of the table's functions, as people type them (see
`typed`). The text is read with Python's own parser and an allow-list of what may stand in it; nothing is evaluated.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, NoReturn, TypeAlias

from cgraph.errors import FormulaError, ValueRefusedError, close_match, did_you_mean
from cgraph.graph.graph import Graph
from cgraph.graph.language import ALSO, BINARY, COMPARED, REFUSED, SEVERAL, UNREADABLE, WRITE
from cgraph.graph.node import VARIABLE, Node, as_node, build, make
from cgraph.graph.values import real
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Op
from cgraph.shapes import as_shape

LONGEST = 1_000_000
GraphLike: TypeAlias = "Node | Graph | Iterable[Node] | str"
"""What is taken for a graph: a graph, its output or outputs, or its formula as text."""


def parse(text: str, shapes: Mapping[str, Any] | None = None) -> Graph:
    """A graph from a formula. Each assignment names a node; names that are never assigned are variables.

    `shapes` gives the variables that are no scalars their shapes: `parse("z = X @ W", {"X": ("m", 3), "W": (3, 2)})`.
    The outputs are the results that no later statement uses, in order.
    Raises FormulaError; ShapeError where shapes do not fit.

    >>> parse("d = 2*b; e = a + d; L = c*e")
    <Graph of 7 nodes: L>
    """
    reader = _Reader(text, dict(shapes or {}))
    graph = reader.graph()
    unknown = sorted(set(shapes or {}) - set(reader.variables))
    if unknown:
        raise FormulaError(f"the formula has no variable {unknown[0]!r}", fix=f"it has {', '.join(reader.variables)}")
    return graph


def as_graph(of: GraphLike, values: Mapping[Any, Any] | None = None) -> Graph:
    """A graph as it is; the graph of a node, of several, or of a formula. Every function that takes a graph asks here.

    The variables of a formula take the shapes of the `values` that are arrays; the others are scalars.
    Raises FormulaError as `parse` does and for a lone name, ValueRefusedError for what is no graph.

    >>> as_graph("L = c*(a + 2*b)"), as_graph("z = X @ w", {"X": [[1, 2]], "w": [3, 4]}).output
    (<Graph of 7 nodes: L>, <z = matmul(X, w) [1]>)
    """
    if isinstance(of, str):
        return computing(_Reader(of, _shapes(values or {})).graph())
    return of if isinstance(of, Graph) else Graph(of)


def computing(graph: Graph) -> Graph:
    """The graph of a formula, in which something is computed: a lone name is perhaps a function that is misspelt."""
    if all(n.op is None for n in graph.outputs):
        name = graph.name(graph.outputs[0])
        raise FormulaError(
            f"{name} alone is no formula",
            why="nothing is computed in it",
            fix=did_you_mean(name, TABLE, f"write what is computed, such as y = 2*{name}"),
        )
    return graph


def _shapes(values: Mapping[Any, Any]) -> dict[str, Any]:
    """The shapes of values that are arrays, by name; what is no value is refused where it is used."""
    found = {}
    for name, value in values.items():
        try:
            found[name] = tuple(value.shape if hasattr(value, "shape") else real(value, "").shape)
        except ValueRefusedError:
            continue
    return found


def _joined(lines: list[str]) -> str:
    """Lines as one, separated by semicolons; a line goes on where a bracket is still open, as in Python."""
    text, depth = "", 0
    for line in lines:
        text += line if not text else f"{' ' if depth > 0 else ';'}{line}"
        depth += sum(line.count(c) for c in "([") - sum(line.count(c) for c in ")]")
    return text


class _Reader:
    """Reads one formula, statement by statement."""

    def __init__(self, text: str, shapes: dict[str, Any]) -> None:
        self.text, self.shapes = text, shapes
        self.read = text
        self.places: Sequence[int] = ()  # what Python reads, and where each of its characters was typed
        self.variables: dict[str, Node] = {}
        self.defined: dict[str, Node] = {}
        self.assigned_at: dict[str, ast.AST] = {}

    def graph(self) -> Graph:
        statements = self._statements()
        for statement in statements:
            if isinstance(statement, ast.Assign):
                self._declare(statement)
            elif not isinstance(statement, ast.Expr):
                kind = type(statement).__name__
                self._refuse(f"{kind} is not allowed in a formula", statement, fix="write name = expression")
        results: list[Node] = []
        for statement in statements:
            if isinstance(statement, ast.Assign):
                target = statement.targets[0]
                assert isinstance(target, ast.Name)
                node = self._expression(statement.value, statement)
                if node.name is not None:  # `y = x` names what has a name: say so with a node of its own
                    self._refuse(f"{target.id} = {node.name} only renames {node.name}", target, fix="use one name")
                node = node.named(target.id)
                self.defined[target.id] = node
            else:
                assert isinstance(statement, ast.Expr)
                node = self._expression(statement.value, statement)
            results.append(node)
        used = {x for node in Graph(results).nodes for x in node.operands}
        return Graph([node for node in results if node not in used])

    def _statements(self) -> list[ast.stmt]:
        source = self.text if isinstance(self.text, str) else ""
        lines = _joined([s for line in source.splitlines() if (s := line.split("#")[0].strip(" ;\t"))])
        if not lines:
            raise FormulaError("the formula is empty", fix='write one, such as "L = c*(a + 2*b)"')
        if len(self.text) > LONGEST:
            raise FormulaError(f"the formula has {len(self.text)} characters", why=f"at most {LONGEST} are read")
        callable_ = {*TABLE, *ALSO, *WRITE}
        self.text = lines
        from cgraph.graph.typed import as_typed  # its patterns take a millisecond, which `import cgraph` does not have

        if lines.count("(") <= lines.count(")"):
            lines, self.places = as_typed(lines, callable_)
        self.read = lines
        try:
            return ast.parse(lines).body
        except SyntaxError as error:
            column = (error.offset or 1) - 1
            closed = lines.count("(") <= lines.count(")")
            what = f"the formula does not read as one: {error.msg if closed else 'a bracket is never closed'}"
            fix = "write assignments separated by semicolons, such as d = 2*b; L = c*d"
            known = next(((what, fix) for sign, what, fix in UNREADABLE if closed and re.search(sign, lines)), None)
            what, fix = known or (what, fix)
            near = repr(lines[max(0, column - 8) : column + 12])
            column = self.places[min(column, len(self.places) - 1)] if self.places else column
            where = f"character {column + 1}, near {near}"
            raise FormulaError(what, where=where, fix=fix) from None
        except (RecursionError, MemoryError, ValueError):
            raise FormulaError(
                "the formula is nested too deeply, or has characters that no formula has",
                fix="split it into several assignments",
            ) from None

    def _declare(self, statement: ast.Assign) -> None:
        target = statement.targets[0]
        if len(statement.targets) != 1 or not isinstance(target, ast.Name):
            self._refuse("an assignment names one result", statement, fix="write name = expression")
        if target.id in self.assigned_at:
            self._refuse(f"{target.id} is defined twice", target, fix="give the second one another name")
        self.assigned_at[target.id] = statement

    def _expression(self, root: ast.expr, statement: ast.stmt) -> Node:
        """The node of an expression, without recursion: operands wait on a stack until they are built."""
        built: dict[ast.expr, Node] = {}
        stack: list[tuple[ast.expr, bool]] = [(root, False)]
        while stack:
            part, ready = stack.pop()
            if not ready:
                stack.append((part, True))
                stack.extend((x, False) for x in reversed(self._operands(part)))
            else:
                built[part] = self._node(part, [built[x] for x in self._operands(part)], statement)
        return built[root]

    def _operands(self, part: ast.expr) -> list[ast.expr]:
        if isinstance(part, ast.BinOp) and type(part.op) in BINARY:
            return [part.left, part.right]
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, (ast.USub, ast.UAdd)):
            return [] if self._signed_number(part) is not None else [part.operand]
        if isinstance(part, ast.Call):
            self._function(part)
            return part.args
        if isinstance(part, (ast.Name, ast.Constant)):
            return []
        if isinstance(part, ast.Compare) and len(part.ops) == 1 and type(part.ops[0]) in COMPARED:
            return [part.left, part.comparators[0]]
        if isinstance(part, ast.IfExp):
            return [part.test, part.body, part.orelse]
        if isinstance(part, ast.Subscript):
            return [part.slice if self._is_indicator(part) else part.value]
        if isinstance(part, ast.Attribute) and part.attr == "T":
            return [part.value]
        if isinstance(part, ast.Attribute):
            self._refuse(f"the attribute .{part.attr} is not allowed", part, fix="call a function of the table by name")
        kind = type(part.op) if isinstance(part, (ast.BinOp, ast.UnaryOp)) else type(part)
        called, fix = REFUSED.get(kind, (kind.__name__, "use numbers, names, + - * / ** @ and calls"))
        self._refuse(f"{called} is not allowed in a formula", part, fix=fix)

    @staticmethod
    def _is_indicator(part: ast.Subscript) -> bool:
        """Whether it is `1[z > 0]`, as pictures write a condition that is 1 or 0."""
        return isinstance(part.value, ast.Constant) and part.value.value == 1 and isinstance(part.slice, ast.Compare)

    def _node(self, part: ast.expr, operands: list[Node], statement: ast.stmt) -> Node:
        origin = self._origin(part)
        if isinstance(part, ast.BinOp):
            result = build(TABLE[BINARY[type(part.op)]], *operands, origin=origin)
            return build(TABLE["floor"], result, origin=origin) if isinstance(part.op, ast.FloorDiv) else result
        if isinstance(part, ast.Compare):
            return build(TABLE[COMPARED[type(part.ops[0])]], *operands, origin=origin)
        if isinstance(part, ast.IfExp):
            return build(TABLE["where"], *operands, origin=origin)
        if isinstance(part, ast.Attribute):
            return build(TABLE["transpose"], *operands, origin=origin)
        if isinstance(part, ast.Subscript):
            return operands[0] if self._is_indicator(part) else self._indexed(part, operands[0], origin)
        if isinstance(part, ast.UnaryOp):
            number = self._signed_number(part)
            if number is not None:
                return as_node(number, origin)
            return build(TABLE["neg"], *operands, origin=origin) if isinstance(part.op, ast.USub) else operands[0]
        if isinstance(part, ast.Call):
            return self._call(part, operands, origin)
        if isinstance(part, ast.Constant):
            return as_node(self._number(part), origin)
        assert isinstance(part, ast.Name)
        return self._name(part, statement)

    def _function(self, part: ast.Call) -> Op:
        """The row of the table that a call names."""
        if not isinstance(part.func, ast.Name):
            self._refuse("only functions of the table can be called", part, fix="write a name, such as tanh(x)")
        name = part.func.id
        if name not in TABLE:
            name = ALSO.get(name, name.lower())
        if name in SEVERAL and len(part.args) > 1:
            name = SEVERAL[name]
        if part.func.id in self.assigned_at or part.func.id in self.variables:
            self._refuse(f"{part.func.id} is no function", part, fix=f"write {part.func.id}*(...) for a product")
        if name not in TABLE:
            name = part.func.id
            if name in WRITE:
                self._refuse(f"there is no function {name}", part, fix=f"write {WRITE[name]}")
            near = close_match(name, TABLE)
            self._refuse(
                f"there is no function {name}",
                part,
                fix=f"did you mean {near}?"
                if near
                else f"write {name}*(...) for a product; cg.table() lists functions",
            )
        return TABLE[name]

    def _call(self, part: ast.Call, operands: list[Node], origin: str) -> Node:
        attrs = {}
        for keyword in part.keywords:
            if keyword.arg is None:
                self._refuse("** is not allowed in a call", part, fix="write the attributes out")
            try:
                attrs[keyword.arg] = ast.literal_eval(keyword.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                self._refuse(f"{keyword.arg}= needs a number, a tuple or True/False", part)
        row = self._function(part)
        if row.arity == 2 and len(operands) > 2 and row.name in SEVERAL.values():
            *first, last = operands
            rest = reduce(lambda x, y: build(row, x, y, origin=origin, **attrs), first)
            return build(row, rest, last, origin=origin, **attrs)
        return build(row, *operands, origin=origin, **attrs)

    def _indexed(self, part: ast.Subscript, array: Node, origin: str) -> Node:
        """`v[1]`, `M[0, 1:]`: indices and slices of whole numbers, from 0, as NumPy has them."""

        def bound(x: ast.expr | None) -> int | None:
            return None if x is None else whole(x)

        def whole(x: ast.expr) -> int:
            sign, inner = (-1, x.operand) if isinstance(x, ast.UnaryOp) and isinstance(x.op, ast.USub) else (1, x)
            if isinstance(inner, ast.Constant) and type(inner.value) is int:
                return sign * inner.value
            self._refuse("an index is no whole number", part, fix="write v[0], M[0, 1] or v[1:]; take(v, ids) for ids")

        parts = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
        key = tuple(
            slice(bound(x.lower), bound(x.upper), bound(x.step)) if isinstance(x, ast.Slice) else whole(x)
            for x in parts
        )
        return build(TABLE["index"], array, key=key if len(key) > 1 else key[0], origin=origin)

    def _name(self, part: ast.Name, statement: ast.stmt) -> Node:
        name = part.id
        if name in self.defined:
            return self.defined[name]
        if name in self.assigned_at:
            if self.assigned_at[name] is statement:
                self._refuse(f"{name} is defined by itself: a cycle", part, fix="use another name for the result")
            other = ast.get_source_segment(self.text, self.assigned_at[name])
            target = next((n for n, s in self.assigned_at.items() if s is statement), None)
            cyclic = target is not None and any(
                isinstance(x, ast.Name) and x.id == target for x in ast.walk(self.assigned_at[name])
            )
            self._refuse(
                f"{name} is used before it is defined" + (f", and {other!r} uses {target}: a cycle" if cyclic else ""),
                part,
                fix="a graph has no cycles; rename one of them" if cyclic else f"put {other!r} first",
            )
        if name not in self.variables:
            shape = as_shape(self.shapes.get(name, ()))
            self.variables[name] = make(VARIABLE, None, (), NONE, shape, name, None, self._origin(part))
        return self.variables[name]

    def _number(self, part: ast.Constant) -> float:
        value = part.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._refuse(f"{value!r} is no number", part)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self._refuse("a number here is too large for a float", part)
        return number

    def _signed_number(self, part: ast.UnaryOp) -> float | None:
        if isinstance(part.operand, ast.Constant):
            number = self._number(part.operand)
            return -number if isinstance(part.op, ast.USub) else number
        return None

    def _origin(self, part: ast.AST) -> str:
        start, end = getattr(part, "col_offset", 0), getattr(part, "end_col_offset", 0)
        if len(self.text) >= 10_000:
            return f"character {start + 1} of the formula"
        start, end = (len(self.read.encode()[:at].decode(errors="replace")) for at in (start, end))
        if self.places and start < end:
            start, end = self.places[start], self.places[end - 1] + 1
        source = self.text[start:end]
        return f"character {start + 1} of the formula" + (f": {source}" if source else "")

    def _refuse(self, what: str, part: ast.AST, *, fix: str = "") -> NoReturn:
        raise FormulaError(what, where=self._origin(part), fix=fix)
