"""Nodes, and how they are built. A node is frozen: it holds no value of a pass and no gradient."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, MappingProxyType
from typing import TYPE_CHECKING, Any, Never, TypeAlias, cast

import numpy as np

from cgraph.errors import CgraphError, NoValueError, ShapeError, ValueRefusedError
from cgraph.graph import scope as scopes
from cgraph.graph.display import mimebundle
from cgraph.graph.origin import Origin, Place, caller, describe
from cgraph.graph.scope import HERE, Scope, here
from cgraph.graph.values import real
from cgraph.graph.values import short as short  # noqa: PLC0414 - handed on
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Attrs, Op
from cgraph.quoting import decimal, terminal
from cgraph.shapes import Shape, as_shape, show

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Operand: TypeAlias = "Node | ArrayLike"
"""What a function of nodes takes: a node, or a number or an array, which becomes a constant."""
VARIABLE, PARAMETER, CONSTANT, OP = "variable", "parameter", "constant", "op"
_NEG = TABLE["neg"]
OPERATORS: dict[Callable[..., Node], Op] = {}
"""The operators of nodes that have two operands, each with its row."""
REFLECTED: dict[Callable[..., Node], Op] = {}
"""Those of which the node is the right operand."""
_frame = sys._getframe


class _Slots:
    """The fields of a node. A node is filled as this class and then turned into a `Node`, which refuses every
    change: slots without a `__setattr__` of their own are what makes building a graph fast."""

    __slots__ = (
        "__weakref__",
        "attrs",
        "code",
        "instruction",
        "kind",
        "name",
        "op",
        "operands",
        "scope",
        "shape",
        "value",
    )


def filled(
    kind: str,
    op: Op | None,
    operands: tuple[Node, ...],
    attrs: Attrs,
    shape: Shape,
    name: str | None,
    value: Any,
    code: CodeType | str,
    instruction: int,
    scope: Scope | None = None,
) -> Node:
    """A node from its fields as they are."""
    node: Any = _Slots()  # an __init__ would cost as much as all that follows
    node.kind = kind
    node.op = op
    node.operands = operands
    node.attrs = attrs
    node.shape = shape
    node.name = name
    node.value = value
    node.code = code
    node.instruction = instruction
    node.scope = scope
    node.__class__ = Node
    return node  # type: ignore[no-any-return]  # a cast costs a call


def _operator(name: str) -> Callable[[Any, Any], Node]:
    """An operator of nodes. All on one level, because graphs of scalars are built one operator at a time."""
    row = TABLE[name]
    elementwise = row.elementwise

    def apply(self: Any, other: Any) -> Node:
        frame, shape = _frame(1), self.shape
        code = frame.f_code
        plain = elementwise and other.__class__ is Node and (shape is other.shape or shape == other.shape)
        if not plain or scopes.long_way in code.co_filename:  # half the time of startswith
            return _mixed(row, self, other, code, frame.f_lasti)
        node: Any = _Slots()  # as `filled` does, without a call
        node.kind = OP
        node.op = row
        node.operands = (self, other)
        node.attrs = NONE
        node.shape = shape
        node.name = node.value = node.scope = None
        node.code = code
        node.instruction = frame.f_lasti
        node.__class__ = Node
        return node  # type: ignore[no-any-return]  # a cast costs a call

    OPERATORS[apply] = row
    return apply


def _reflected(name: str) -> Callable[[Any, Any], Node]:
    """An operator of which a node is the right operand, and something else the left one."""
    row = TABLE[name]

    def apply(self: Any, other: Any) -> Node:
        frame = _frame(1)
        return _mixed(row, other, self, frame.f_code, frame.f_lasti)

    REFLECTED[apply] = row
    return apply


def _refused(sign: str, fix: str) -> Callable[..., Any]:
    """An operator that nodes do not have, and what to write instead."""

    def refuse(self: Any, *_others: Any) -> Never:
        raise NoValueError(f"{self!r} has no {sign}", fix=fix)

    return refuse


def _mixed(row: Op, x: Any, y: Any, code: CodeType, instruction: int) -> Node:
    """An operator between a node and anything, in the frame of which the code and the instruction are given."""
    where: CodeType | str = code
    scope = None if scopes.long_way else here()
    if HERE in code.co_filename:
        where, instruction, scope = caller()
    if x.__class__ is not Node:
        x = as_node(x, (where, instruction, scope))
    elif y.__class__ is not Node:
        y = as_node(y, (where, instruction, scope))
    if x.shape != y.shape or not row.elementwise:
        return build(row, x, y, origin=(where, instruction, scope))
    return filled(OP, row, (x, y), NONE, x.shape, None, None, where, instruction, scope)


class Node(_Slots):
    """One expression of a graph: a leaf (variable, parameter, constant) or an op applied to operands.

    Fields: `kind`, `op` (a row of the table, None for a leaf), `operands` (a tuple of nodes), `attrs`, `shape`,
    `name` (None until `.named`), `value` (a parameter's or a constant's own, read-only),
    `code` with `instruction`, from which `where` finds the user's line, and `scope` (the part of a model that it was
    built in, see `cg.scope`, or None).
    Nodes are equal only to themselves. Build them with `cg.variable`, operators, and the functions of the table.
    """

    __slots__ = ()

    kind: str
    op: Op | None
    operands: tuple[Node, ...]
    attrs: Attrs
    shape: Shape
    name: str | None
    value: Any
    code: CodeType | str
    instruction: int
    scope: Scope | None

    __array_priority__ = 1000.0

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"nodes are frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"nodes are frozen: {name} cannot be deleted")

    def named(self, name: str) -> Node:
        """The same expression under a name, as a new node; use the new one from here on.

        >>> (2 * variable("b")).named("d")
        <d = mul(2, b)>
        """
        return make(self.kind, self.op, self.operands, self.attrs, self.shape, _checked(name), self.value, self.origin)

    @property
    def itself(self) -> Node:
        """This node; of a derivative that has a note of where it comes from (`graph.derived`), the node alone."""
        return self

    def noting(self, result: Node) -> Node:
        """What was built on this node, with its note, if it has one."""
        return result

    @property
    def origin(self) -> Place:
        """Where this node was built, to build another one in its place."""
        return self.code, self.instruction, self.scope

    @property
    def where(self) -> str:
        """The line of the user's program that built this node, such as `net.py, line 12: d = 2 * b`."""
        return describe(self.origin)

    @property
    def T(self) -> Node:  # noqa: N802 - NumPy's name
        """The transpose, axes reversed."""
        return build(TABLE["transpose"], self)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Node:
        """The sum over `axis` (all axes by default)."""
        return build(TABLE["sum"], self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Node:
        """The mean over `axis` (all axes by default)."""
        return build(TABLE["mean"], self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Node:
        """The same elements in another shape; one dimension may be -1."""
        return build(TABLE["reshape"], self, shape=shape[0] if len(shape) == 1 else shape)

    __add__, __radd__ = _operator("add"), _reflected("add")
    __sub__, __rsub__ = _operator("sub"), _reflected("sub")
    __mul__, __rmul__ = _operator("mul"), _reflected("mul")
    __truediv__, __rtruediv__ = _operator("div"), _reflected("div")
    __mod__, __rmod__ = _operator("mod"), _reflected("mod")
    __pow__, __rpow__ = _operator("pow"), _reflected("pow")
    __matmul__, __rmatmul__ = _operator("matmul"), _reflected("matmul")
    __gt__, __ge__ = _operator("greater"), _operator("greater_equal")
    __lt__, __le__ = _operator("less"), _operator("less_equal")

    __and__ = __rand__ = _refused("&", "multiply conditions, (x > 0)*(x < 1)")
    __or__ = __ror__ = _refused("|", "write cg.maximum(x > 1, x < 0) for one condition or the other")
    __invert__ = _refused("~", "write 1 - (x > 0) for the contrary of a condition")
    __xor__ = __rxor__ = _refused("^", "write x**2 for a power")
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _refused("shift", "write x * 2**n or x / 2**n")
    __divmod__ = __rdivmod__ = _refused("divmod", "write x // y and x % y")
    __contains__ = _refused("elements to look through", "write cg.max(cg.equal(x, 2.0)), which is 1 where one is 2")
    __trunc__ = _refused("trunc", "write np.trunc(x)")

    def __neg__(self) -> Node:
        frame = _frame(1)
        code = frame.f_code
        if scopes.long_way in code.co_filename:
            return build(_NEG, self)
        return filled(OP, _NEG, (self,), NONE, self.shape, None, None, code, frame.f_lasti)

    def __floordiv__(self, other: Any) -> Node:
        return self.__array_ufunc__(np.floor_divide, "__call__", self, other)  # type: ignore[no-any-return]  # a node

    def __rfloordiv__(self, other: Any) -> Node:
        return self.__array_ufunc__(np.floor_divide, "__call__", other, self)  # type: ignore[no-any-return]  # a node

    def __abs__(self) -> Node:
        return build(TABLE["abs"], self)

    def __pos__(self) -> Node:
        return self

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        row = UFUNCS.get(ufunc)
        if method != "__call__":
            raise CgraphError(
                f"numpy.{ufunc.__name__}.{method} does not work on nodes",
                why="no row of the table computes it",
                fix="use a function of the table, such as cg.sum, cg.prod, cg.max, cg.cumsum",
            )
        if row is None or kwargs:
            return ANSWERS["numpy"](ufunc, inputs, kwargs)
        return build(row, *inputs)

    def __array_function__(self, function: Any, types: Any, inputs: Any, kwargs: Any) -> Any:
        return ANSWERS["numpy"](function, inputs, kwargs)

    def __getitem__(self, key: Any) -> Node:
        """The elements that an index picks: `x[0]`, `x[1:, ids]`, `x[mask]`; ids may also be a node, `x[ids]`."""
        if isinstance(key, Node):
            return build(TABLE["take"], self, key)
        return build(TABLE["index"], self, key=key)

    def __iter__(self) -> Any:
        """The rows one by one, as in `a, b = x`; the first dimension must be a number."""
        if not self.shape or isinstance(self.shape[0], str):
            why = "it is a scalar" if not self.shape else f"its first dimension, {self.shape[0]}, is no number yet"
            fix = "index it: x[0]" if self.shape else 'an array has a shape: cg.variable("x", 3)'
            raise CgraphError(f"{self!r} cannot be taken apart", why=why, fix=fix)
        return (self[i] for i in range(int(self.shape[0])))

    def __array__(self, *_args: Any, **_kwargs: Any) -> NDArray[Any]:
        raise CgraphError(f"{self!r} is a node and has no value", fix="cg.forward(node, ...) computes values")

    def __float__(self) -> float:
        raise NoValueError(
            f"{self!r} is a node and has no value",
            fix="cg.forward(node, ...) computes values; on nodes write cg.sin(x) in place of math.sin(x)",
        )

    __int__ = __index__ = __float__  # they raise, whatever they would return

    def _sympy_(self) -> Any:
        """What SymPy asks for: its own refusal, by which its numbers leave `Rational(1, 3) * node` to the node."""
        raise sys.modules["sympy"].SympifyError(
            f"{self!r} is a node: write cg.sin(x) for sympy.sin(x), cg.to_sympy(x) for its expression"
        )

    def __bool__(self) -> bool:
        raise NoValueError(
            f"{self!r} has no truth value",
            why="it is a node, not a number: which way an `if` goes would be decided once, before there are values",
            fix="write cg.maximum(x, y) or cg.minimum(x, y) for max or min of two, cg.max(x) or cg.min(x) for those of "
            "an array, cg.where(condition, x, y) for `x if condition else y`",
        )

    def __len__(self) -> int:
        if not self.shape or isinstance(self.shape[0], str):
            raise NoValueError(
                f"{self!r} has no length",
                why="it is a scalar" if not self.shape else f"its first dimension, {self.shape[0]}, is no number yet",
                fix="node.shape is its shape, cg.size(node) the number of its elements as a node",
            )
        return int(self.shape[0])

    def __round__(self, digits: int | None = None) -> Node:
        if digits is not None:
            raise ValueRefusedError(f"round(..., {digits!r}) of a node", fix="write cg.round(x * 100) / 100")
        return build(TABLE["round"], self)

    def __floor__(self) -> Node:
        return build(TABLE["floor"], self)

    def __ceil__(self) -> Node:
        return build(TABLE["ceil"], self)

    def __format__(self, form: str) -> str:
        if form:
            raise NoValueError(
                f"{self!r} has no value to write as {form!r}", fix="cg.forward(node, ...) computes values"
            )
        return repr(self)

    def __copy__(self) -> Node:
        return self

    def __deepcopy__(self, _memo: object) -> Node:
        return self

    _repr_mimebundle_ = mimebundle

    def __repr__(self) -> str:
        if self.kind == OP:
            some = [n.name or (number_text(n) if n.kind == CONSTANT else "…") for n in self.operands[:8]]
            operands = ", ".join(some) + (f" and {len(self.operands) - 8} more" if len(self.operands) > 8 else "")
            call = f"{cast(Op, self.op).name}({operands})"
            text = f"{self.name} = {call}" if self.name else call
        else:
            text = self.name or number_text(self)
        return f"<{terminal(text)}{' ' + show(self.shape) if self.shape else ''}>"


# Building ------------------------------------------------------------------------------------------------------------
def make(
    kind: str,
    op: Op | None,
    operands: tuple[Node, ...],
    attrs: Attrs,
    shape: Shape,
    name: str | None = None,
    value: Any = None,
    origin: Origin | None = None,
) -> Node:
    """A node from its fields; `build` and the makers of leaves check them first."""
    if origin is None:
        origin = caller()
    code, instruction, scope = (origin, 0, here()) if isinstance(origin, str) else origin
    return filled(kind, op, operands, attrs, shape, name, value, code, instruction, scope)


def build(row: Op, *operands: Any, origin: Origin | None = None, **attrs: Any) -> Node:
    """A node that applies a row of the table. Numbers and arrays among the operands become constants.

    Raises ShapeError when the shapes do not fit, ValueRefusedError for a wrong number of operands or attributes.
    """
    if origin is None:
        origin = caller()
    for x in operands:
        if x.__class__ is not Node:
            return _built_on(row, [as_node(x, origin) for x in operands], attrs, origin)
    nodes: tuple[Node, ...] = operands
    arity = row.arity
    if arity != len(nodes) and (arity is not None or len(nodes) < 2):
        if row.arity is None and len(nodes) == 1:
            return nodes[0]
        raise ValueRefusedError(
            f"{row.name} takes {row.arity or 'at least 2'} operand(s), not {len(nodes)}",
            where=describe(origin),
            fix=f"{row.name} computes {row.formula}",
        )
    if row.elementwise and not attrs:
        shape = nodes[0].shape
        for node in nodes:
            if node.shape != shape:
                break
        else:
            return make(OP, row, nodes, row.defaults or NONE, shape, origin=origin)
    unknown = sorted(set(attrs) - set(row.defaults))
    if unknown:
        raise ValueRefusedError(
            f"{row.name} has no attribute {unknown[0]!r}",
            where=describe(origin),
            fix=f"it has: {', '.join(row.defaults) or 'none'}",
        )
    try:
        normal, shape = row.infer([n.shape for n in nodes], {**row.defaults, **attrs})
    except ShapeError as error:
        names = ", ".join(
            f"{n.name or number_text(n) if n.kind != OP else n.name or 'an op'} {show(n.shape)}" for n in nodes
        )
        raise ShapeError(
            f"{row.name}({names}): {error.what}",
            where=describe(origin),
            why=error.why,
            fix=error.fix or "make the shapes fit, for example by .reshape or .T",
        ) from None
    return make(OP, row, nodes, MappingProxyType(normal) if normal else NONE, shape, origin=origin)


def _built_on(row: Op, operands: list[Node], attrs: Attrs, origin: Origin) -> Node:
    """What `build` builds, with the notes of those operands that have one."""
    result: Node = build(row, *[x.itself for x in operands], origin=origin, **attrs)
    for x in operands:
        if x.__class__ is not Node:
            result = x.noting(result)
    return result


def as_node(value: Any, origin: Origin | None = None) -> Node:
    """A node as it is; a number or an array as a constant."""
    return value if isinstance(value, Node) else _constant(value, None, origin)


def variable(name: str, shape: Any = ()) -> Node:
    """A leaf whose value comes with each pass. Its shape may have named dimensions, such as `("m", 3)`.

    >>> variable("X", shape=("m", 3))
    <X [m×3]>
    """
    return make(VARIABLE, None, (), NONE, as_shape(shape), _checked(name))


def variables(names: str) -> tuple[Node, ...]:
    """Scalar variables from names separated by spaces or commas: `a, b, c = cg.variables("a b c")`."""
    return tuple(variable(name) for name in names.replace(",", " ").split())


def parameter(name: str, value: Any) -> Node:
    """A trainable leaf with a value of its own (copied), which a pass uses unless it is given another."""
    array = as_array(value, f"parameter {name!r}")
    return make(PARAMETER, None, (), NONE, array.shape, _checked(name), array)


def constant(value: Any, name: str | None = None) -> Node:
    """A leaf that never changes (copied) and to which no gradient flows."""
    return _constant(value, None if name is None else _checked(name), None)


def _constant(value: Any, name: str | None, origin: Origin | None) -> Node:
    array = as_array(value, "a constant")
    return make(CONSTANT, None, (), NONE, array.shape, name, array, origin)


def as_array(value: Any, what: str, dtype: Any = np.float64) -> Any:
    """A read-only copy of real numbers (see `graph.values`); what it was made from may change afterwards."""
    kind = value.__class__
    if kind is not float and kind is not int and kind is not np.float64:
        if isinstance(value, Node):
            raise ValueRefusedError(f"{what} is given a node, {value!r}", fix="give a number or an array")
        value = real(value, what)
    try:
        if dtype is np.float64 and value.__class__ in (float, int, np.float64):
            return np.float64(value)
        array = np.array(value, dtype=dtype)
    except OverflowError:
        raise ValueRefusedError(f"{what} is given {short(value)}", why="it is too large for a float") from None
    array.flags.writeable = False
    return array


def _checked(name: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ValueRefusedError(f"{name!r} is no name", fix="a name is a string that is not blank")
    return name


def number_text(node: Node) -> str:
    """A constant as its number, or as the shape of its array."""
    if node.value is None or node.value.ndim:
        return f"constant {show(node.shape)}"
    return decimal(node.value)


UFUNCS: dict[np.ufunc, Op] = {
    **{row.numpy: row for row in TABLE.values() if isinstance(row.numpy, np.ufunc)},
    **{getattr(np, row.ufunc): row for row in TABLE.values() if row.ufunc and isinstance(row.ufunc, str)},
    **{f: TABLE[n] for n in TABLE if isinstance(f := getattr(np, n, None), np.ufunc)},
}
ANSWERS: dict[str, Callable[..., Any]] = {}  # "numpy": what NumPy's functions give, which the room of functions knows
