"""The logarithm of the gamma function and its derivatives (NIST Handbook of Mathematical Functions, chapters 5 and 25).

Near 1, 2 and 1.46, where they are 0, they are power series about 2; far out they are Stirling's series; below 0 they
are reflected. Polygamma functions of order 1 and more are sums of positive terms.
"""

from __future__ import annotations

import math
from typing import Any

from cgraph.ops.stable import keep_type

ONE_LESS_EULER = 0.42278433509846713
ZETAS = (  # ζ(k) - 1 from k = 2 up
    0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
    0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853, 0.0004941886041194645,
    0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-05, 3.058823630702049e-05, 1.528225940865187e-05,
    7.637197637899763e-06, 3.81729326499984e-06, 1.908212716553939e-06, 9.539620338727962e-07, 4.769329867878064e-07,
    2.38450502727733e-07, 1.1921992596531106e-07, 5.960818905125948e-08, 2.980350351465228e-08, 1.4901554828365043e-08,
    7.45071178983543e-09, 3.725334024788457e-09, 1.862659723513049e-09,
)  # fmt: skip
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)  # B₂, B₄, ...
FAR = 10.0  # from here on Stirling's series has all digits


def _about_two(t: Any, slope: bool) -> Any:
    """log Γ(2 + t), or its slope, for t from -1/2 to 1/2: (1 - γ)t + Σ (ζ(k) - 1)(-t)ᵏ/k."""
    total = 0 * t
    for k, zeta in reversed([*enumerate(ZETAS, 2)]):
        total = (total + (-zeta if k % 2 else zeta) / (1 if slope else k)) * t
    return ONE_LESS_EULER + total if slope else t * (ONE_LESS_EULER + total)


def _stirling(xp: Any, x: Any, slope: bool) -> Any:
    """log Γ(x), or its slope, for x from 10 up."""
    inverse = 1 / x
    square, total = inverse * inverse, 0 * x
    for k, number in reversed([*enumerate(BERNOULLI, 1)]):
        total = total * square + number / (2 * k if slope else 2 * k * (2 * k - 1))
    if slope:
        return xp.log(x) - (0.5 * inverse + square * total)
    return (x - 0.5) * (xp.log(x) - 1) + (0.5 * math.log(2 * math.pi) - 0.5 + inverse * total)


def _positive(xp: Any, x: Any, slope: bool) -> Any:
    """log Γ(x), or its slope, for x > 0: below 10 by steps of 1 to what is nearest to 2."""
    near = xp.clip(x, 0.0, FAR)
    at = near - xp.rint(near)  # exact
    steps = xp.rint(near) - 2.0
    total, product = 0 * x, 0 * x + 1.0
    for k in range(1, int(FAR) - 1):
        factor = xp.where(k <= steps, near - k, 1.0)
        product = product * factor
        total = total + xp.where(k <= steps, 1 / factor, 0.0)
    if slope:
        up = xp.where(steps < 0, 1 / near, 0.0) + xp.where(steps < -1, 1 / (1 + near), 0.0)
        found = _about_two(at, slope) + total - up
    else:
        up = xp.where(steps == -1, xp.log1p(at), xp.where(steps < -1, xp.log(near) + xp.log1p(near), 0.0))
        found = _about_two(at, slope) + xp.log(product) - up
    return xp.where(x < FAR, found, _stirling(xp, xp.maximum(x, FAR), slope))


def _zeta(xp: Any, x: Any, power: int) -> Any:
    """ζ(power, x) = Σ (x + k)⁻ᵖ for x > 0 and a power from 2 up, by Euler's and Maclaurin's sum."""
    total, many = 0 * x, 10 + power
    for k in range(many):
        total = total + xp.where(x < many, (x + k) ** -power, 0.0)
    end = xp.where(x < many, x + many, x)
    tail = end ** (1.0 - power) / (power - 1) + 0.5 * end**-power
    term = power * end ** (-1.0 - power) / 2
    for k, number in enumerate(BERNOULLI, 1):
        tail = tail + number * term
        term = term * ((power + 2 * k - 1) * (power + 2 * k) / ((2 * k + 1) * (2 * k + 2))) / (end * end)
    return total + tail


def _cotangents(order: int) -> list[int]:
    """The derivative of cot x of this order as a polynomial in cot x."""
    found = [0, 1]
    for _ in range(order):
        slope = [k * c for k, c in enumerate(found)][1:]
        found = [-(a + b) for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    return found


def _cotangent(xp: Any, x: Any, order: int) -> Any:
    """The derivative of π cot(πx) of this order; exact halfway between whole numbers."""
    rest = x - xp.rint(x)
    cot = xp.sin(math.pi * (0.5 - xp.abs(rest))) / xp.sin(math.pi * rest)
    *others, last = _cotangents(order)
    total = 0 * x + last
    for coefficient in reversed(others):
        total = total * cot + coefficient
    return math.pi ** (order + 1) * total


def lgamma(xp: Any, x: Any) -> Any:
    """The logarithm of the size of Γ(x): infinite at 0, -1, -2, ... and at both infinities."""
    full = xp.asarray(x, dtype=xp.float64)
    found = _positive(xp, xp.abs(full), False)
    rest = xp.abs(full - xp.rint(full))
    mirrored = xp.log(math.pi / xp.sin(math.pi * rest)) - xp.log(xp.abs(full))  # Γ(x)Γ(-x) = -π/(x sin πx)
    found = xp.where(full < 0, mirrored - found, found)
    return keep_type(xp, xp.where(xp.isinf(full) | ((rest == 0) & (full <= 0)), xp.inf, found), x)


def digamma(xp: Any, x: Any, order: int = 0) -> Any:
    """The derivative of log|Γ(x)|, or that of `order` more: the polygamma functions."""
    full, order = xp.asarray(x, dtype=xp.float64), int(order)
    even = order % 2 == 0
    size = xp.where(full < 0, 1 - full, full)
    sums = math.factorial(order) * _zeta(xp, size, order + 1) if order else -_positive(xp, size, True)
    found = -sums if even else sums
    found = xp.where(full < 0, -sums - _cotangent(xp, full, order), found)  # (-1)ⁿ ψ(1 - x) less the cotangent's
    pole = xp.where(full == 0, -xp.copysign(xp.inf, full), xp.nan) if even else xp.inf
    found = xp.where((full <= 0) & (full == xp.rint(full)), pole, found)
    found = xp.where(full == xp.inf, 0.0 if order else xp.inf, xp.where(full == -xp.inf, xp.nan, found))
    return keep_type(xp, found, x)
