"""First values of parameters. Randomness always comes from a generator that the caller hands in."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ValueRefusedError

Array: TypeAlias = NDArray[np.float64]
Initialiser: TypeAlias = Callable[[tuple[int, int], np.random.Generator], Array]


def generator(seed: int | np.random.Generator) -> np.random.Generator:
    """A NumPy generator from a seed (an integer from 0 up), or the generator itself.

    Raises ValueRefusedError for anything else, None included: nothing here is random by accident.

    >>> int(generator(0).integers(100))
    85
    """
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueRefusedError(
            f"the seed is {seed!r}",
            why="the same seed must give the same numbers",
            fix="give an integer from 0 up, or a numpy.random.Generator",
        )
    return np.random.default_rng(seed)


def glorot_uniform(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Uniform in ±sqrt(6 / (fan in + fan out)), for tanh, sigmoid and linear layers; shape is (fan in, fan out).

    Source: Glorot and Bengio (2010), Eq. 16.

    >>> bool(np.abs(glorot_uniform((2, 4), np.random.default_rng(0))).max() <= 1.0)
    True
    """
    limit = sqrt(6.0 / _sum_of_fans(shape))
    return rng.uniform(-limit, limit, shape)


def he_normal(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Normal with standard deviation sqrt(2 / fan in), for relu layers; shape is (fan in, fan out).

    Source: He, Zhang, Ren and Sun (2015), Eq. 10.

    >>> he_normal((64, 32), np.random.default_rng(0)).shape
    (64, 32)
    """
    _sum_of_fans(shape)
    return rng.normal(0.0, sqrt(2.0 / shape[0]), shape)


def for_activation(activation: str | None) -> Initialiser:
    """The initialiser that suits the activation after a layer: He normal before relu, Glorot uniform otherwise.

    >>> for_activation("relu").__name__, for_activation("tanh").__name__
    ('he_normal', 'glorot_uniform')
    """
    return he_normal if activation == "relu" else glorot_uniform


def _sum_of_fans(shape: Any) -> int:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueRefusedError(
            f"a weight matrix of shape {shape!r}",
            why="it has a fan in and a fan out, each at least 1",
            fix="give (fan in, fan out), such as (64, 32)",
        )
    return int(shape[0]) + int(shape[1])
