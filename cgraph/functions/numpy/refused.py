"""NumPy's functions that do not work on nodes, and what to write instead."""

from __future__ import annotations

from typing import Any

import numpy as np

_PLACES = "it depends on values which and how many there are; choose with np.where, or index with an array"
_COMPLEX = "nodes are real numbers"
_NAN = "choose first: np.where(np.isnan(x), 0.0, x)"
_VALUES = "compute values first: cg.forward(node, ...)"

_ALIKE: dict[str, tuple[str, ...]] = {  # what to write instead of any of these
    _PLACES: ("nonzero", "flatnonzero", "argwhere", "unique", "extract", "searchsorted", "digitize", "histogram"),
    _COMPLEX: (
        "sort_complex",
        *(f"fft.{kind}{name}" for kind in ("", "i", "r", "ir") for name in ("fft", "fft2", "fftn")),
    ),
    _NAN: tuple(name for name in dir(np) if name.startswith("nan") and name not in ("nan", "nan_to_num")),
    _VALUES: (
        *(f"linalg.{name}" for name in ("svd", "svdvals", "qr", "eig", "eigh", "eigvals", "eigvalsh", "cholesky")),
        "linalg.matrix_rank", "linalg.cond", "frexp", "bincount",
    ),
}  # fmt: skip
REFUSED: dict[str, str] = {
    **{f"numpy.{name}": fix for fix, names in _ALIKE.items() for name in names},
    "numpy.linalg.pinv": "write np.linalg.solve(x.T @ x, x.T)",
    "numpy.linalg.lstsq": "write np.linalg.solve(x.T @ x, x.T @ y)",
    "numpy.linalg.tensorinv": "reshape to a matrix, and write np.linalg.inv(x)",
    "numpy.linalg.tensorsolve": "reshape to a matrix, and write np.linalg.solve(x, y)",
    "numpy.partition": "write np.sort(x)",
    "numpy.argpartition": "write np.argsort(x)",
    "numpy.choose": "write np.select, or np.where",
    "numpy.piecewise": "write np.select, or np.where",
    "numpy.interp": "write the line of each piece, and choose with np.select",
    "numpy.divmod": "write np.floor_divide(x, y) and np.mod(x, y)",
    "numpy.modf": "write np.trunc(x) and x - np.trunc(x)",
    "numpy.ldexp": "write x * 2.0**n",
    "numpy.copysign": "write np.abs(x) * np.sign(y)",
    "numpy.signbit": "write x < 0",
    "numpy.insert": "write np.concatenate of the parts",
    "numpy.delete": "write x[[0, 2]] with those that stay",
    "numpy.block": "write np.concatenate, row by row",
    "numpy.resize": "write np.tile, then np.reshape",
    "numpy.empty_like": "write np.zeros_like(x)",
    "numpy.cov": "write it with np.mean and @",
    "numpy.corrcoef": "write it with np.mean, np.std and @",
    "numpy.copyto": "nodes are frozen; write np.where",
    "numpy.put": "nodes are frozen; write np.where, or cg.index_add",
    "numpy.put_along_axis": "nodes are frozen; write np.where, or cg.index_add",
    "numpy.fill_diagonal": "nodes are frozen; write np.where",
    "numpy.apply_along_axis": "functions of nodes take an axis",
    "numpy.astype": "a pass has one type for all: cg.worlds.NumpyWorld('float32')",
}


def called(function: Any) -> str:
    """What a function of NumPy is called: `numpy.linalg.inv`."""
    module = getattr(function, "__module__", None) or "numpy"
    inner = next((part for part in ("linalg", "fft") if f".{part}" in module), "")
    return f"numpy.{inner}{'.' if inner else ''}{function.__name__}"
