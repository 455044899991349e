"""A gradient proved node by node: each step of the backward pass beside SymPy's derivatives of the ops themselves.

Every element of every node gets a symbol of its own, and so does every element of every gradient. In these symbols a
backward pass says one small equation for each node u, and the chain rule says which it should be:

    ∂L/∂u = Σ ∂L/∂v · ∂v/∂u, over the elements v of all results of which u is an operand,

with SymPy's derivative of the formula of v for ∂v/∂u. Where the equations of a leaf and of all that stands on it hold,
its gradient is the derivative of the whole formula, by induction from the output down (Griewank and Walther, Evaluating
Derivatives, SIAM 2008, section 3.2). Nothing as large as the whole formula is ever differentiated or simplified.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
import sympy

from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.ops.op import Op, Rule
from cgraph.passes.backward import Backward, gradients
from cgraph.passes.forward import forward
from cgraph.proof.cancel import cancels
from cgraph.proof.clock import Clock
from cgraph.proof.judgement import compare, without_kinks
from cgraph.proof.points import kinks_of
from cgraph.proof.report import PROVED
from cgraph.proof.walk import size
from cgraph.shapes import Shape, bind
from cgraph.worlds.numpy import NUMPY
from cgraph.worlds.sympy import Expressions, SympyWorld

DRAWS, ENOUGH = 12, 3  # points that are drawn, and of them those with finite values at which kinks are looked at
WATCHED = 200  # parts of formulas from which SymPy is watched by the clock
SMALL, LARGE = 12, 500  # elements of operands from which an op is watched; from which one by elements is
NEAR = 1e-9  # what is as close to a kink may be on it


class SymbolsApart(SympyWorld):
    """As SYMPY, and what is computed, forward or backward, becomes symbols: `meaning` has what each stands for."""

    def __init__(self, clock: Clock) -> None:
        self.meaning: dict[Any, Any] = {}
        self._clock = clock

    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        return self._named(super().leaf(node, value, shape))

    def apply(self, row: Op, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        most = LARGE if row.elementwise else SMALL
        return self._named(self._run(most, super().apply, row, operands, attrs))

    def pullback(self, rule: Rule, upstream: Any, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        return self._run(SMALL, super().pullback, rule, upstream, result, operands, attrs)

    def total(self, gradient: Any) -> Any:
        return self._named(gradient)

    def _run(self, most: int, function: Callable[..., Any], *given: Any) -> Any:
        """What a function gives, watched by the clock where its arrays have more than so many elements."""
        operands = given[-2]
        if self._clock.left and sum(x.size for x in operands) <= most:
            return function(*given)
        return self._clock.run(function, *given)

    def _named(self, array: Any) -> Any:
        """A symbol for each element that is no number."""
        result: Any = np.empty(array.shape, dtype=object).view(Expressions)
        for index in np.ndindex(*array.shape):
            element = result[index] = sympy.sympify(array[index])
            if element.free_symbols:
                result[index] = symbol = sympy.Dummy(f"s{len(self.meaning):06}", real=True)  # no leaf is named so
                self.meaning[symbol] = element
        return result


class Apart:
    """Both passes of a graph in symbols of each node's own."""

    def __init__(self, graph: Graph, values: Mapping[Any, Any], sizes: Mapping[str, int], clock: Clock) -> None:
        """Raises OutOfTimeError."""
        world = SymbolsApart(clock)
        self.graph, self.meaning = graph, world.meaning
        self.forward = forward(graph, values, world, sizes)
        self.gradient = gradients(self.forward)
        self.results: dict[Node, list[Node]] = {node: [] for node in graph.nodes}
        for node in graph.nodes:
            for operand in dict.fromkeys(node.operands):
                self.results[operand].append(node)

    def symbols(self, node: Node) -> list[Any]:
        """Those of the elements of a node that are symbols."""
        return [s for s in self.forward[node].flat if s in self.meaning]

    def equations(self, node: Node) -> Iterator[tuple[Any, Any]]:
        """The gradient by each element of a node, as the pass computed it, and as the chain rule says, by SymPy."""
        terms: dict[Any, list[Any]] = {s: [] for s in self.symbols(node)}
        for result in self.results[node]:
            for symbol, upstream in zip(self.forward[result].flat, self.gradient[result].flat, strict=True):
                formula = self.meaning.get(symbol)
                if formula is not None and upstream != 0:
                    for s in formula.free_symbols & terms.keys():
                        terms[s].append(upstream * sympy.diff(formula, s))
        for symbol, upstream in zip(self.forward[node].flat, self.gradient[node].flat, strict=True):
            if symbol in terms:
                right = sympy.Add(*terms[symbol], int(node is self.graph.output))
                yield self._unfolded(node, self.meaning.get(upstream, upstream), right)

    def _unfolded(self, node: Node, *formulas: Any) -> tuple[Any, ...]:
        """Formulas in which the results of a node are written out, those first that stand on others."""
        for result in reversed(self.results[node]):
            known = {s: self.meaning[s] for s in self.symbols(result)}
            formulas = tuple(f.xreplace(known) for f in formulas)
        return formulas


class Steps:
    """The equations of a backward pass that are shown, node by node, from the output down to what is asked for."""

    def __init__(self, apart: Apart, asked: Collection[Node]) -> None:
        self.apart, self.asked = apart, asked
        self.held: dict[Node, list[bool]] = {}  # for each element that is a symbol
        self.kinks: dict[Node, list[Any]] = {}  # what is 0 where there is no derivative
        self.between = set(asked)
        for node in apart.graph.nodes:
            if not self.between.isdisjoint(node.operands):
                self.between.add(node)

    def show(self, clock: Clock) -> None:
        """Decide them, as far as the time goes. What stands on a node of which one is not shown is left out."""
        seen: dict[Any, bool] = {}
        for node in reversed(self.apart.graph.nodes):
            above = self._above(node)
            if node in self.between and all(v in self.held and all(self.held[v]) for v in above):
                parts = sum(size(self.apart.meaning[s]) for v in above for s in self.apart.symbols(v))
                pairs = clock.run(self._equations, node) if parts > WATCHED else self._equations(node)
                self.kinks[node] = [k for pair in pairs for k in kinks_of(*pair)]
                self.held[node] = [_holds(*pair, seen, clock) for pair in pairs]

    def _equations(self, node: Node) -> list[tuple[Any, Any]]:
        """The equations of a node away from kinks."""
        return [(without_kinks(ours), without_kinks(theirs)) for ours, theirs in self.apart.equations(node)]

    @property
    def decided(self) -> bool:
        """Whether all that is asked for is shown, once it is known to fit."""
        return all(all(self.held.get(leaf, [False])) for leaf in self.asked)

    def proved(self, fits: Callable[[Node], bool]) -> dict[Node, list[bool]]:
        """The leaves of which some gradients are proved, and of which elements.

        `fits` says of a node whether its equations are about the very graph: see `within` and `in_numbers`.
        """
        sound: dict[Node, bool] = {}
        found: dict[Node, list[bool]] = {}
        for node in reversed(self.apart.graph.nodes):
            known = node in self.held and all(sound[v] for v in self._above(node)) and fits(node)
            sound[node] = known and all(self.held[node])
            if known and node in self.asked:
                found[node] = self.held[node]
        return found

    def _above(self, node: Node) -> list[Node]:
        return self.apart.results[node]

    def within(self, whole: Backward) -> Callable[[Node], bool]:
        """Whether a pass in symbols of the leaves has what the equations of a node say, and is at no kink for ever.

        In maximum(x, x), for one, the two operands are everywhere at a tie.
        """
        meaning = self.apart.meaning
        pairs = {node: [*self._pairs(node, whole)] for node in self.apart.graph.nodes}
        places = {s: its for found in pairs.values() for s, its in found if s in meaning}

        def fits(node: Node) -> bool:
            kinks = (k.xreplace(places) for k in self.kinks[node])
            if any(k.is_number and (k == 0 or not k.is_finite) for k in kinks):
                return False
            return all(_same(meaning.get(s, s).xreplace(places), its) for s, its in pairs[node])

        return fits

    def _pairs(self, node: Node, whole: Backward) -> Iterator[tuple[Any, Any]]:
        """Each element of the value of a node and of its gradient, here and in another pass of the graph."""
        apart, theirs = self.apart, whole.forward
        for ours, its in ((apart.forward[node], theirs[node]), (apart.gradient[node], whole.gradient[node])):
            yield from zip(ours.flat, map(sympy.sympify, its.flat), strict=True)

    def in_numbers(self, values: Mapping[Any, Any], sizes: Mapping[str, int]) -> Callable[[Node], bool]:
        """Whether no node is at a kink at some points; for where the whole is too large to be written in symbols."""
        points = [*islice(self._points(values, sizes), ENOUGH)]

        def fits(node: Node) -> bool:
            return len(points) == ENOUGH and all(_off(k, at) for k in self.kinks[node] for at in points)

        return fits

    def _points(self, values: Mapping[Any, Any], sizes: Mapping[str, int]) -> Iterator[dict[Any, float]]:
        """Points at which every node has a finite value: the numbers of all symbols there."""
        graph = self.apart.graph
        given = {graph.taking(key): value for key, value in values.items()}
        for seed in range(DRAWS):
            random = np.random.default_rng(seed)
            drawn = {leaf: random.integers(-40, 41, [*map(int, bind(leaf.shape, sizes))]) / 17 for leaf in graph.inputs}
            with np.errstate(all="ignore"):
                numbers = forward(graph, {**drawn, **given}, NUMPY, sizes)
            if all(np.isfinite(value).all() for value in numbers.values):
                yield {
                    s: float(number)
                    for node in graph.nodes
                    for s, number in zip(self.apart.forward[node].flat, np.ravel(numbers[node]), strict=True)
                    if s in self.apart.meaning
                }


def _off(kink: Any, point: Mapping[Any, float]) -> bool:
    """Whether a point is away from a kink."""
    value = sympy.N(kink.xreplace({s: sympy.Float(point[s]) for s in kink.free_symbols if s in point}))
    return bool(value.is_number and value.is_finite and abs(value) > NEAR)


def _same(formula: Any, other: Any) -> bool:
    """Whether two formulas are one, or are when they are multiplied out."""
    return bool(formula == other or (size(formula) < WATCHED and cancels(formula - other)))


def _holds(ours: Any, theirs: Any, seen: dict[Any, bool], clock: Clock) -> bool:
    """Whether the two sides of an equation are shown to be equal; equations that look alike once."""
    if ours == theirs:
        return True
    symbols = sorted(ours.free_symbols | theirs.free_symbols, key=str)
    alike = {s: sympy.Symbol(f"x{i:03}", real=True) for i, s in enumerate(symbols)}
    pair = ours.xreplace(alike), theirs.xreplace(alike)
    if pair not in seen:
        quick = size(ours) + size(theirs) < WATCHED and cancels(pair[0] - pair[1])
        seen[pair] = quick or compare("", *pair, tidy=False, clock=clock.share(2)).verdict == PROVED
    return seen[pair]
