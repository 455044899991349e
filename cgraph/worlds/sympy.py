"""SYMPY: the world of exact symbols. Values are NumPy object arrays of SymPy expressions.

Elementwise ops are their own formulas, read by SymPy; structural ops are NumPy's own functions, which work on
object arrays, or their definitions in other ops. So no op has any SymPy code, and what is proved here is
independent of the derivative rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from cgraph.errors import MissingValueError, TooDeepError
from cgraph.graph.node import CONSTANT, Node
from cgraph.ops.op import Op, Rule, as_written
from cgraph.shapes import Shape
from cgraph.worlds.world import World, cells

SMALL, DECIMALS = 1000, 10**14  # the numbers of a quotient, and what has as many digits as a float can have


class Expressions(np.ndarray[Any, Any]):
    """An object array of expressions that stays an array when it has no dimensions, so that it keeps its shape."""

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array.view(Expressions)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if "out" in kwargs:
            kwargs["out"] = tuple(map(_plain, kwargs["out"]))
        with np.errstate(all="ignore"):  # SymPy's floats raise the processor's flags on their way; NumPy reads them
            result = getattr(ufunc, method)(*map(_plain, inputs), **kwargs)
        return None if result is None else np.asarray(result, dtype=object).view(Expressions)


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, Expressions) else x


class stop_gradient(sympy.Function):  # type: ignore[misc]  # noqa: N801 - the name that it is read by
    """x, of which every derivative is 0: what derivatives take for a constant. Of a number it is that number."""

    nargs = 1

    @classmethod
    def eval(cls, x: Any) -> Any:
        return x if x.is_number or isinstance(x, cls) else None

    def _eval_derivative(self, _symbol: Any) -> Any:
        return sympy.Integer(0)

    def _eval_is_real(self) -> Any:
        return self.args[0].is_real

    def _computed(self, printer: Any) -> Any:
        return printer.doprint(self.args[0])

    _mpmathcode = _numpycode = _pythoncode = _computed  # what SymPy's makers of functions ask for


class SympyWorld(World):
    """Computes with SymPy. Leaves become real symbols of their names; array leaves, arrays of `X[0,1]`."""

    name = "SymPy"
    pi = sympy.pi

    def function(self, row: Op) -> Callable[..., Any]:
        if row.definition is not None:
            definition, defaults = as_written(row.definition), row.defaults
            return lambda *operands, **attrs: as_object(definition(self, *operands, **{**defaults, **attrs}))
        if not row.elementwise:
            return lambda *operands, **attrs: as_object(row.numpy(*operands, **attrs))
        return lambda *operands, **attrs: _elementwise(row, operands, {**row.defaults, **attrs})

    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        if value is not None:
            return as_object(value)
        if node.kind == CONSTANT:
            return as_object(sympy.pi if node.name == "π" and node.value == math.pi else node.value)
        unbound = [d for d in shape if isinstance(d, str)]
        if unbound:
            raise MissingValueError(
                f"{node.name} has the named dimension {unbound[0]!r}",
                where=node.where,
                why="symbols need sizes",
                fix=f"give small ones, such as sizes={{{unbound[0]!r}: 2}}",
            )
        return symbols(node.name or "", shape)

    def apply(self, row: Op, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        try:
            return super().apply(row, operands, attrs)
        except RecursionError:
            raise TooDeepError(
                f"the expression of {row.name} is nested too deeply for SymPy",
                why="SymPy's own functions recurse",
                fix="take a part of the graph, or numbers instead of symbols",
            ) from None

    def seed(self, value: Any, upstream: Any | None) -> Any:
        return as_object(np.ones(value.shape, int)) if upstream is None else as_object(upstream)

    def zeros(self, shape: Shape, like: Any) -> Any:
        return as_object(np.zeros(like.shape, int))

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return super().local(rule, result, operands, self.numbers(attrs))

    def numbers(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The attributes of an elementwise op as exact numbers."""
        return {name: exact(value) for name, value in attrs.items()}


def symbols(name: str, shape: Shape) -> Any:
    """A real symbol of this name, or an object array of symbols `name[i,j]`."""
    result: Any = np.empty(tuple(map(int, shape)), dtype=object).view(Expressions)
    for index in np.ndindex(*result.shape):
        result[index] = sympy.Symbol(f"{name}[{','.join(map(str, index))}]" if index else name, real=True)
    return result


def as_object(value: Any) -> Any:
    """An object array of exact SymPy expressions: floats become the fractions that they print as."""
    return cells(value, exact, Expressions)


def exact(number: Any) -> Any:
    """A SymPy expression as it is; a float as the decimal fraction that it prints as, 0.3333333333333333 as a third.

    Where all digits of a float are used up, it stands for a number that decimals do not write: one that is a quotient
    of small integers that rounds to it. By accident hardly any is: of some 10¹⁶ floats fewer than 10⁶.
    """
    if isinstance(number, sympy.Basic):
        return number
    if isinstance(number, (float, np.floating)):
        if not np.isfinite(number):
            return sympy.nan if np.isnan(number) else sympy.oo * int(np.sign(number))
        fraction = Fraction(repr(float(number)))
        if max(abs(fraction.numerator), fraction.denominator) > DECIMALS and len(repr(float(number))) > 16:
            simple = Fraction(float(number)).limit_denominator(SMALL)
            if abs(simple.numerator) <= SMALL and float(simple) == number:
                fraction = simple
        return sympy.Rational(fraction.numerator, fraction.denominator)
    return sympy.sympify(number)


def formula(row: Op, count: int, attrs: Mapping[str, Any]) -> tuple[Any, list[Any]]:
    """The formula of an elementwise row for `count` operands, and the real symbols that stand for them."""
    expression, names = _read(row, count, tuple(sorted(attrs.items())))
    return expression, list(names)


@lru_cache(maxsize=1024)
def _read(row: Op, count: int, attrs: tuple[tuple[str, Any], ...]) -> tuple[Any, tuple[Any, ...]]:
    """What `formula` gives, read once: SymPy's reader takes longer than most that is done with the result."""
    spelled = (*row.operands, *(f"x{i}" for i in range(2, count)))[:count]
    names = [sympy.Symbol(n, real=True) for n in spelled]
    known: dict[str, Any] = {"stop_gradient": stop_gradient, **{s.name: s for s in names}}
    known |= {name: exact(value) for name, value in attrs}
    expression = sympy.sympify(row.formula, locals=known)
    if expression.has(sympy.Float):
        expression = sympy.sympify(row.formula, locals=known, rational=True)  # 0.001 is what it says, not a float
    for extra in names[2:] if row.arity is None else ():
        expression = expression.func(expression, extra)
    return expression, tuple(names)


def _elementwise(row: Op, operands: tuple[Any, ...], attrs: Mapping[str, Any]) -> Any:
    if len(operands) == 1 and row.arity is None:
        return operands[0]
    expression, names = formula(row, len(operands), attrs)
    arrays = np.broadcast_arrays(*map(as_object, operands))
    result = np.empty(arrays[0].shape, dtype=object).view(Expressions)
    for index in np.ndindex(*result.shape):
        given: list[Any] = [a[index] for a in arrays]
        found = expression.xreplace(dict(zip(names, given, strict=True)))
        if found is sympy.nan and all(x.is_extended_real for x in given):  # 0/0 = 0: a convention, which numbers know
            with np.errstate(all="ignore"):
                found = exact(float(row.numpy(*map(float, given), **{name: float(v) for name, v in attrs.items()})))
        result[index] = found
    return result


class TextbookSymbols(SympyWorld):
    """As SYMPY, with each rule in the form that a textbook writes, where it has two."""

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return super().local(as_written(rule), result, operands, attrs)


SYMPY, TEXTBOOK = SympyWorld(), TextbookSymbols()
