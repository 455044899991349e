"""The OpenBLAS that NumPy itself has loaded: one library, one pool of threads."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")
ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112


class Blas(NamedTuple):
    """The products of a library for each floating-point type, and how many threads they use."""

    library: Any
    gemm: dict[str, Any]
    gemv: dict[str, Any]

    @property
    def threads(self) -> int:
        """The number of threads now."""
        return self.library.scipy_openblas_get_num_threads64_()  # type: ignore[no-any-return]  # int() is a call

    def set_threads(self, number: int) -> None:
        """Use this many threads, in the whole process."""
        self.library.scipy_openblas_set_num_threads64_(number)


@cache
def blas() -> Blas | None:
    """NumPy's library, or None where NumPy was built with another one."""
    folder = Path(np.__file__).parent
    for path in sorted([*(folder.parent / "numpy.libs").glob("*openblas64*"), *(folder / ".dylibs").glob("*blas64*")]):
        try:
            library = ctypes.CDLL(str(path))
            kinds = {"float32": "s", "float64": "d"}
            gemm = {dtype: getattr(library, f"scipy_cblas_{k}gemm64_") for dtype, k in kinds.items()}
            gemv = {dtype: getattr(library, f"scipy_cblas_{k}gemv64_") for dtype, k in kinds.items()}
            library.scipy_openblas_get_num_threads64_.restype = ctypes.c_int
            library.scipy_openblas_set_num_threads64_.argtypes = [ctypes.c_int]
        except (OSError, AttributeError):
            continue
        return Blas(library, gemm, gemv)
    return None


def with_threads(number: int, run: Callable[[], T]) -> T:
    """What a function gives while products use this many threads; then they use as many as before."""
    library = blas()
    if library is None or library.threads == number:
        return run()
    before = library.threads
    library.set_threads(number)
    try:
        return run()
    finally:
        library.set_threads(before)


def address(function: Any) -> int:
    """Where a function of a library begins."""
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


def leading(array: Any) -> tuple[int, int] | None:
    """How BLAS reads a matrix: as it is or transposed, and the step from row to row; None when it cannot."""
    rows, columns = array.shape
    down, across = (s // array.itemsize for s in array.strides)
    if (across == 1 or columns == 1) and (down >= max(columns, 1) or rows == 1):
        return AS_IT_IS, max(down if rows > 1 else columns, columns, 1)
    if (down == 1 or rows == 1) and (across >= max(rows, 1) or columns == 1):
        return TRANSPOSED, max(across if columns > 1 else rows, rows, 1)
    return None


def accumulate(x: Any, y: Any, target: Any, factor: float) -> Any:
    """A call without arguments that does target += factor·(x @ y) in place; None where BLAS cannot."""
    library = blas()
    left, right = leading(x), leading(y)
    if library is None or left is None or right is None or not min(*x.shape, *y.shape) or not target.flags.c_contiguous:
        return None
    number = ctypes.c_float if target.dtype == np.float32 else ctypes.c_double
    long, word, pointer = ctypes.c_int64, ctypes.c_int, ctypes.c_void_p
    (m, k), n = x.shape, y.shape[1]
    gemm = library.gemm[target.dtype.name]
    arguments = (
        *(word(ROW_MAJOR), word(left[0]), word(right[0]), long(m), long(n), long(k), number(factor)),
        *(pointer(x.ctypes.data), long(left[1]), pointer(y.ctypes.data), long(right[1])),
        *(number(1.0), pointer(target.ctypes.data), long(n)),
    )
    keep = (x, y, target)  # the memory must live as long as the call can be made

    def product(gemm: Any = gemm, arguments: Any = arguments, keep: Any = keep) -> None:
        gemm(*arguments)

    return product
