"""Every choice that mathematics leaves open: at kinks, at ties, at 0·∞. One table, from which tests and documents come.

Most are attributes of their op, so that the choice stands in the graph and holds in every world: the number, the
formula, the picture and the proof. `relu(x, at_zero=0)` has the frameworks' slope.
"""

from __future__ import annotations

from typing import NamedTuple


class Convention(NamedTuple):
    """What `op` does where its derivative is a matter of choice; `attribute` is "" where there is no switch.

    `chapter` is the default, `frameworks` what PyTorch does (as measured, or as its documentation says).
    """

    name: str
    op: str
    attribute: str
    chapter: float
    frameworks: float
    why: str


# fmt: off
CONVENTIONS: tuple[Convention, ...] = (
    Convention("ReLU at 0", "relu", "at_zero", 1, 0, "SLP3 footnote to Eq. 6.40; JAX 0, SymPy 1/2"),
    Convention("leaky ReLU at 0", "leaky_relu", "at_zero", 1, 0, "as ReLU: the right slope"),
    Convention("ELU at 0", "elu", "at_zero", 1, 0, "as ReLU; both slopes agree when alpha is 1"),
    Convention("SELU at 0", "selu", "at_zero", 1, 0, "as ReLU: the right slope"),
    Convention("hard sigmoid at -3 and 3", "hard_sigmoid", "at_bounds", 1, 0, "as ReLU, of which it is made"),
    Convention("the perceptron at 0", "step", "at_zero", 0, 0, "SLP3 Eq. 6.7: 0 if w·x + b is 0"),
    Convention("absolute value at 0", "abs", "at_zero", 0, 0, "the subgradient of least size; JAX 1"),
    Convention("sign at 0", "sign", "at_zero", 0, 0, "NumPy's; it is the slope of abs"),
    Convention("ties of maximum", "maximum", "ties", 1, 0.5, "to the first operand; the shares sum to 1"),
    Convention("ties of minimum", "minimum", "ties", 1, 0.5, "as maximum"),
    Convention("clip at a bound", "clip", "at_bounds", 1, 1, "the bounds belong to the interval; JAX 1/2"),
    Convention("ties of above", "above", "ties", 1, 1, "the indicator from which the others are made"),
    Convention("hypot at (0, 0)", "hypot", "", 0, 0, "a subgradient, as of a norm at 0; JAX NaN"),
    Convention("0⁰", "pow", "", 0, 0, "both slopes, and that of 0ʸ in y; JAX NaN in x"),
    Convention("0/0 of ratio", "ratio", "", 0, 0, "y·log x is 0 where y is 0; slope 0, as a norm's second one at 0"),
    Convention("0·∞ of the chain rule", "scale", "", 0, 0, "a zero upstream: nothing depends on it; PyTorch gives NaN"),
)
# fmt: on
