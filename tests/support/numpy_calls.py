"""Calls of NumPy's functions, by the name of the function: what to call, and the shapes of its operands.

`AUTOGRAD` are the functions that HIPS/autograd gives a derivative or knows to have none, by its documentation and its
table of derivatives; users of it type these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Call = tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]
AUTOGRAD = """
abs absolute add all allclose amax amin angle any append arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax
argmin argpartition argsort argwhere around array_equal array_equiv array_split astype atleast_1d atleast_2d
atleast_3d broadcast_to cbrt ceil clip column_stack concatenate conj conjugate cos cosh count_nonzero cross cumprod
cumsum deg2rad degrees diag diagonal diff divide dot dsplit dstack einsum equal exp exp2 expand_dims expm1 fabs fix
flatnonzero flip fliplr flipud floor floor_divide fmax fmin fmod full_like gradient greater greater_equal hsplit
hstack hypot imag inner isclose iscomplex iscomplexobj isfinite isinf isnan isneginf isposinf isreal kron less
less_equal linspace log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul
max maximum mean min minimum mod moveaxis multiply nan_to_num ndim negative nonzero not_equal ones_like outer pad
partition power prod ptp rad2deg radians ravel real real_if_close reciprocal remainder repeat reshape rint roll
rollaxis rot90 round searchsorted select shape sign sin sinc sinh size sort split sqrt square squeeze stack std
subtract sum swapaxes tan tanh tensordot tile trace transpose tril triu true_divide trunc unwrap var vdot vsplit
vstack where zeros_like linalg.cholesky linalg.det linalg.eig linalg.eigh linalg.inv linalg.norm linalg.pinv
linalg.slogdet linalg.solve linalg.svd fft.fft fft.ifft fft.fft2 fft.ifft2 fft.fftn fft.ifftn fft.rfft fft.irfft
fft.rfft2 fft.irfft2 fft.rfftn fft.irfftn fft.fftshift fft.ifftshift
""".split()  # noqa: SIM905 - one name under the other would be pages

V, M, S, T = (4,), (2, 3), (3, 3), (2, 3, 4)


def elements(name: str, count: int) -> list[Call]:
    """A function of elements: operands of one shape, ones that broadcast, and numbers."""
    function = getattr(np, name)
    return [(function, (M, (3,), (2, 1))[:count]), (function, ((), ())[:count])]


UNARY = """abs absolute fabs negative positive sign floor ceil rint trunc fix sin cos tan sinh cosh tanh arctan arcsinh
exp exp2 expm1 cbrt square reciprocal sinc deg2rad rad2deg degrees radians isfinite isinf isnan isneginf isposinf
logical_not real real_if_close conj conjugate imag isreal iscomplex nan_to_num zeros_like ones_like copy""".split()  # noqa: SIM905
ABOVE = "sqrt log log2 log10 log1p".split()  # noqa: SIM905
INSIDE = "arccos arcsin arctanh".split()  # noqa: SIM905
BINARY = """add subtract multiply divide true_divide maximum minimum fmax fmin hypot arctan2 mod remainder fmod
floor_divide logaddexp logaddexp2 heaviside greater greater_equal less less_equal equal not_equal logical_and logical_or
logical_xor isclose""".split()  # noqa: SIM905
REDUCED = "sum mean prod max min amax amin var std ptp all any count_nonzero median".split()  # noqa: SIM905


def above(name: str) -> Callable[..., Any]:
    """A function of what is above 0."""
    return lambda x: getattr(np, name)(x * x + 0.5)


def inside(name: str) -> Callable[..., Any]:
    """A function of what is between -1 and 1."""
    return lambda x: getattr(np, name)(x * 0.3)


def reduced(function: Callable[..., Any]) -> list[Call]:
    """A reduction over every choice of axes."""
    return [
        (function, (M,)),
        (lambda x: function(x, axis=0), (M,)),
        (lambda x: function(x, axis=-1, keepdims=True), (T,)),
        (lambda x: function(x, axis=(0, 2)), (T,)),
        (lambda x: function(x, keepdims=True), (M,)),
    ]


CASES: dict[str, list[Call]] = {
    **{name: elements(name, 1) for name in UNARY},
    **{name: [(above(name), (M,))] for name in ABOVE},
    **{name: [(inside(name), (M,))] for name in INSIDE},
    **{name: elements(name, 2) for name in BINARY},
    **{name: reduced(getattr(np, name)) for name in REDUCED},
    "arccosh": [(lambda x: np.arccosh(x * x + 1.5), (M,))],
    "power": [(lambda x, y: np.power(x * x + 0.5, y), (M, (3,))), (lambda x: np.power(2.0, x), (M,))],
    "float_power": [(lambda x: np.float_power(x, 3), (M,))],
    "matmul": [(np.matmul, (M, (3, 2))), (np.matmul, (T, (4, 2))), (np.matmul, (V, V)), (np.matmul, (T, (2, 4, 1)))],
    "dot": [
        (np.dot, ((), M)),
        (np.dot, (V, V)),
        (np.dot, (M, (3,))),
        (np.dot, (T, (4,))),
        (np.dot, (T, (4, 2))),
        (np.dot, (M, (2, 3, 2))),
        (np.dot, ((3,), (2, 3, 2))),
        (np.dot, (T, (3, 4, 2))),
    ],
    "vdot": [(np.vdot, (M, (3, 2))), (np.vdot, (V, V))],
    "inner": [(np.inner, (V, V)), (np.inner, (M, (4, 3))), (np.inner, (T, (4,))), (np.inner, ((), M))],
    "outer": [(np.outer, (V, (3,))), (np.outer, (M, (2, 2))), (np.outer, ((), V))],
    "tensordot": [
        (np.tensordot, (T, (3, 4, 2))),
        (lambda x, y: np.tensordot(x, y, 1), (M, (3, 2))),
        (lambda x, y: np.tensordot(x, y, 0), (M, V)),
        (lambda x, y: np.tensordot(x, y, ([0, -1], [1, 0])), (T, (4, 2))),
        (lambda x, y: np.tensordot(x, y, (1, 0)), (T, (3, 2))),
    ],
    "kron": [(np.kron, (V, (3,))), (np.kron, (M, (2, 2))), (np.kron, (M, V)), (np.kron, (V, T)), (np.kron, ((), M))],
    "cross": [
        (np.cross, ((3,), (3,))),
        (np.cross, (M, (3,))),
        (lambda x, y: np.cross(x, y, axis=0), ((3, 2), (3, 2))),
        (lambda x, y: np.cross(x, y, axisa=0, axisc=0), ((3, 2), (2, 3))),
    ],
    "einsum": [(lambda x, y: np.einsum("ij,kj->ik", x, y), (M, (4, 3))), (lambda x: np.einsum("ii", x), (S,))],
    "convolve": [
        (lambda x, y, mode=mode: np.convolve(x, y, mode), shapes)
        for mode in ("full", "same", "valid")
        for shapes in (((5,), (3,)), ((3,), (5,)), ((4,), (4,)), ((5,), (2,)), ((1,), (3,)))
    ],
    "correlate": [
        (lambda x, y, mode=mode: np.correlate(x, y, mode), shapes)
        for mode in ("full", "same", "valid")
        for shapes in (((5,), (3,)), ((3,), (5,)), ((4,), (4,)), ((2,), (5,)), ((1,), (3,)))
    ],
    "argmax": [
        (np.argmax, (M,)),
        (lambda x: np.argmax(x, axis=1), (T,)),
        (lambda x: np.argmax(x, 0, keepdims=True), (M,)),
    ],
    "argmin": [(np.argmin, (M,)), (lambda x: np.argmin(x, axis=1), (T,))],
    "argsort": [
        (np.argsort, (V,)),
        (lambda x: np.argsort(x, axis=0), (T,)),
        (lambda x: np.argsort(x, axis=None), (M,)),
    ],
    "sort": [
        (np.sort, (V,)),
        (np.sort, (T,)),
        (lambda x: np.sort(x, axis=0), (T,)),
        (lambda x: np.sort(x, axis=None), (M,)),
    ],
    "quantile": [
        (lambda x, q=q: np.quantile(x, q), (shape,)) for q in (0, 0.3, 1, [0.1, 0.5]) for shape in (V, M, (1,), ())
    ]
    + [
        (lambda x: np.quantile(x, 0.3, axis=(0, -1)), (T,)),
        (lambda x: np.quantile(x, [0.3, 0.6], axis=1), (T,)),
        (lambda x: np.quantile(x, [0.3, 0.6], axis=(0, 2), keepdims=True), (T,)),
    ],
    "percentile": [(lambda x: np.percentile(x, 30, axis=1), (T,)), (lambda x: np.percentile(x, [5, 95]), (M,))],
    "average": [
        (np.average, (M,)),
        (lambda x, w: np.average(x, weights=w * w + 1), (M, M)),
        (lambda x, w: np.average(x, axis=1, weights=w * w + 1), (T, (3,))),
        (lambda x, w: np.average(x, axis=0, weights=w * w + 1, keepdims=True), (T, T)),
    ],
    "cumsum": [(np.cumsum, (M,)), (lambda x: np.cumsum(x, axis=1), (T,))],
    "cumprod": [(np.cumprod, (M,)), (lambda x: np.cumprod(x, axis=1), (T,)), (lambda x: np.cumprod(x, 0), ((1, 3),))],
    "diff": [
        (np.diff, (V,)),
        (lambda x: np.diff(x, 2, axis=1), (T,)),
        (lambda x: np.diff(x, 0), (V,)),
        (lambda x: np.diff(x, 5), (V,)),
    ],
    "ediff1d": [(np.ediff1d, (M,))],
    "gradient": [
        (np.gradient, (V,)),
        (np.gradient, ((3, 4),)),
        (lambda x: np.gradient(x, 0.5, axis=0), (T,)),
        (lambda x: np.gradient(x, 2.0, 3.0), ((3, 2),)),
    ],
    "trapezoid": [
        (np.trapezoid, (V,)),
        (lambda y: np.trapezoid(y, dx=0.5, axis=0), (T,)),
        (np.trapezoid, (V, V)),
        (lambda y, x: np.trapezoid(y, x, axis=1), (T, (3,))),
        (lambda y, x: np.trapezoid(y, x, axis=1), (T, T)),
    ],
    "linspace": [
        (lambda x, y: np.linspace(x, y, 5), ((), ())),
        (lambda x, y: np.linspace(x, y, 4, endpoint=False), (M, (3,))),
    ],
    "reshape": [(lambda x: np.reshape(x, (3, -1)), (M,)), (lambda x: np.reshape(x, 6), (M,))],
    "ravel": [(np.ravel, (T,))],
    "transpose": [(np.transpose, (T,)), (lambda x: np.transpose(x, (1, 2, 0)), (T,))],
    "swapaxes": [(lambda x: np.swapaxes(x, 0, -1), (T,))],
    "moveaxis": [
        (lambda x: np.moveaxis(x, 0, -1), (T,)),
        (lambda x: np.moveaxis(x, -1, 0), (T,)),
        (lambda x: np.moveaxis(x, [0, 1], [-1, 0]), (T,)),
        (lambda x: np.moveaxis(x, (2, 0), (0, 1)), (T,)),
    ],
    "rollaxis": [(lambda x, a=a, s=s: np.rollaxis(x, a, s), (T,)) for a in (0, 1, -1) for s in (0, 1, 2, 3, -1)],
    "expand_dims": [(lambda x: np.expand_dims(x, 0), (M,)), (lambda x: np.expand_dims(x, (0, -1)), (M,))],
    "squeeze": [(np.squeeze, ((1, 3, 1),)), (lambda x: np.squeeze(x, 0), ((1, 3, 1),))],
    "broadcast_to": [(lambda x: np.broadcast_to(x, (4, 2, 3)), (M,))],
    "broadcast_arrays": [(np.broadcast_arrays, (M, (2, 1))), (np.broadcast_arrays, (M,))],
    "meshgrid": [
        (np.meshgrid, (V, (3,))),
        (lambda x, y: np.meshgrid(x, y, indexing="ij"), (V, (3,))),
        (lambda x, y: np.meshgrid(x, y, sparse=True), (V, (3,))),
        (np.meshgrid, ((2,), (3,), (4,))),
        (np.meshgrid, (V,)),
    ],
    "flip": [(np.flip, (T,)), (lambda x: np.flip(x, 1), (T,)), (lambda x: np.flip(x, (0, 2)), (T,))],
    "flipud": [(np.flipud, (T,))],
    "fliplr": [(np.fliplr, (T,))],
    "rot90": [(lambda x, k=k: np.rot90(x, k), (T,)) for k in range(-1, 5)] + [(lambda x: np.rot90(x, 1, (2, 0)), (T,))],
    "angle": [(np.angle, (M,)), (lambda x: np.angle(x, deg=True), ((),))],
    "allclose": [(np.allclose, (M, (3,))), (lambda x: np.allclose(x, x + 1e-9), (V,)), (np.allclose, ((), M))],
    "array_equal": [(np.array_equal, (M, M)), (np.array_equal, (M, (3,))), (lambda x: np.array_equal(x, x), (V,))],
    "array_equiv": [
        (np.array_equiv, (M, (3,))),
        (np.array_equiv, (M, (2,))),
        (lambda x: np.array_equiv(x, x[None]), (V,)),
    ],
    "unwrap": [
        (lambda x: np.unwrap(5 * x), ((6,),)),
        (lambda x: np.unwrap(5 * x, axis=1), (T,)),
        (lambda x: np.unwrap(5 * x, period=3.0, axis=0), (T,)),
        (lambda x: np.unwrap(5 * x, 4.0), (M,)),
    ],
    **{
        f"fft.{shifted.__name__}": [
            (shifted, (T,)),
            (shifted, ((5,),)),
            (lambda x, shifted=shifted: shifted(x, axes=(0, -1)), (T,)),
            (lambda x, shifted=shifted: shifted(x, 1), (M,)),
        ]
        for shifted in (np.fft.fftshift, np.fft.ifftshift)
    },
    "roll": [
        (lambda x: np.roll(x, 1), (M,)),
        (lambda x: np.roll(x, -2, axis=1), (T,)),
        (lambda x: np.roll(x, 5, axis=0), (M,)),
        (lambda x: np.roll(x, (1, 2), axis=(0, 2)), (T,)),
        (lambda x: np.roll(x, 1, axis=(0, 1)), (T,)),
    ],
    "repeat": [
        (lambda x: np.repeat(x, 2), (M,)),
        (lambda x: np.repeat(x, 3, axis=1), (T,)),
        (lambda x: np.repeat(x, [0, 2, 1], axis=1), (M,)),
        (lambda x: np.repeat(x, [2, 1], axis=0), (M,)),
        (lambda x: np.repeat(x, 0, axis=0), (M,)),
        (lambda x: np.repeat(x, 2), ((),)),
    ],
    "tile": [
        (lambda x: np.tile(x, 2), (M,)),
        (lambda x: np.tile(x, (2, 1)), (M,)),
        (lambda x: np.tile(x, (2, 1, 3)), (M,)),
        (lambda x: np.tile(x, (2,)), (T,)),
        (lambda x: np.tile(x, 3), ((),)),
        (lambda x: np.tile(x, 0), (M,)),
    ],
    "tril": [(lambda x, k=k: np.tril(x, k), (shape,)) for k in (-1, 0, 1) for shape in (M, T, (3,))],
    "triu": [(lambda x, k=k: np.triu(x, k), (shape,)) for k in (-1, 0, 1) for shape in (M, T, (3,))],
    "pad": [(lambda x: np.pad(x, 1), (M,)), (lambda x: np.pad(x, ((1, 0), (0, 2)), constant_values=3.0), (M,))]
    + [
        (lambda x, mode=mode: np.pad(x, ((1, 1), (0, 2)), mode), ((3, 3),))
        for mode in ("edge", "reflect", "symmetric", "wrap")
    ],
    "take": [(lambda x: np.take(x, [2, 0, 2], axis=1), (M,)), (lambda x: np.take(x, [[5, 0]]), (M,))],
    "take_along_axis": [
        (lambda x: np.take_along_axis(x, np.array([[2, 0], [1, -1]]), 1), (M,)),
        (lambda x: np.take_along_axis(x, np.array([[0, 1, 1]]), 0), (M,)),
        (lambda x: np.take_along_axis(x, np.array([5, 0]), None), (M,)),
    ],
    "compress": [(lambda x: np.compress([True, False, True], x, axis=1), (M,))],
    "diagonal": [
        (lambda x, k=k: np.diagonal(x, k), (shape,)) for k in (-1, 0, 1, 5) for shape in (M, S, (2, 2, 2), (2, 2, 3))
    ]
    + [(lambda x: np.diagonal(x, 0, 0, 2), ((2, 3, 2),)), (lambda x: np.diagonal(x, 1, 2, 1), (T,))],
    "trace": [(lambda x, k=k: np.trace(x, k), (shape,)) for k in (-1, 0, 1) for shape in (M, S, (2, 2, 2), (2, 2, 3))]
    + [(lambda x: np.trace(x, 0, 1, 2), ((2, 3, 3),))],
    "diag": [(lambda x, k=k: np.diag(x, k), (shape,)) for k in (-2, 0, 1) for shape in (V, M)],
    "diagflat": [(np.diagflat, (M,))],
    "atleast_1d": [(np.atleast_1d, (s,)) for s in ((), V)] + [(np.atleast_1d, ((), M))],
    "atleast_2d": [(np.atleast_2d, (s,)) for s in ((), V, M)],
    "atleast_3d": [(np.atleast_3d, (s,)) for s in ((), V, M, T)],
    "concatenate": [
        (lambda x, y: np.concatenate([x, y]), (M, (1, 3))),
        (lambda x, y: np.concatenate((x, y), axis=-1), (M, (2, 1))),
        (lambda x, y: np.concatenate([x, y], axis=None), (M, V)),
        (lambda x: np.concatenate([np.ones((1, 3)), x]), (M,)),
    ],
    "append": [(np.append, (M, V)), (lambda x, y: np.append(x, y, axis=0), (M, (1, 3)))],
    "stack": [(lambda x, y: np.stack([x, y], axis=-1), (M, M))],
    "vstack": [(lambda x, y: np.vstack([x, y]), (M, (3,))), (lambda x, y: np.vstack([x, y]), ((), ()))],
    "hstack": [(lambda x, y: np.hstack([x, y]), (M, (2, 1))), (lambda x, y: np.hstack([x, y]), ((), V))],
    "dstack": [(lambda x, y: np.dstack([x, y]), (shape, shape)) for shape in ((), V, M, T)],
    "column_stack": [(lambda x, y: np.column_stack([x, y]), (shape, M)) for shape in ((2,), M)],
    "split": [
        (lambda x: np.split(x, 3, axis=1), (M,)),
        (lambda x: np.split(x, [1, -1]), (V,)),
        (lambda x: np.split(x, [1, 9]), (V,)),
    ],
    "array_split": [(lambda x, n=n: np.array_split(x, n), (V,)) for n in (1, 3, 4, 6)]
    + [(lambda x: np.array_split(x, [1], 1), (M,))],
    "vsplit": [(lambda x: np.vsplit(x, 2), (M,))],
    "hsplit": [(lambda x: np.hsplit(x, 3), (M,)), (lambda x: np.hsplit(x, 2), (V,))],
    "dsplit": [(lambda x: np.dsplit(x, [1]), (T,))],
    "where": [(lambda x, y: np.where(x > 0, x, y), (M, (3,)))],
    "select": [
        (lambda x: np.select([x > 1, x > 0], [x * x, -x]), (M,)),
        (lambda x: np.select([x > 1], [x], 7.0), (M,)),
    ],
    "clip": [
        (lambda x: np.clip(x, -1, 1), (M,)),
        (lambda x, y: np.clip(x, y - 3, None), (M, M)),
        (lambda x: np.clip(x, max=0.5), (M,)),
    ],
    "round": [(np.round, (M,)), (lambda x: np.round(x, 1), (M,)), (lambda x: np.round(x * 100, -1), (M,))],
    "around": [(np.around, (M,))],
    "full_like": [(lambda x: np.full_like(x, 3.0), (M,)), (lambda x, y: x * np.full_like(x, 2.5) + y, (M, (3,)))],
    "shape": [(lambda x: x * np.shape(x)[1], (M,))],
    "ndim": [(lambda x: x * np.ndim(x), (M,))],
    "size": [(lambda x: x * np.size(x) + np.size(x, 1), (M,))],
    "iscomplexobj": [(lambda x: x * np.iscomplexobj(x), (M,))],
    "isrealobj": [(lambda x: x * np.isrealobj(x), (M,))],
    "vecdot": [(np.vecdot, (M, M))],
    "matrix_transpose": [(np.matrix_transpose, (T,))],
    "unstack": [(np.unstack, (M,)), (lambda x: np.unstack(x, axis=1), (M,))],
    "linalg.norm": [(np.linalg.norm, (s,)) for s in (V, M, T)]
    + [(lambda x, p=p: np.linalg.norm(x, p), (V,)) for p in (None, 1, 2, 3, 0.5, 0, np.inf, -np.inf)]
    + [(lambda x, p=p: np.linalg.norm(x, p), (M,)) for p in ("fro", 1, -1, np.inf, -np.inf)]
    + [
        (lambda x: np.linalg.norm(x, 1, axis=(2, 0), keepdims=True), (T,)),
        (lambda x: np.linalg.norm(x, np.inf, axis=(0, 2)), (T,)),
        (lambda x: np.linalg.norm(x, 3, axis=1, keepdims=True), (T,)),
        (lambda x: np.linalg.norm(x, axis=1), (M,)),
    ],
    "linalg.det": [(np.linalg.det, (S,)), (np.linalg.det, ((2, 2, 2),))],
    "linalg.slogdet": [(np.linalg.slogdet, (S,)), (np.linalg.slogdet, ((2, 2, 2),))],
    "linalg.inv": [(lambda x: np.linalg.inv(x + 4 * np.eye(3)), (S,))],
    "linalg.solve": [
        (lambda x, y: np.linalg.solve(x + 4 * np.eye(3), y), (S, (3,))),
        (lambda x, y: np.linalg.solve(x + 4 * np.eye(3), y), (S, (3, 2))),
    ],
    "linalg.matrix_power": [
        (lambda x, n=n: np.linalg.matrix_power(x + 3 * np.eye(3), n), (S,)) for n in (-2, 0, 1, 2, 5)
    ],
    "linalg.multi_dot": [
        (lambda x, y, z: np.linalg.multi_dot([x, y, z]), (M, (3, 4), (4, 2))),
        (lambda x, y: np.linalg.multi_dot([x, y]), (V, (4, 2))),
    ],
}
