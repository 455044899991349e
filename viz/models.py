"""What layers a model has, for pictures: asked of the model itself, by `described()`."""

from __future__ import annotations

from typing import Any

from cgraph.errors import ValueRefusedError
from cgraph.nn.description import Dense, Described, Description, Reading

__all__ = ["Dense", "Described", "Description", "described", "layers_of", "reading_of"]


def described(model: Any) -> Description:
    """What a model tells of itself. Raises ValueRefusedError when it has no linear layers."""
    told = model.described() if isinstance(model, Described) else Description()
    if told.apart:
        raise ValueRefusedError(
            f"{type(model).__name__} cannot be drawn as columns of units",
            why=f"it has {', '.join(told.apart)}, whose units share their weights or stand in no column",
            fix='draw its graph: viz.draw(model(cg.variable("X", shape)))',
        )
    if not told.dense:
        raise ValueRefusedError(
            f"{type(model).__name__} cannot be drawn as a net",
            why="it has no linear layers",
            fix="give an nn.MLP, nn.Sequential, nn.Linear or nn.textbook.Unit; viz.draw draws graphs and passes",
        )
    return told


def layers_of(model: Any) -> tuple[Dense, ...]:
    """The linear layers of a model, each with the activation after it. Raises ValueRefusedError when it has none."""
    return described(model).dense


def reading_of(model: Any) -> Reading:
    """How a model reads words. Raises ValueRefusedError when it reads none."""
    found = described(model).reading
    if found is None:
        raise ValueRefusedError(
            f"{type(model).__name__} reads no words",
            fix="give an nn.language.PooledClassifier or an nn.language.LanguageModel",
        )
    return found
