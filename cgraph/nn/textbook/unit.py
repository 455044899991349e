"""The neural unit, the perceptron with its learning rule, and the line that a unit decides by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.display import mimebundle
from cgraph.graph.graph import Graph
from cgraph.graph.node import PARAMETER, Node, as_array, as_node, constant, parameter, variable
from cgraph.graph.scope import scope
from cgraph.nn.description import Dense, Description
from cgraph.nn.layers import Activation
from cgraph.passes.numbers import forward
from cgraph.shapes import show


@dataclass(frozen=True)
class Unit:
    """A neural unit: z = w·x + b, a = f(z), for x [n] or the rows of x [m×n] (SLP3 Eq. 6.1 to 6.4, Fig. 6.2).

    Numbers given for w [n] and b become parameters of these names.
    Raises ShapeError when w is no vector, b no scalar, or x has not one element for each weight; ValueRefusedError
    for an activation that the table does not have.

    >>> import cgraph as cg
    >>> unit = Unit([0.2, 0.3, 0.9], 0.5, "sigmoid")
    >>> fwd = cg.forward(unit([0.5, 0.6, 0.1]))
    >>> round(float(fwd["z"]), 2), round(float(fwd["a"]), 2)
    (0.87, 0.7)
    """

    w: Node
    b: Node
    activation: str = "sigmoid"
    _repr_mimebundle_ = mimebundle

    def __init__(self, w: Any, b: Any = 0.0, activation: str = "sigmoid") -> None:
        weights, bias = (v if isinstance(v, Node) else parameter(n, v) for n, v in (("w", w), ("b", b)))
        if len(weights.shape) != 1 or bias.shape:
            raise ShapeError(
                f"a unit with the weights {show(weights.shape)} and the bias {show(bias.shape)}",
                where=weights.where,
                why="a unit has a weight for each input and one bias",
                fix="give a vector and a number, or use nn.Linear for a layer of units",
            )
        Activation(activation)
        for name, value in (("w", weights), ("b", bias), ("activation", activation)):
            object.__setattr__(self, name, value)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """w and b, as far as they are parameters."""
        return tuple(n for n in (self.w, self.b) if n.kind == PARAMETER)

    def replaced(self, new: Mapping[Node, Node]) -> Unit:
        """The same unit with other nodes in the place of w and b."""
        return Unit(new.get(self.w, self.w), new.get(self.b, self.b), self.activation)

    def described(self) -> Description:
        """A layer of one unit."""
        return Description((Dense(self.w, self.b, self.activation),))

    def __call__(self, x: Any, /) -> Node:
        x = as_node(x)
        if not x.shape or x.shape[-1] != self.w.shape[0]:
            raise ShapeError(
                f"a unit of {self.w.shape[0]} weight(s) is given x {show(x.shape)}",
                where=x.where,
                why="each input has a weight",
                fix=f"give x {self.w.shape[0]} element(s) along its last axis",
            )
        with scope("unit"):
            z = (x @ self.w + self.b).named("z")
            return Activation(self.activation)(z).named("a")


def Perceptron(w: Any, b: Any = 0.0) -> Unit:  # noqa: N802 - it makes a unit, as a class would
    """A perceptron: 1 where w·x + b > 0, else 0, at 0 as well (SLP3 Eq. 6.7).

    Its step has the slope 0, so that it learns by `perceptron_rule` and not by gradients.

    >>> import cgraph as cg
    >>> cg.forward(Perceptron([1, 1], -1)([[0, 1], [1, 1]]))["a"]
    array([0., 1.])
    """
    return Unit(w, b, "step")


AND = Perceptron([1.0, 1.0], -1.0)
OR = Perceptron([1.0, 1.0], 0.0)


def perceptron_rule(unit: Unit, x: Any, y: Any, learning_rate: float = 1.0) -> tuple[Node, Node]:
    """The perceptron's learning rule for one example x [n] with its target y, 0 or 1, as nodes w' and b'.

    w' = w + η(y - a)x and b' = b + η(y - a): nothing changes when the answer a is right (Rosenblatt, 1958).

    >>> import cgraph as cg
    >>> w, b = perceptron_rule(Perceptron([0.0, 0.0]), [1.0, 2.0], 1)
    >>> cg.forward([w, b])[w]
    array([1., 2.])
    """
    x = as_node(x)
    error = constant(float(learning_rate), "η") * (as_node(y) - unit(x))
    return (unit.w + error * x).named(f"{unit.w.name}'"), (unit.b + error).named(f"{unit.b.name}'")


@dataclass(frozen=True)
class Learned:
    """What `learn_perceptron` returns: the `unit`, the `mistakes` of each epoch, and whether the last had none."""

    unit: Unit
    mistakes: tuple[int, ...] = field(repr=False)

    @property
    def converged(self) -> bool:
        """Whether every example is right: which happens if and only if a plane separates them, given epochs enough."""
        return self.mistakes[-1] == 0


def learn_perceptron(
    X: Any, y: Any, *, learning_rate: float = 1.0, epochs: int = 100, start: Unit | None = None
) -> Learned:
    """Go through the rows of X [m×n] with targets y [m], 0 or 1, by the perceptron's rule until none is wrong.

    It starts from zeros, or from `start`, and stops after `epochs` rounds at the latest.
    Raises ShapeError when X and y do not fit, ValueRefusedError for other targets, rates and epochs below 1.

    >>> run = learn_perceptron([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    >>> run.converged, run.unit.w.value, float(run.unit.b.value)
    (True, array([2., 1.]), -2.0)
    """
    rows, targets = labelled(X, y)
    if not 0 < learning_rate < np.inf or isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
        raise ValueRefusedError(
            f"learning with the rate {learning_rate!r} for {epochs!r} epochs",
            why="each step goes some way, and there is at least one",
            fix="give a rate above zero and a whole number of epochs, such as 1.0 and 100",
        )
    unit = start or Perceptron(np.zeros(rows.shape[1]))
    if unit.activation != "step":
        raise ValueRefusedError(
            f"the rule of the perceptron for a unit with {unit.activation}",
            why="its answers must be 0 or 1",
            fix="start from nn.textbook.Perceptron(w, b), or train the unit by gradients",
        )
    x, target = variable("x", rows.shape[1]), variable("y")
    step = Graph(perceptron_rule(unit, x, target, learning_rate))
    new_w, new_b = step.outputs
    w, b = np.array(unit.w.value), float(unit.b.value)
    mistakes: list[int] = []
    for _ in range(epochs):
        mistakes.append(0)
        for row, wanted in zip(rows, targets, strict=True):
            fwd = forward(step, {unit.w: w, unit.b: b, x: row, target: wanted})
            mistakes[-1] += int(fwd["a"] != wanted)
            w, b = fwd[new_w], float(fwd[new_b])
        if not mistakes[-1]:
            break
    return Learned(Perceptron(w, b), tuple(mistakes))


def labelled(X: Any, y: Any) -> tuple[Any, Any]:
    """Points X [m×n] and their labels y [m] of 0 and 1 as arrays, checked."""
    rows, labels = np.asarray(as_array(X, "X")), np.asarray(as_array(y, "y"))
    if rows.ndim != 2 or labels.shape != rows.shape[:1] or not rows.size:
        raise ShapeError(
            f"points X {show(rows.shape)} with labels y {show(labels.shape)}",
            why="each row of X is a point, and each has a label",
            fix="give X [m×n] and y [m], such as [[0, 0], [0, 1]] and [0, 1]",
        )
    if not np.isfinite(rows).all() or not np.isin(labels, (0, 1)).all():
        raise ValueRefusedError(
            "points that are not finite, or labels other than 0 and 1",
            why="a unit with a step answers 0 or 1",
            fix="leave such points out, and give 1 to one class and 0 to the other",
        )
    return rows, labels


@dataclass(frozen=True)
class Line:
    """A line in the plane of x1 and x2: x2 = slope·x1 + intercept, or x1 = vertical_at."""

    slope: float | None
    intercept: float | None
    vertical_at: float | None = None

    def __str__(self) -> str:
        if self.slope is None or self.intercept is None:
            return f"x1 = {self.vertical_at:g}"
        factor = {1.0: "x1", -1.0: "-x1"}.get(self.slope, f"{self.slope:g}·x1")
        parts = [factor] if self.slope else []
        if self.intercept or not parts:
            sign = "-" if self.intercept < 0 else "+"
            parts += [sign, f"{abs(self.intercept):g}"] if parts else [f"{self.intercept:g}"]
        return f"x2 = {' '.join(parts)}"


def decision_line(w: Any, b: Any = None) -> Line:
    """The line w1·x1 + w2·x2 + b = 0 on which a unit of two inputs changes its answer (SLP3 Section 6.2.1).

    Give the unit, or its w [2] and b. With w2 = 0 the line is vertical.
    Raises ShapeError for another number of inputs, ValueRefusedError when both weights are 0: there is no line.

    >>> print(decision_line([1, 1], -1), "and", decision_line([2, 0], -1))
    x2 = -x1 + 1 and x1 = 0.5
    """
    if isinstance(w, Unit):
        w, b = w.w.value, w.b.value
    weights, bias = np.asarray(as_array(w, "w")), float(as_array(b, "b"))
    if weights.shape != (2,):
        raise ShapeError(
            f"the decision line of the weights {show(weights.shape)}",
            why="in a plane there are two; with more inputs a hyperplane separates",
            fix="give w two elements",
        )
    w1, w2 = map(float, weights)
    if not w1 and not w2:
        raise ValueRefusedError(
            f"w = [0, 0] with b = {bias:g} has no line",
            why="the unit gives the same answer everywhere",
            fix="give a weight that is not 0",
        )
    if not w2:
        return Line(None, None, -bias / w1 + 0.0)
    return Line(-w1 / w2 + 0.0, -bias / w2 + 0.0)  # + 0.0 makes 0 of -0
