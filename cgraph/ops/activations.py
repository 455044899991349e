"""Activation functions, and the losses on one probability or one logit. A line reads as in `elementwise`."""

from __future__ import annotations

from typing import Any

from cgraph.ops import stable, targets
from cgraph.ops.op import Op, elementwise, lossless

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017, page 3


def _bent(w: Any, x: Any, cubic: float) -> Any:
    """What gelu_tanh hands to the logistic function, for (1 + tanh(x))/2 is sigmoid(2x)."""
    return 2 * w.sqrt(2 / w.pi) * (x + cubic * x**3)


def _bent_moment(w: Any, x: Any, cubic: float) -> Any:
    """x times the slope of that. As powers of x: their slopes are products in which a 0 wins over an infinity."""
    return 2 * w.sqrt(2 / w.pi) * (x + 3 * cubic * x**3)


def _elu_slope(w: Any, x: Any, alpha: float, at_zero: float) -> Any:
    return w.above(x, 0, ties=at_zero) + alpha * w.exp(w.minimum(x, 0)) * w.above(0, x, ties=1 - at_zero)


def _at_zero(x: Any, **attrs: float) -> Any:
    return x == 0


# fmt: off
ROWS: tuple[Op, ...] = (
    elementwise("sigmoid",      "1/(1 + exp(-x))",     stable.sigmoid,
                lossless(lambda w, z, x: w.sigmoid_slope(x), textbook=lambda w, z, x: z * (1 - z)), sign="σ",
                bounds=(0, 1), probability=True, c="sigmoid({0})", js="sigmoid({0})"),
    elementwise("sigmoid_slope", "exp(-x)/(1 + exp(-x))**2", stable.sigmoid_slope,
                lambda w, z, x: w.scale(-z, w.tanh(x / 2)), sign="σ′", c="sigmoid_slope({0})", js="sigmoidSlope({0})"),
    elementwise("log_sigmoid",  "-log(1 + exp(-x))",   lambda xp, x: -stable.softplus(xp, -x),
                                                       lambda w, z, x: w.sigmoid(-x), sign="log σ",
                c="-softplus(-{0})"),
    elementwise("softplus",     "log(1 + exp(x))",     stable.softplus, lambda w, z, x: w.sigmoid(x),
                activation=True, positive=True, c="softplus({0})"),
    elementwise("softsign",     "x/(1 + Abs(x))",      stable.softsign,
                                                                        lambda w, z, x: w.reciprocal(1 + w.abs(x)) ** 2,
                bounds=(-1, 1), c="softsign({0})"),
    elementwise("silu",         "x/(1 + exp(-x))",     lambda xp, x: stable.scale(xp, stable.sigmoid(xp, x), x),
                lambda w, z, x: w.sigmoid(x) + w.scale(w.sigmoid_slope(x), x),
                sign="SiLU", activation=True, c="scaled(sigmoid({0}), {0})", js="times(sigmoid({0}), {0})"),
    elementwise("mish",         "x*tanh(log(1 + exp(x)))",
                lambda xp, x: stable.scale(xp, xp.tanh(stable.softplus(xp, x)), x),
                lambda w, z, x: w.tanh(w.softplus(x)) + w.scale(w.mish_rise(x), x),
                activation=True, c="scaled(hyperbolic(softplus({0})), {0})"),
    elementwise("mish_rise",    "(1 - tanh(log(1 + exp(x)))**2)/(1 + exp(-x))", stable.mish_rise,
                lambda w, z, x: w.scale(z, w.sigmoid(-x) - 2 * w.sigmoid(x) * w.tanh(w.softplus(x))),
                c="mish_rise({0})",
                js="(4*sigmoidSlope(2*softplus({0}))*sigmoid({0}))"),
    elementwise("gelu",         "x*(1 + erf(x/sqrt(2)))/2", stable.gelu,
                lambda w, z, x: w.normal_cdf(x) + w.scale(w.gaussian(x, rate=0.5), x) / w.sqrt(2 * w.pi), sign="GELU",
                activation=True, c="scaled(normal_cdf({0}), {0})", js="times(above(-{0}), {0})"),
    elementwise("gelu_tanh",    "x*(1 + tanh(sqrt(2/pi)*(x + cubic*x**3)))/2", stable.gelu_tanh,
                lambda w, z, x, cubic: w.sigmoid(_bent(w, x, cubic))
                    + w.scale(w.sigmoid_slope(_bent(w, x, cubic)), _bent_moment(w, x, cubic)),
                cubic=0.044715,
                activation=True, c="scaled(sigmoid((T)1.5957691216057308 * ({0} + {cubic} * {0} * {0} * {0})), {0})"),

    elementwise("relu",         "Max(x, 0)",           lambda xp, x, at_zero=1: xp.maximum(x, 0),
                lambda w, z, x, at_zero: w.above(x, 0, ties=at_zero), sign="ReLU",
                at_zero=1, kink="ReLU'(0) = {at_zero}", kinked=lambda x, at_zero: x == 0,
                activation=True, c="largest({0}, 0)", quick=True),
    elementwise("leaky_relu",   "Max(x, 0) + slope*Min(x, 0)",
                lambda xp, x, slope=0.01, at_zero=1: xp.maximum(x, 0) + slope * xp.minimum(x, 0),
                lambda w, z, x, slope, at_zero: w.above(x, 0, ties=at_zero) + slope * w.above(0, x, ties=1 - at_zero),
                slope=0.01, at_zero=1, kinked=_at_zero,
                kink="at 0 the right slope of leaky_relu has the share {at_zero}",
                activation=True, c="largest({0}, 0) + {slope} * smallest({0}, 0)"),
    elementwise("elu",          "Max(x, 0) + alpha*(exp(Min(x, 0)) - 1)",
                lambda xp, x, alpha=1, at_zero=1: stable.elu(xp, x, alpha),
                lambda w, z, x, alpha, at_zero: _elu_slope(w, x, alpha, at_zero), sign="ELU",
                alpha=1, at_zero=1, kink="at 0 the right slope of elu has the share {at_zero}", kinked=_at_zero,
                activation=True, c="elu({0}, {alpha})", js="elu({0}, {alpha})"),
    elementwise("selu",         "scale*(Max(x, 0) + alpha*(exp(Min(x, 0)) - 1))",
                lambda xp, x, alpha=SELU_ALPHA, scale=SELU_SCALE, at_zero=1: stable.elu(xp, x, alpha, scale),
                lambda w, z, x, alpha, scale, at_zero: scale * _elu_slope(w, x, alpha, at_zero), sign="SELU",
                alpha=SELU_ALPHA, scale=SELU_SCALE, at_zero=1,
                kink="at 0 the right slope of selu has the share {at_zero}", kinked=_at_zero,
                activation=True, c="{scale} * elu({0}, {alpha})", js="({scale}*elu({0}, {alpha}))"),
    elementwise("hard_sigmoid", "(Max(x + 3, 0) - Max(x - 3, 0))/6", stable.hard_sigmoid,
                lambda w, z, x, at_bounds: (w.above(x, -3, ties=at_bounds) - w.above(x, 3, ties=1 - at_bounds)) / 6,
                at_bounds=1, kink="at -3 and 3 the slope of hard_sigmoid is {at_bounds}/6",
                kinked=lambda x, at_bounds: (x == -3) | (x == 3),
                bounds=(0, 1), probability=True, c="smallest(largest(({0} + 3) / 6, 0), 1)",
                js="Math.min(Math.max(({0} + 3)/6, 0), 1)"),
    elementwise("step",         "Heaviside(x, at_zero)",
                lambda xp, x, at_zero=0: stable.above(xp, x, 0, at_zero), None, at_zero=0, kink="step(0) = {at_zero}",
                kinked=lambda x, at_zero: x == 0, mask=True,
                c="above({0}, 0, {at_zero})"),

    elementwise("binary_cross_entropy",  "-(y*log(x) + (1 - y)*log(1 - x))", stable.binary_cross_entropy,
                lambda w, z, x, y: -(w.ratio(y, x) + w.ratio(y - 1, 1 - x)),
                lambda w, z, x, y: w.log1p(-x) - w.log(x), sign="BCE", check=targets.labels,
                c="-(x_log_y({1}, {0}) + x_log1p_y(1 - {1}, -{0}))"),
    elementwise("sigmoid_cross_entropy", "log(1 + exp(x)) - x*y", stable.sigmoid_cross_entropy,
                lossless(lambda w, z, x, y: w.sigmoid_residual(x, y), textbook=lambda w, z, x, y: w.sigmoid(x) - y),
                lambda w, z, x, y: -x, sign="BCE", check=targets.labels, of_logits=True, written="of sigmoid",
                c="{0} * (above({0}, 0, 1) - {1}) + LOG1P(EXP(-FABS({0})))", js="crossEntropy({0}, {1})"),
    elementwise("sigmoid_residual", "1/(1 + exp(-x)) - y", stable.sigmoid_residual,
                lambda w, z, x, y: w.sigmoid_slope(x), lambda w, z, x, y: -1, sign="σ − y",
                written="residual",
                c="sigmoid_residual({0}, {1})", js="sigmoidResidual({0}, {1})"),
)
# fmt: on
