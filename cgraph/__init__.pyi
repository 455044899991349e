"""cgraph: symbolic computation graphs that show, prove and train.

The functions of the table (`cgraph.tanh`, `cgraph.softmax`, ...) build nodes and stand here under their names:
`help(cgraph.tanh)` shows the formula of one, `cgraph.table()` lists them all. What is used rarely stands in its room:
`cgraph.worlds`, `cgraph.proof.Report`. Editors and type checkers read `__init__.pyi`, which is made from the table."""

# Made by docs/stub.py from the table and the face. Do not edit.

from collections.abc import Sequence
from typing import Any, Final

from cgraph.functions.convolution import Sizes
from cgraph.graph.node import Operand

from cgraph import errors as errors
from cgraph import nn as nn
from cgraph import train as train
from cgraph import worlds as worlds
from cgraph.calculus.derivatives import grad as grad
from cgraph.calculus.derivatives import hessian as hessian
from cgraph.calculus.derivatives import jacobian as jacobian
from cgraph.calculus.derivatives import jvp as jvp
from cgraph.calculus.derivatives import taylor as taylor
from cgraph.calculus.derivatives import vjp as vjp
from cgraph.compile import compile as compile
from cgraph.derivation import derive as derive
from cgraph.derivation import to_latex as to_latex
from cgraph.errors import CgraphError as CgraphError
from cgraph.functions.table import op as op
from cgraph.functions.table import table as table
from cgraph.graph.building import building as building
from cgraph.graph.graph import Graph as Graph
from cgraph.graph.node import Node as Node
from cgraph.graph.node import constant as constant
from cgraph.graph.node import parameter as parameter
from cgraph.graph.node import variable as variable
from cgraph.graph.node import variables as variables
from cgraph.graph.parse import parse as parse
from cgraph.graph.scope import scope as scope
from cgraph.interop.networkx import to_networkx as to_networkx
from cgraph.interop.python import trace as trace
from cgraph.interop.sympy.reader import from_sympy as from_sympy
from cgraph.passes.backward import Backward as Backward
from cgraph.passes.differences import check_gradient as check_gradient
from cgraph.passes.forward import Forward as Forward
from cgraph.passes.numbers import backward as backward
from cgraph.passes.numbers import forward as forward
from cgraph.proof.provers import prove as prove
from cgraph.proof.provers import to_sympy as to_sympy
from cgraph.rewriting.conventions import with_conventions as with_conventions
from cgraph.rewriting.simplify import simplify as simplify
from cgraph.rewriting.unroll import unroll as unroll

__version__: Final[str]
__all__ = [
    "Backward",
    "CgraphError",
    "Forward",
    "Graph",
    "Node",
    "backward",
    "building",
    "check_gradient",
    "compile",
    "constant",
    "derive",
    "errors",
    "forward",
    "from_sympy",
    "grad",
    "hessian",
    "jacobian",
    "jvp",
    "nn",
    "op",
    "parameter",
    "parse",
    "prove",
    "scope",
    "simplify",
    "table",
    "taylor",
    "to_latex",
    "to_networkx",
    "to_sympy",
    "trace",
    "train",
    "unroll",
    "variable",
    "variables",
    "vjp",
    "with_conventions",
    "worlds",
]

def add(*operands: Operand) -> Node:
    """add(x, y, ...) = x + y, as a node."""

def mul(*operands: Operand) -> Node:
    """mul(x, y, ...) = x*y, as a node."""

def sub(x: Operand, y: Operand, /) -> Node:
    """sub(x, y) = x - y, as a node."""

def div(x: Operand, y: Operand, /) -> Node:
    """div(x, y) = x/y, as a node."""

def neg(x: Operand, /) -> Node:
    """neg(x) = -x, as a node."""

def pow(x: Operand, y: Operand, /) -> Node:
    """pow(x, y) = x**y, as a node. Convention: 0⁰ = 1 has slope 0 in both operands."""

def power_log(x: Operand, y: Operand, /) -> Node:
    """power_log(x, y) = x**y*log(x), as a node. Convention: 0⁰·log(0) is 0."""

def power_slope(x: Operand, y: Operand, /) -> Node:
    """power_slope(x, y) = y*x**(y - 1), as a node. Convention: the slope of 0⁰ is 0."""

def square(x: Operand, /) -> Node:
    """square(x) = x**2, as a node."""

def reciprocal(x: Operand, /) -> Node:
    """reciprocal(x) = 1/x, as a node."""

def ratio(x: Operand, y: Operand, /) -> Node:
    """ratio(x, y) = x/y, as a node. Convention: 0/0 = 0, with slope 0 in both operands."""

def scale(x: Operand, y: Operand, /) -> Node:
    """scale(x, y) = x*y, as a node. Convention: 0·∞ = 0."""

def exp(x: Operand, /) -> Node:
    """exp(x) = exp(x), as a node."""

def expm1(x: Operand, /) -> Node:
    """expm1(x) = exp(x) - 1, as a node."""

def log(x: Operand, /) -> Node:
    """log(x) = log(x), as a node."""

def log_abs(x: Operand, /) -> Node:
    """log_abs(x) = log(Abs(x)), as a node."""

def log1p(x: Operand, /) -> Node:
    """log1p(x) = log(1 + x), as a node."""

def log2(x: Operand, /) -> Node:
    """log2(x) = log(x)/log(2), as a node."""

def log10(x: Operand, /) -> Node:
    """log10(x) = log(x)/log(10), as a node."""

def sqrt(x: Operand, /) -> Node:
    """sqrt(x) = sqrt(x), as a node."""

def cbrt(x: Operand, /) -> Node:
    """cbrt(x) = sign(x)*Abs(x)**(1/3), as a node."""

def sin(x: Operand, /) -> Node:
    """sin(x) = sin(x), as a node."""

def cos(x: Operand, /) -> Node:
    """cos(x) = cos(x), as a node."""

def tan(x: Operand, /) -> Node:
    """tan(x) = tan(x), as a node."""

def arcsin(x: Operand, /) -> Node:
    """arcsin(x) = asin(x), as a node."""

def arccos(x: Operand, /) -> Node:
    """arccos(x) = acos(x), as a node."""

def one_less_square(x: Operand, /) -> Node:
    """one_less_square(x) = 1 - x**2, as a node."""

def arctan(x: Operand, /) -> Node:
    """arctan(x) = atan(x), as a node."""

def arctan2(x: Operand, y: Operand, /) -> Node:
    """arctan2(x, y) = atan2(x, y), as a node. Convention: the slopes of arctan2 at (0, 0) are 0."""

def hypot(x: Operand, y: Operand, /) -> Node:
    """hypot(x, y) = sqrt(x**2 + y**2), as a node. Convention: the slopes of hypot at (0, 0) are 0."""

def direction(x: Operand, y: Operand, /) -> Node:
    """direction(x, y) = x/sqrt(x**2 + y**2), as a node. Convention: at (0, 0) direction is 0, with slope 0 in both operands."""

def sinh(x: Operand, /) -> Node:
    """sinh(x) = sinh(x), as a node."""

def cosh(x: Operand, /) -> Node:
    """cosh(x) = cosh(x), as a node."""

def tanh(x: Operand, /) -> Node:
    """tanh(x) = tanh(x), as a node."""

def tanh_slope(x: Operand, /) -> Node:
    """tanh_slope(x) = 1 - tanh(x)**2, as a node."""

def arcsinh(x: Operand, /) -> Node:
    """arcsinh(x) = asinh(x), as a node."""

def arccosh(x: Operand, /) -> Node:
    """arccosh(x) = acosh(x), as a node."""

def arctanh(x: Operand, /) -> Node:
    """arctanh(x) = atanh(x), as a node."""

def erf(x: Operand, /) -> Node:
    """erf(x) = erf(x), as a node."""

def gaussian(x: Operand, /, *, rate: float = 1) -> Node:
    """gaussian(x, rate=1) = exp(-rate*x**2), as a node."""

def erfc(x: Operand, /) -> Node:
    """erfc(x) = 1 - erf(x), as a node."""

def normal_cdf(x: Operand, /) -> Node:
    """normal_cdf(x) = (1 + erf(x/sqrt(2)))/2, as a node."""

def log_normal_cdf(x: Operand, /) -> Node:
    """log_normal_cdf(x) = log((1 + erf(x/sqrt(2)))/2), as a node."""

def abs(x: Operand, /, *, at_zero: float = 0) -> Node:
    """abs(x, at_zero=0) = Abs(x), as a node. Convention: abs'(0) = 0."""

def maximum(x: Operand, y: Operand, /, *, ties: float = 1) -> Node:
    """maximum(x, y, ties=1) = Max(x, y), as a node. Convention: at a tie the first operand of maximum gets the share 1 of the gradient."""

def minimum(x: Operand, y: Operand, /, *, ties: float = 1) -> Node:
    """minimum(x, y, ties=1) = Min(x, y), as a node. Convention: at a tie the first operand of minimum gets the share 1 of the gradient."""

def clip(x: Operand, low: Operand, high: Operand, /, *, at_bounds: float = 1) -> Node:
    """clip(x, low, high, at_bounds=1) = Min(Max(x, low), high), as a node. Convention: at a bound clip lets the share 1 of the gradient through to x, the rest to the bound."""

def where(c: Operand, x: Operand, y: Operand, /) -> Node:
    """where(c, x, y) = Piecewise((x, Ne(c, 0)), (y, True)), as a node."""

def greater(x: Operand, y: Operand, /) -> Node:
    """greater(x, y) = 1 - Heaviside(y - x, 1), as a node."""

def greater_equal(x: Operand, y: Operand, /) -> Node:
    """greater_equal(x, y) = Heaviside(x - y, 1), as a node."""

def less(x: Operand, y: Operand, /) -> Node:
    """less(x, y) = 1 - Heaviside(x - y, 1), as a node."""

def less_equal(x: Operand, y: Operand, /) -> Node:
    """less_equal(x, y) = Heaviside(y - x, 1), as a node."""

def equal(x: Operand, y: Operand, /) -> Node:
    """equal(x, y) = 1 - Heaviside((x - y)**2, 0), as a node."""

def not_equal(x: Operand, y: Operand, /) -> Node:
    """not_equal(x, y) = Heaviside((x - y)**2, 0), as a node."""

def above(x: Operand, y: Operand, /, *, ties: float = 1) -> Node:
    """above(x, y, ties=1) = Heaviside(x - y, ties), as a node."""

def sign(x: Operand, /, *, at_zero: float = 0) -> Node:
    """sign(x, at_zero=0) = 2*Heaviside(x, (1 + at_zero)/2) - 1, as a node. Convention: sign(0) = 0."""

def floor(x: Operand, /) -> Node:
    """floor(x) = floor(x), as a node."""

def ceil(x: Operand, /) -> Node:
    """ceil(x) = ceiling(x), as a node."""

def round(x: Operand, /) -> Node:
    """round(x) = floor(x/2 + 1/4) + ceiling(x/2 - 1/4), as a node."""

def stop_gradient(x: Operand, /) -> Node:
    """stop_gradient(x) = stop_gradient(x), as a node."""

def mod(x: Operand, y: Operand, /) -> Node:
    """mod(x, y) = x - y*floor(x/y), as a node. Convention: where x is a multiple of y, mod jumps: its slopes are 1 and -x/y."""

def logaddexp(x: Operand, y: Operand, /) -> Node:
    """logaddexp(x, y) = log(exp(x) + exp(y)), as a node."""

def sinc(x: Operand, /, *, order: float = 0) -> Node:
    """sinc(x, order=0) = diff(sinc(pi*x), x, order), as a node."""

def inverse_mills(x: Operand, /, *, order: float = 0) -> Node:
    """inverse_mills(x, order=0) = diff(sqrt(2/pi)*exp(-x**2/2)/(1 + erf(x/sqrt(2))), x, order), as a node."""

def xlogy(x: Operand, y: Operand, /) -> Node:
    """xlogy(x, y) = x*log(y), as a node. Convention: 0·log(0) = 0, with slope 0 in y and log(0) in x."""

def lgamma(x: Operand, /) -> Node:
    """lgamma(x) = loggamma(x), as a node."""

def digamma(x: Operand, /, *, order: float = 0) -> Node:
    """digamma(x, order=0) = polygamma(order, x), as a node."""

def sigmoid(x: Operand, /) -> Node:
    """sigmoid(x) = 1/(1 + exp(-x)), as a node."""

def sigmoid_slope(x: Operand, /) -> Node:
    """sigmoid_slope(x) = exp(-x)/(1 + exp(-x))**2, as a node."""

def log_sigmoid(x: Operand, /) -> Node:
    """log_sigmoid(x) = -log(1 + exp(-x)), as a node."""

def softplus(x: Operand, /) -> Node:
    """softplus(x) = log(1 + exp(x)), as a node."""

def softsign(x: Operand, /) -> Node:
    """softsign(x) = x/(1 + Abs(x)), as a node."""

def silu(x: Operand, /) -> Node:
    """silu(x) = x/(1 + exp(-x)), as a node."""

def mish(x: Operand, /) -> Node:
    """mish(x) = x*tanh(log(1 + exp(x))), as a node."""

def mish_rise(x: Operand, /) -> Node:
    """mish_rise(x) = (1 - tanh(log(1 + exp(x)))**2)/(1 + exp(-x)), as a node."""

def gelu(x: Operand, /) -> Node:
    """gelu(x) = x*(1 + erf(x/sqrt(2)))/2, as a node."""

def gelu_tanh(x: Operand, /, *, cubic: float = 0.044715) -> Node:
    """gelu_tanh(x, cubic=0.044715) = x*(1 + tanh(sqrt(2/pi)*(x + cubic*x**3)))/2, as a node."""

def relu(x: Operand, /, *, at_zero: float = 1) -> Node:
    """relu(x, at_zero=1) = Max(x, 0), as a node. Convention: ReLU'(0) = 1."""

def leaky_relu(x: Operand, /, *, slope: float = 0.01, at_zero: float = 1) -> Node:
    """leaky_relu(x, slope=0.01, at_zero=1) = Max(x, 0) + slope*Min(x, 0), as a node. Convention: at 0 the right slope of leaky_relu has the share 1."""

def elu(x: Operand, /, *, alpha: float = 1, at_zero: float = 1) -> Node:
    """elu(x, alpha=1, at_zero=1) = Max(x, 0) + alpha*(exp(Min(x, 0)) - 1), as a node. Convention: at 0 the right slope of elu has the share 1."""

def selu(x: Operand, /, *, alpha: float = 1.6732632423543772, scale: float = 1.0507009873554805, at_zero: float = 1) -> Node:
    """selu(x, alpha=1.6732632423543772, scale=1.0507009873554805, at_zero=1) = scale*(Max(x, 0) + alpha*(exp(Min(x, 0)) - 1)), as a node. Convention: at 0 the right slope of selu has the share 1."""

def hard_sigmoid(x: Operand, /, *, at_bounds: float = 1) -> Node:
    """hard_sigmoid(x, at_bounds=1) = (Max(x + 3, 0) - Max(x - 3, 0))/6, as a node. Convention: at -3 and 3 the slope of hard_sigmoid is 1/6."""

def step(x: Operand, /, *, at_zero: float = 0) -> Node:
    """step(x, at_zero=0) = Heaviside(x, at_zero), as a node. Convention: step(0) = 0."""

def binary_cross_entropy(x: Operand, y: Operand, /) -> Node:
    """binary_cross_entropy(x, y) = -(y*log(x) + (1 - y)*log(1 - x)), as a node."""

def sigmoid_cross_entropy(x: Operand, y: Operand, /) -> Node:
    """sigmoid_cross_entropy(x, y) = log(1 + exp(x)) - x*y, as a node."""

def sigmoid_residual(x: Operand, y: Operand, /) -> Node:
    """sigmoid_residual(x, y) = 1/(1 + exp(-x)) - y, as a node."""

def sum(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """sum(x, axis=None, keepdims=False) = sum(x), as a node. Without an axis, or with an empty tuple, over all axes."""

def mean(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """mean(x, axis=None, keepdims=False) = mean(x), as a node. Without an axis, or with an empty tuple, over all axes."""

def prod(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """prod(x, axis=None, keepdims=False) = prod(x), as a node. Without an axis, or with an empty tuple, over all axes."""

def all_but_one(x: Operand, /, *, axis: int = 0) -> Node:
    """all_but_one(x, axis=0) = row i: x with element i set to 1, as a node."""

def centre(x: Operand, /, *, axis: int | Sequence[int] | None = None) -> Node:
    """centre(x, axis=None) = x - mean(x), as a node."""

def var(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False, ddof: float = 0) -> Node:
    """var(x, axis=None, keepdims=False, ddof=0) = var(x), as a node. Without an axis, or with an empty tuple, over all axes."""

def std(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False, ddof: float = 0) -> Node:
    """std(x, axis=None, keepdims=False, ddof=0) = std(x), as a node. Without an axis, or with an empty tuple, over all axes. Convention: the slope of std is 0 at equal values."""

def norm(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """norm(x, axis=None, keepdims=False) = sqrt(sum(x**2)), as a node. Without an axis, or with an empty tuple, over all axes. Convention: the slope of the norm is 0 at 0."""

def logsumexp(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """logsumexp(x, axis=None, keepdims=False) = log(sum(exp(x))), as a node. Without an axis, or with an empty tuple, over all axes. Convention: of nothing but -inf it is -inf, with slope 0."""

def size(x: Operand, /) -> Node:
    """size(x) = size(x), as a node."""

def max(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False, ties: str = 'first') -> Node:
    """max(x, axis=None, keepdims=False, ties='first') = max(x), as a node. Without an axis, or with an empty tuple, over all axes. Convention: of equal elements the first gets the whole gradient (ties=split: equal parts); nan comes before all others."""

def min(x: Operand, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False, ties: str = 'first') -> Node:
    """min(x, axis=None, keepdims=False, ties='first') = min(x), as a node. Without an axis, or with an empty tuple, over all axes. Convention: of equal elements the first gets the whole gradient (ties=split: equal parts); nan comes before all others."""

def max_share(x: Operand, /, *, axis: int | Sequence[int] | None = None, ties: str = 'first') -> Node:
    """max_share(x, axis=None, ties='first') = 1 at the largest element, else 0, as a node."""

def argmax(x: Operand, /, *, axis: int | None = None, keepdims: bool = False) -> Node:
    """argmax(x, axis=None, keepdims=False) = argmax(x), as a node. Without an axis, or with an empty tuple, over all axes."""

def sort_by(x: Operand, y: Operand, /, *, axis: int = -1) -> Node:
    """sort_by(x, y, axis=-1) = x in the order that sorts y, as a node. Convention: of equal elements the first stays before the others; nan comes last."""

def unsort_by(x: Operand, y: Operand, /, *, axis: int = -1) -> Node:
    """unsort_by(x, y, axis=-1) = x back from the order that sorts y, as a node. Convention: of equal elements the first stays before the others; nan comes last."""

def recurrence(x: Operand, y: Operand, /, *, axis: int = -1) -> Node:
    """recurrence(x, y, axis=-1) = z_k = x_k z_(k-1) + y_k, as a node."""

def matmul(x: Operand, y: Operand, /) -> Node:
    """matmul(x, y) = x @ y, as a node."""

def einsum(subscripts: str, *operands: Operand) -> Node:
    """A sum of products by Einstein's notation: `einsum("ij,jk->ik", x, y)` is x @ y.

    A letter that stands twice in an operand takes the diagonal of it, `...` stands for the dimensions that have no
    letter; they broadcast. Without an arrow the result has the dimensions of `...`, then the letters that stand once.
    Raises ShapeError for what does not read, and for sizes that do not fit.

    >>> import cgraph as cg
    >>> einsum("bij->bji", cg.variable("x", ("b", 2, 3))).shape, einsum("ii", cg.variable("x", (3, 3))).shape
    (('b', 3, 2), ())
    

    The op of the table: sum of x*y*... by subscripts.
    """

def diagonal(x: Operand, /, *, axis: int | None = None) -> Node:
    """diagonal(x, axis=None) = the diagonal of x, as a node."""

def diagonal_matrix(x: Operand, /, *, axis: int | None = None) -> Node:
    """diagonal_matrix(x, axis=None) = x on the diagonal, as a node."""

def det(x: Operand, /) -> Node:
    """det(x) = det(x), as a node."""

def logabsdet(x: Operand, /) -> Node:
    """logabsdet(x) = log(abs(det(x))), as a node."""

def det_sign(x: Operand, /) -> Node:
    """det_sign(x) = sign(det(x)), as a node."""

def adjugate(x: Operand, /) -> Node:
    """adjugate(x) = det(x)*inv(x), as a node."""

def adjugate_along(*operands: Operand) -> Node:
    """adjugate_along(x, y, ...) = the derivative of adjugate(x) along y, ..., as a node."""

def inv(x: Operand, /) -> Node:
    """inv(x) = x⁻¹, as a node."""

def solve(x: Operand, y: Operand, /) -> Node:
    """solve(x, y) = x⁻¹ y, as a node."""

def reshape(x: Operand, /, *, shape: int | str | Sequence[int | str] = ...) -> Node:
    """reshape(x, shape=()) = reshape(x), as a node."""

def transpose(x: Operand, /, *, axes: Sequence[int] | None = None) -> Node:
    """transpose(x, axes=None) = xᵀ, as a node."""

def expand_dims(x: Operand, /, *, axis: int | Sequence[int] | None = 0) -> Node:
    """expand_dims(x, axis=0) = expand_dims(x), as a node."""

def squeeze(x: Operand, /, *, axis: int | Sequence[int] | None = None) -> Node:
    """squeeze(x, axis=None) = squeeze(x), as a node."""

def broadcast_to(x: Operand, /, *, shape: int | str | Sequence[int | str] = ...) -> Node:
    """broadcast_to(x, shape=()) = broadcast(x), as a node."""

def flip(x: Operand, /, *, axis: int | Sequence[int] | None = None) -> Node:
    """flip(x, axis=None) = flip(x), as a node."""

def cumsum(x: Operand, /, *, axis: int | None = None) -> Node:
    """cumsum(x, axis=None) = cumsum(x), as a node."""

def pad(x: Operand, /, *, width: int | Sequence[Any] = 0, value: float = 0) -> Node:
    """pad(x, width=0, value=0) = pad(x), as a node."""

def broadcast_like(x: Operand, y: Operand, /) -> Node:
    """broadcast_like(x, y) = broadcast(x), as a node."""

def index(x: Operand, /, *, key: Any = ...) -> Node:
    """index(x, key=[]) = x[key], as a node."""

def index_add(x: Operand, y: Operand, /, *, key: Any = ...) -> Node:
    """index_add(x, y, key=[]) = 0, with x added at key, as a node."""

def take(x: Operand, y: Operand, /, *, axis: int = 0) -> Node:
    """take(x, y, axis=0) = rows y of x, as a node."""

def scatter_add(x: Operand, y: Operand, u: Operand, /, *, axis: int = 0) -> Node:
    """scatter_add(x, y, axis=0) = 0, with x added to the rows y, as a node."""

def take_along(x: Operand, y: Operand, /, *, axis: int = -1) -> Node:
    """take_along(x, y, axis=-1) = x at the places y along an axis, as a node."""

def add_along(x: Operand, y: Operand, u: Operand, /, *, axis: int = -1) -> Node:
    """add_along(x, y, axis=-1) = 0, with x added at the places y along an axis, as a node."""

def one_hot(x: Operand, /, *, classes: int = 2, ignore: int | None = None) -> Node:
    """one_hot(x, classes=2, ignore=None) = 1 at the class x, else 0, as a node."""

def concatenate(arrays: Sequence[Operand] | Node, axis: int = 0) -> Node:
    """The arrays joined along an axis that they have: [2×3] and [1×3] give [3×3].

    >>> import cgraph as cg
    >>> concatenate([cg.variable("x", (2, 3)), cg.variable("y", (1, 3))]).shape
    (3, 3)
    

    The op of the table: x, y, ... joined.
    """

def windows(x: Operand, /, *, size: float = 1, stride: float = 1, dilation: float = 1) -> Node:
    """windows(x, size=1, stride=1, dilation=1) = x in sliding windows, as a node."""

def windows_add(x: Operand, y: Operand, /, *, size: float = 1, stride: float = 1, dilation: float = 1) -> Node:
    """windows_add(x, y, size=1, stride=1, dilation=1) = 0, with windows x added, as a node."""

def softmax(x: Operand, /, *, axis: int | Sequence[int] | None = -1) -> Node:
    """softmax(x, axis=-1) = softmax(x), as a node. Convention: of nothing but -inf it is 0, with slope 0."""

def log_softmax(x: Operand, /, *, axis: int | Sequence[int] | None = -1) -> Node:
    """log_softmax(x, axis=-1) = log(softmax(x)), as a node."""

def softmax_cross_entropy(x: Operand, y: Operand, *, weights: Operand | None = None, ignore: int | None = None, smoothing: float = 0.0, reduction: str = 'none') -> Node:
    """-sum(y*log(softmax(x))): the loss of each row of logits x [m×k], as a node.

    The targets y are a distribution for each row [m×k], or class ids [m] from 0 to k - 1. `weights` [k] are class
    weights, `ignore` is an id that marks rows without a target: their loss and gradient are 0. The "mean" divides
    by the sum of the targets' weights, whatever their signs (without weights, by the number of rows that have one);
    when every row is ignored or has the weight 0, loss and gradient are 0. `smoothing` shares out that part of each
    target evenly among the k classes, and the mean still divides by the weights of the targets themselves (Szegedy et
    al., 2016, Section 7).
    Raises ShapeError for other shapes; ValueRefusedError for constant targets that are no ids or no distribution.

    >>> import cgraph as cg
    >>> L = softmax_cross_entropy([[1.0, 2.0], [3.0, 4.0]], [-1, 1], ignore=-1, reduction="mean")
    >>> round(float(cg.forward(L).values[-1]), 4)
    0.3133
    

    The op of the table: -sum(y*log(softmax(x))).
    """

def softmax_residual(x: Operand, y: Operand, /, *, axis: int | Sequence[int] | None = -1) -> Node:
    """softmax_residual(x, y, axis=-1) = sum(y)*softmax(x) - y, as a node."""

def weighted_centre(x: Operand, y: Operand, /, *, axis: int | Sequence[int] | None = -1) -> Node:
    """weighted_centre(x, y, axis=-1) = p*(x*sum(p) - sum(p*x)), as a node."""

def stack(arrays: Sequence[Operand] | Node, axis: int = 0) -> Node:
    """Arrays of one shape joined along a new axis.

    >>> import cgraph as cg
    >>> stack(cg.variables("a b c")).shape
    (3,)
    """

def split(x: Operand, sections: int | Sequence[int], axis: int = 0) -> list[Node]:
    """The parts of x along an axis: a number of equal ones, or cut before each of the given indices.

    >>> import cgraph as cg
    >>> [part.shape for part in split(cg.variable("x", 5), [2, 3])]
    [(2,), (1,), (2,)]
    """

def dot(x: Operand, y: Operand) -> Node:
    """The inner product of two vectors; x @ y when y is a matrix, x*y when one is a number.

    Of arrays with more dimensions, sums over the last of x and the last but one of y: [2×3] and [4×3×5] give [2×4×5].
    """

def outer(x: Operand, y: Operand) -> Node:
    """The outer product of two vectors: [m] and [n] give [m×n]."""

def matrix_trace(x: Operand) -> Node:
    """The sum of the diagonal of a matrix [m×n], or of each in a stack: x[0, 0] + x[1, 1] + ...

    Raises ShapeError when x has fewer than two dimensions, or a named size beside another one.
    """

def slogdet(x: Operand) -> tuple[Node, Node]:
    """The sign of the determinant of a square matrix and the logarithm of its absolute value; stacks [...×n×n] too.

    The logarithm is there where the determinant itself over- or underflows. Of a singular matrix it is -inf, and its
    derivative, the inverse, is refused.

    >>> import cgraph as cg
    >>> sign, logabsdet = slogdet(0.1 * cg.constant([[0.0, 1.0], [1.0, 0.0]]))
    >>> [round(float(cg.forward(node).values[-1]), 3) for node in (sign, logabsdet)]
    [-1.0, -4.605]
    """

def tensordot(x: Operand, y: Operand, axes: int | Sequence[Any] = 2) -> Node:
    """The sum of products over some axes of both: the last `axes` of x and first of y, or the two lists that are given.

    >>> import cgraph as cg
    >>> tensordot(cg.variable("x", (2, 3, 4)), cg.variable("y", (4, 3)), ([1, 2], [1, 0])).shape
    (2,)
    """

def kron(x: Operand, y: Operand) -> Node:
    """Kronecker's product: y as often as x has elements, each time multiplied by one of them.

    >>> import cgraph as cg
    >>> kron(cg.variable("x", (2, 3)), cg.variable("y", (4, 5))).shape
    (8, 15)
    """

def cross(x: Operand, y: Operand, axis: int = -1) -> Node:
    """The cross product of vectors of three elements along an axis.

    >>> import cgraph as cg
    >>> cg.forward(cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])).values[-1].tolist()
    [0.0, 0.0, 1.0]
    """

def convolve(x: Operand, y: Operand, mode: str = 'full') -> Node:
    """The convolution of two vectors, as NumPy's: all sums ("full"), those of the longer one's size ("same"), or those
    in which no element is missing ("valid").

    >>> import cgraph as cg
    >>> cg.forward(convolve([1.0, 2.0, 3.0], [1.0, 10.0])).values[-1].tolist()
    [1.0, 12.0, 23.0, 30.0]
    """

def mse(x: Operand, y: Operand, reduction: str = 'mean') -> Node:
    """The squared error (x - y)² of outputs and targets of one shape, brought together by `reduction`."""

def huber(x: Operand, y: Operand, *, delta: float = 1.0, reduction: str = 'mean') -> Node:
    """The loss of Huber (1964): (x - y)²/2 where |x - y| is at most delta, and delta·(|x - y| - delta/2) beyond.

    With delta = 1 it is the smooth L1 loss. Raises ShapeError for outputs and targets of two shapes.

    >>> import cgraph as cg
    >>> cg.forward(huber([0.5, 3.0], [0.0, 0.0], reduction="none")).values[-1].tolist()
    [0.125, 2.5]
    """

def hinge(x: Operand, y: Operand, *, margin: float = 1.0, reduction: str = 'mean') -> Node:
    """max(0, margin - y·x) of scores x and targets y, each -1 or 1, of one shape.

    >>> import cgraph as cg
    >>> cg.forward(hinge([0.5, -2.0], [1.0, -1.0], reduction="none")).values[-1].tolist()
    [0.5, 0.0]
    """

def kl_divergence(p: Operand, log_q: Operand, *, reduction: str = 'none') -> Node:
    """sum(p·(log p - log q)) over the last axis: how far log-probabilities are from the distributions p.

    Where p is 0 the term is 0. "mean" is over the rows. (Kullback and Leibler, 1951.)

    >>> import cgraph as cg
    >>> round(float(cg.forward(kl_divergence([1.0, 0.0], cg.log_softmax([0.0, 0.0]))).values[-1]), 6)
    0.693147
    """

def cosine_similarity(x: Operand, y: Operand, *, axis: int = -1) -> Node:
    """x·y/(|x||y|) along an axis (SLP3 Section 6.4); the operands broadcast.

    Of a vector of zeros it is nan: it has no direction.

    >>> import cgraph as cg
    >>> float(cg.forward(cosine_similarity([3.0, 4.0], [4.0, 3.0])).values[-1])
    0.96
    """

def layer_norm(x: Operand, gain: Operand | None = None, bias: Operand | None = None, *, axis: int | Sequence[int] | None = -1, eps: float = 1e-05) -> Node:
    """(x - mean)/sqrt(var + eps) over `axis`, times `gain`, plus `bias`."""

def dropout(x: Operand, mask: Operand, p: float, *, training: bool = True) -> Node:
    """x where the mask is 1, scaled by 1/(1 - p), and 0 where it is 0; x itself when p is 0 or not in training.

    The mask is an operand, drawn once by the caller, so that both passes use the same one. p = 1 drops everything.
    Raises ValueRefusedError when p is not from 0 to 1, ShapeError when the mask has another shape than x.
    """

def embedding(table: Operand, ids: Operand, *, padding: int | None = None) -> Node:
    """The rows of a table [V×d] with these ids: [...] gives [...×d].

    An id below 0 or from V on is refused. The `padding` id stands for no token: it gives a row of zeros, and no
    gradient flows to its row of the table.
    Raises ShapeError when the table has no rows.
    """

def mean_pool(x: Operand, mask: Operand) -> Node:
    """The mean of the real tokens: x [...×n×d] with a mask [...×n] of 1 (token) and 0 (padding) gives [...×d].

    Of nothing but padding it is 0, with gradient 0.
    """

def max_pool(x: Operand, mask: Operand) -> Node:
    """The largest of the real tokens, feature by feature: x [...×n×d] with a mask [...×n] gives [...×d].

    Of nothing but padding it is 0, with gradient 0; of equal tokens the first gets the gradient.
    """

def exp2(x: Operand) -> Node:
    """2 to the power x, exactly where x is a whole number.

    >>> import cgraph as cg
    >>> float(cg.forward(exp2(10.0)).values[-1])
    1024.0
    """

def polygamma(order: int, x: Operand) -> Node:
    """The derivative of `digamma` of this order, the derivative of lgamma of one more; named as SciPy's and PyTorch's.

    >>> import cgraph as cg
    >>> round(float(cg.forward(polygamma(1, 1.0)).values[-1]), 12)  # π²/6
    1.644934066848
    """

def roll(x: Operand, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Node:
    """x with its elements moved on by `shift`, those that leave at the end coming in at the beginning.

    Without an axis over all elements, row by row. Raises ShapeError along a named dimension.

    >>> import cgraph as cg
    >>> cg.forward(roll([1.0, 2.0, 3.0], 1)).values[-1].tolist()
    [3.0, 1.0, 2.0]
    """

def repeat(x: Operand, repeats: int | Sequence[int], axis: int | None = None) -> Node:
    """Each element, or each row along an axis, so many times in a row.

    >>> import cgraph as cg
    >>> cg.forward(repeat([1.0, 2.0], 2)).values[-1].tolist()
    [1.0, 1.0, 2.0, 2.0]
    """

def tile(x: Operand, reps: int | Sequence[int]) -> Node:
    """Copies of x side by side, as many along each axis as `reps` says, which are those of the last axes.

    >>> import cgraph as cg
    >>> tile(cg.variable("x", (2, 3)), (2, 1)).shape
    (4, 3)
    """

def tril(x: Operand, k: int = 0) -> Node:
    """The lower triangle of a matrix, or of each in a stack: 0 above the diagonal, or above the one k places from it.

    >>> import cgraph as cg
    >>> cg.forward(tril([[1.0, 2.0], [3.0, 4.0]])).values[-1].tolist()
    [[1.0, 0.0], [3.0, 4.0]]
    """

def triu(x: Operand, k: int = 0) -> Node:
    """The upper triangle of a matrix, or of each in a stack: 0 below the diagonal, or below the one k places from it.

    >>> import cgraph as cg
    >>> cg.forward(triu([[1.0, 2.0], [3.0, 4.0]], 1)).values[-1].tolist()
    [[0.0, 2.0], [0.0, 0.0]]
    """

def moveaxis(x: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Node:
    """x with some axes in other places, the rest in their order.

    >>> import cgraph as cg
    >>> moveaxis(cg.variable("x", (2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """

def diff(x: Operand, n: int = 1, axis: int = -1) -> Node:
    """The differences of neighbours along an axis, n times over.

    >>> import cgraph as cg
    >>> cg.forward(diff([1.0, 4.0, 9.0])).values[-1].tolist()
    [3.0, 5.0]
    """

def sort(x: Operand, axis: int | None = -1) -> Node:
    """x with its elements in the order of size along an axis, or all of them for None; NaN comes last.

    Each element takes its gradient along; of equal ones the first stays before the others.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 3)
    >>> bwd = cg.backward(cg.forward(cg.sum(sort(x) * [1.0, 2.0, 3.0]), x=[7.0, 5.0, 6.0]))
    >>> bwd.gradient["x"].tolist()
    [3.0, 1.0, 2.0]
    """

def argsort(x: Operand, axis: int | None = -1) -> Node:
    """The places from which `sort` takes its elements, as numbers to which no gradient flows.

    >>> import cgraph as cg
    >>> cg.forward(argsort([7.0, 5.0, 6.0])).values[-1].tolist()
    [1.0, 2.0, 0.0]
    """

def median(x: Operand, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """The element in the middle of the order of size, or the mean of the two there.

    >>> import cgraph as cg
    >>> float(cg.forward(median([4.0, 1.0, 3.0, 9.0])).values[-1])
    3.5
    """

def quantile(x: Operand, q: float | Sequence[float], axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Node:
    """What a share q of the elements is below, between neighbours in the order of size in proportion, as NumPy's.

    Several shares give a new first axis. Raises ValueRefusedError for a q that is not from 0 to 1, ShapeError over
    named dimensions and over no elements.

    >>> import cgraph as cg
    >>> cg.forward(quantile([4.0, 1.0, 3.0], [0.25, 1.0])).values[-1].tolist()
    [2.0, 4.0]
    """

def cumprod(x: Operand, axis: int | None = None) -> Node:
    """The products of the elements so far along an axis, or of all elements; with zeros among them, too.

    >>> import cgraph as cg
    >>> x = cg.variable("x", 3)
    >>> bwd = cg.backward(cg.forward(cg.sum(cumprod(x)), x=[2.0, 0.0, 4.0]))
    >>> bwd.gradient["x"].tolist()
    [1.0, 10.0, 0.0]
    """

def topk(x: Operand, k: int, axis: int = -1) -> tuple[Node, Node]:
    """The k largest elements along an axis, the largest first, and their places: ids for `cg.take_along`.

    Each value takes its gradient along; none flows to the places. Of equal elements the first stays before the
    others, and NaN counts as the least. Raises ShapeError where k elements are not there, or how many is not known.

    >>> import cgraph as cg
    >>> x = cg.constant([7.0, 5.0, 9.0])
    >>> [cg.forward(node).values[-1].tolist() for node in topk(x, 2)]
    [[9.0, 7.0], [2.0, 0.0]]
    """

def batch_norm(x: Operand, gain: Operand | None = None, bias: Operand | None = None, *, mean: Operand | None = None, var: Operand | None = None, axis: int = 1, eps: float = 1e-05) -> Node:
    """(x - mean)/sqrt(var + eps) for each channel, times `gain` [C], plus `bias` [C] (Ioffe and Szegedy, 2015).

    x is [m×C] or [m×C×...], with its channels along `axis`. The mean [C] and the variance [C] are those of the batch,
    over all other axes, unless both are given: then x is normalised by these, as at inference.
    Raises ShapeError when a channel has one element only, whose variance says nothing.

    >>> import cgraph as cg
    >>> cg.forward(batch_norm([[1.0, 4.0], [3.0, 8.0]], eps=0)).values[-1].tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """

def group_norm(x: Operand, groups: int, gain: Operand | None = None, bias: Operand | None = None, *, eps: float = 1e-05) -> Node:
    """x [m×C×...] with mean 0 and variance 1 over each of so many groups of its channels.

    Then it is multiplied by gain [C], and bias [C] is added (Wu and He, 2018).
    Raises ShapeError when the channels cannot be shared out evenly.
    """

def instance_norm(x: Operand, gain: Operand | None = None, bias: Operand | None = None, *, eps: float = 1e-05) -> Node:
    """x [m×C×...] with mean 0 and variance 1 over each channel of each example, times gain [C], plus bias [C]."""

def rms_norm(x: Operand, gain: Operand | None = None, *, axis: int | Sequence[int] = -1, eps: float = 1e-05) -> Node:
    """x/sqrt(mean(x²) + eps) over `axis`, times `gain` (Zhang and Sennrich, 2019).

    >>> import cgraph as cg
    >>> cg.forward(rms_norm([3.0, 4.0], eps=0)).values[-1] * 12.5**0.5
    array([3., 4.])
    """

def conv1d(x: Operand, w: Operand, b: Operand | None = None, *, stride: Sizes = 1, padding: Sizes | str = 0, dilation: Sizes = 1, groups: int = 1) -> Node:
    """The cross-correlation of sequences x [...×C×n] with F kernels w [F×C/groups×k]: [...×F×o], plus b [F].

    o = (n + 2·padding - dilation·(k - 1) - 1)//stride + 1. The padding is zeros on both sides, or "same" for o = n
    (with stride 1). With groups, each part of the channels has kernels of its own.
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> cg.forward(conv1d([[1.0, 2.0, 3.0, 4.0]], [[[1.0, -1.0]]])).values[-1].tolist()
    [[-1.0, -1.0, -1.0]]
    """

def conv2d(x: Operand, w: Operand, b: Operand | None = None, *, stride: Sizes = 1, padding: Sizes | str = 0, dilation: Sizes = 1, groups: int = 1) -> Node:
    """The cross-correlation of images x [...×C×H×W] with F kernels w [F×C/groups×k×l]: [...×F×o×p], plus b [F].

    Along each axis o = (H + 2·padding - dilation·(k - 1) - 1)//stride + 1. The padding is zeros on both sides, one
    number or one for each axis, or "same" for an image of the same size (with stride 1). With groups, each part of the
    channels has kernels of its own. (Goodfellow et al., Deep Learning, Eq. 9.6.)
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> conv2d(cg.variable("x", ("m", 3, 28, 28)), cg.variable("w", (8, 3, 5, 5)), stride=2, padding=2).shape
    ('m', 8, 14, 14)
    """

def max_pool1d(x: Operand, size: Sizes, *, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1) -> Node:
    """The largest in each window of sequences x [...×n]; windows stand side by side unless a stride is given.

    Of equal elements the first gets the gradient. The padding is never the largest.
    """

def max_pool2d(x: Operand, size: Sizes, *, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1) -> Node:
    """The largest in each window of images x [...×H×W]; windows stand side by side unless a stride is given.

    Of equal elements the first gets the gradient. The padding is never the largest.
    Raises ShapeError where no window fits, and for a padding of more than half of a window.

    >>> import cgraph as cg
    >>> cg.forward(max_pool2d([[1.0, 2.0], [4.0, 3.0]], 2)).values[-1].tolist()
    [[4.0]]
    """

def avg_pool1d(x: Operand, size: Sizes, *, stride: Sizes | None = None, padding: Sizes = 0) -> Node:
    """The mean of each window of sequences x [...×n], zeros of the padding counted; side by side unless a stride is."""

def avg_pool2d(x: Operand, size: Sizes, *, stride: Sizes | None = None, padding: Sizes = 0) -> Node:
    """The mean of each window of images x [...×H×W], zeros of the padding counted; side by side unless a stride is.

    >>> import cgraph as cg
    >>> cg.forward(avg_pool2d([[1.0, 2.0], [4.0, 5.0]], 2)).values[-1].tolist()
    [[3.0]]
    """

def attention(q: Operand, k: Operand, v: Operand, mask: Operand | None = None, *, causal: bool = False, scale: float | None = None) -> Node:
    """softmax(q kᵀ·scale) v: queries q [...×n×d], keys k [...×s×d] and values v [...×s×e] give [...×n×e].

    The scale is 1/√d unless it is given (Vaswani et al., 2017, Eq. 1). A query sees what the mask [...×n×s] says, 1 for
    a key that it sees and 0 for one that it does not, and with `causal` no key after its own place. One that sees
    nothing gets 0, with gradient 0.
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> q, k, v = cg.variable("q", ("m", 5, 8)), cg.variable("k", ("m", 7, 8)), cg.variable("v", ("m", 7, 4))
    >>> attention(q, k, v).shape
    ('m', 5, 4)
    """

def multi_head_attention(x: Operand, W_Q: Operand, W_K: Operand, W_V: Operand, W_O: Operand, heads: int, mask: Operand | None = None, *, context: Operand | None = None, causal: bool = False, biases: Sequence[Operand | None] | None = None) -> Node:
    """Attention in several heads side by side: x [...×n×d] gives [...×n×d'] (Vaswani et al., 2017, Section 3.2.2).

    W_Q and W_K are [d×a], W_V [d×c], W_O [c×d']; a and c are shared out among the heads. Keys and values come from x
    itself, or from a `context` [...×s×d]. The mask [...×n×s] is the same for each head. `biases` are those after the
    products with W_Q, W_K, W_V and W_O; None stands for none.
    Raises ShapeError when the widths cannot be shared out evenly.
    """

def positional_encoding(tokens: int, width: int, *, base: float = 10000.0) -> Node:
    """The sines and cosines [tokens×width] that say where a token stands (Vaswani et al., 2017, Section 3.5).

    Row p has sin(p/base^(2i/width)) in column 2i and the cosine of the same in column 2i + 1.

    >>> import cgraph as cg
    >>> cg.forward(positional_encoding(2, 2)).values[-1].round(4).tolist()
    [[0.0, 1.0], [0.8415, 0.5403]]
    """

def rnn_cell(x: Operand, h: Operand, W: Operand, U: Operand, b: Operand | None = None, *, activation: str = 'tanh') -> Node:
    """The next state of a simple recurrent net (Elman, 1990): g(xW + hU + b), from x [...×d] and the state h [...×n].

    W is [d×n], U [n×n], b [n].
    Raises ShapeError for shapes that do not fit, NameUnknownError for an activation that the table does not have.

    >>> import cgraph as cg
    >>> rnn_cell(cg.variable("x", ("m", 3)), cg.variable("h", ("m", 2)), np.ones((3, 2)), np.ones((2, 2))).shape
    ('m', 2)
    """

def lstm_cell(x: Operand, h: Operand, c: Operand, W: Operand, U: Operand, b: Operand | None = None) -> tuple[Node, Node]:
    """The next state and memory (h, c), each [...×n], of a long short-term memory (Hochreiter and Schmidhuber, 1997).

    i, f, g, o are the four parts of xW + hU + b, with W [d×4n], U [n×4n], b [4n], in this order:
    c' = σ(f)c + σ(i)tanh(g), h' = σ(o)tanh(c').
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> x, h, c = cg.variable("x", ("m", 3)), cg.variable("h", ("m", 2)), cg.variable("c", ("m", 2))
    >>> [state.shape for state in lstm_cell(x, h, c, np.ones((3, 8)), np.ones((2, 8)))]
    [('m', 2), ('m', 2)]
    """

def gru_cell(x: Operand, h: Operand, W: Operand, U: Operand, b: Operand | None = None, d: Operand | None = None) -> Node:
    """The next state [...×n] of a gated recurrent unit (Cho et al., 2014), with the reset after the product.

    r, z, m are the three parts of xW + b, and r', z', m' those of hU + d, with W [d×3n], U [n×3n], b and d [3n]:
    h' = (1 - σ(z + z'))tanh(m + σ(r + r')m') + σ(z + z')h.
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> gru_cell(cg.variable("x", ("m", 3)), cg.variable("h", ("m", 2)), np.ones((3, 6)), np.ones((2, 6))).shape
    ('m', 2)
    """

def rnn(x: Operand, W: Operand, U: Operand, b: Operand | None = None, *, h: Operand | None = None, mask: Operand | None = None, activation: str = 'tanh') -> tuple[Node, Node]:
    """`rnn_cell` at each step of x [...×steps×d]: all states [...×steps×n] and the last one [...×n].

    The first state is h, or 0. Where the mask [...×steps] is 0 a sequence has ended, and its state stays.
    Raises ShapeError for sequences of length 0 or of a named one.
    """

def lstm(x: Operand, W: Operand, U: Operand, b: Operand | None = None, *, h: Operand | None = None, c: Operand | None = None, mask: Operand | None = None) -> tuple[Node, Node, Node]:
    """`lstm_cell` at each step of x [...×steps×d]: all states [...×steps×n], the last one [...×n], the last memory.

    The first state and memory are h and c, or 0. Where the mask [...×steps] is 0 a sequence has ended, and both stay.
    Raises ShapeError for sequences of length 0 or of a named one.

    >>> import cgraph as cg
    >>> states, last, memory = lstm(cg.variable("x", ("m", 5, 3)), np.ones((3, 8)), np.ones((2, 8)))
    >>> states.shape, last.shape
    (('m', 5, 2), ('m', 2))
    """

def gru(x: Operand, W: Operand, U: Operand, b: Operand | None = None, d: Operand | None = None, *, h: Operand | None = None, mask: Operand | None = None) -> tuple[Node, Node]:
    """`gru_cell` at each step of x [...×steps×d]: all states [...×steps×n] and the last one [...×n].

    The first state is h, or 0. Where the mask [...×steps] is 0 a sequence has ended, and its state stays.
    Raises ShapeError for sequences of length 0 or of a named one.
    """
