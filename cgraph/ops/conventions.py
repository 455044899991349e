"""Every choice that mathematics leaves open: at kinks, at ties, at 0·∞. One table, from which tests and documents come.

Most are attributes of their op, so that the choice stands in the graph and holds in every world: the number, the
formula, the picture and the proof. `relu(x, at_zero=0)` has the frameworks' slope; `cg.with_conventions` gives a whole
graph the frameworks' choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Choice = float | str


class Convention(NamedTuple):
    """What `op` does where its derivative is a matter of choice; `attribute` is "" where there is no switch.

    `chapter` is the default, `frameworks` what PyTorch does (as measured, or as its documentation says).
    """

    name: str
    op: str
    attribute: str
    chapter: Choice
    frameworks: Choice
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
    Convention("hypot at (0, 0)", "hypot", "", 0, "NaN", "a subgradient, as of a norm at 0"),
    Convention("arctan2 at (0, 0)", "arctan2", "", 0, 0, "as hypot: no direction is preferred; JAX NaN"),
    Convention("direction at (0, 0)", "direction", "", 0, "NaN", "it is the slope of hypot"),
    Convention("ties of max", "max", "ties", "first", "split", "to the first, as PyTorch's max over one dim"),
    Convention("ties of min", "min", "ties", "first", "split", "as max"),
    Convention("ties of a sort", "sort_by", "", "first", "first", "a stable sort; PyTorch with stable=True"),
    Convention("ties of a sort, undone", "unsort_by", "", "first", "first", "as sort_by"),
    Convention("mod at a multiple", "mod", "", "right", "right", "it jumps; the slopes beside it, of x and of -x/y"),
    Convention("a norm at 0", "norm", "", 0, 0, "a subgradient; JAX NaN. Its second derivative there is 0, and warns"),
    Convention("std of equal values", "std", "", 0, 0, "as a norm of what is left without the mean; JAX NaN"),
    Convention("logsumexp of nothing but -∞", "logsumexp", "", 0, "NaN", "log 0 is its value; nothing moves it"),
    Convention("softmax of nothing but -∞", "softmax", "", 0, "NaN", "all probabilities are 0, and so is the slope"),
    Convention("every target ignored", "softmax_cross_entropy", "", 0, 0, "the mean loss is 0; PyTorch's loss is NaN"),
    Convention("nothing but padding", "mean_pool", "", 0, "NaN", "0 tokens have the mean 0; max_pool alike"),
    Convention("ReLU of NaN", "relu", "", 0, 1, "a comparison with NaN does not hold; the value stays NaN"),
    Convention("0⁰", "pow", "", 0, 0, "both slopes; JAX NaN in x"),
    Convention("0·0⁻¹", "power_slope", "", 0, 0, "the slope of 0⁰ in x; a second derivative there warns"),
    Convention("0⁰·log 0", "power_log", "", 0, 0, "the slope of 0ʸ in y at y = 0; a second derivative there warns"),
    Convention("0/0 of ratio", "ratio", "", 0, 0, "y·log x is 0 where y is 0; slope 0, as a norm's second one at 0"),
    Convention("0·log 0", "xlogy", "", 0, "NaN", "the value, and the slope in y; in x it is log 0, in PyTorch 0"),
    Convention("0·∞ of the chain rule", "scale", "", 0, 0, "silent behind masks, else a warning; PyTorch NaN"),
)
# fmt: on


def switches(choice: str) -> Mapping[str, Mapping[str, Any]]:
    """For "chapter" or "frameworks": the attributes of each op that has a switch."""
    return MappingProxyType({c.op: {c.attribute: getattr(c, choice)} for c in CONVENTIONS if c.attribute})


def markdown() -> str:
    """The table as the documentation shows it."""
    lines = ["| where | op | the chapter's choice | the frameworks' | switch | why |", "|---|---|---|---|---|---|"]
    for c in CONVENTIONS:
        switch = f"`{c.op}(..., {c.attribute}={c.frameworks!r})`" if c.attribute else ""
        lines.append(f"| {c.name} | `{c.op}` | {c.chapter} | {c.frameworks} | {switch} | {c.why} |")
    return "\n".join(lines) + "\n"
