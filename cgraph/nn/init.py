"""First values of parameters. Randomness always comes from a generator that the caller hands in."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ValueRefusedError
from cgraph.shapes import is_integer

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
    if not is_integer(seed) or seed < 0:
        raise ValueRefusedError(
            f"the seed is {seed!r}",
            why="the same seed must give the same numbers",
            fix="give an integer from 0 up, or a numpy.random.Generator",
        )
    return np.random.default_rng(seed)


def zeros(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """All zero: enough for one layer; in a deeper net all units of a layer stay equal (SLP3 Section 6.6.5).

    >>> zeros((2, 1), np.random.default_rng(0))
    array([[0.],
           [0.]])
    """
    _sum_of_fans(shape)
    return np.zeros(shape)


def normal(standard_deviation: float) -> Initialiser:
    """An initialiser: normal with mean 0 and this standard deviation, "small random numbers" (SLP3 Section 6.6.5).

    Raises ValueRefusedError for a standard deviation that is not finite and above zero.

    >>> normal(0.01)((300, 200), np.random.default_rng(0)).std().round(4)
    np.float64(0.01)
    """
    number = isinstance(standard_deviation, (int, float)) and not isinstance(standard_deviation, bool)
    if not number or not isfinite(standard_deviation) or standard_deviation <= 0:
        raise ValueRefusedError(
            f"the standard deviation is {standard_deviation!r}",
            why="weights are drawn that far around 0",
            fix="give a number above zero, such as 0.01, or use nn.init.zeros",
        )

    def initialiser(shape: tuple[int, int], rng: np.random.Generator) -> Array:
        _sum_of_fans(shape)
        return rng.normal(0.0, standard_deviation, shape)

    return initialiser


def orthogonal(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """A matrix with orthonormal columns (or rows, if they are fewer), uniform among them; shape is (fan in, fan out).

    It keeps lengths, and so the size of gradients through many layers. Source: Saxe, McClelland and Ganguli (2014).

    >>> W = orthogonal((4, 3), np.random.default_rng(0))
    >>> np.allclose(W.T @ W, np.eye(3))
    True
    """
    _sum_of_fans(shape)
    long, short = max(shape), min(shape)
    q, r = np.linalg.qr(rng.normal(size=(long, short)))
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # the signs that qr chooses would not be uniform
    return np.ascontiguousarray(q if shape[0] == long else q.T)


def glorot_normal(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Normal with variance 2 / (fan in + fan out), for tanh, sigmoid and linear layers.

    Source: Glorot and Bengio (2010), the variance of Eq. 12.

    >>> glorot_normal((300, 200), np.random.default_rng(0)).var().round(4)
    np.float64(0.004)
    """
    return rng.normal(0.0, sqrt(2.0 / _sum_of_fans(shape)), shape)


def he_uniform(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Uniform in ±sqrt(6 / fan in), for relu layers; shape is (fan in, fan out).

    Source: He, Zhang, Ren and Sun (2015), the variance of Eq. 10.

    >>> bool(np.abs(he_uniform((6, 4), np.random.default_rng(0))).max() <= 1.0)
    True
    """
    _sum_of_fans(shape)
    limit = sqrt(6.0 / shape[0])
    return rng.uniform(-limit, limit, shape)


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
