"""What stands in the brackets of `x[1:, ids]`, as a value: frozen, hashable, checked against a shape."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from cgraph.errors import ShapeError
from cgraph.shapes import Dimension, Shape, is_integer, show

Part: TypeAlias = Any  # an integer, a slice, None for a new axis, Ellipsis, or an array of ids


class Key:
    """An index: integers (negative ones count from the end), slices, None, `...` and arrays of ids from 0 up.

    >>> Key.of((slice(1, None), [2, 0])).on((3, 4)).shape((3, 4))
    (2, 2)
    """

    __slots__ = ("parts",)

    parts: tuple[Part, ...]

    def __init__(self, parts: tuple[Part, ...]) -> None:
        object.__setattr__(self, "parts", parts)

    @classmethod
    def of(cls, key: Any) -> Key:
        """A key from what a user writes in brackets; masks of truth values become the ids where they are true."""
        if isinstance(key, Key):
            return key
        parts: list[Part] = []
        for part in key if isinstance(key, tuple) else (key,):
            parts += _read(part)
        if sum(p is Ellipsis for p in parts) > 1:
            raise ShapeError("an index with two `...`", why="one at most says which axes are left out")
        return cls(tuple(parts))

    def on(self, shape: Shape) -> Key:
        """This key with `...` written out and its integers from 0 up, for an operand of this shape."""
        used = sum(p is not None and p is not Ellipsis for p in self.parts)
        if used > len(shape):
            raise ShapeError(f"x{self} of {show(shape)}", why=f"{used} indices for {len(shape)} dimension(s)")
        parts: list[Part] = []
        for part in self.parts:
            parts += [slice(None)] * (len(shape) - used) if part is Ellipsis else [part]
        axis = 0
        for place, part in enumerate(parts):
            if part is not None:
                parts[place] = _fitted(part, shape[axis], axis)
                axis += 1
        return Key(tuple(parts))

    def shape(self, shape: Shape) -> Shape:
        """The shape of `x[key]`, by NumPy's rule, for a key that is written out."""
        arrays = self.repeats
        picked = np.broadcast_shapes(*self._array_shapes()) if arrays else ()
        result: list[Dimension] = []
        places, axis = [], 0
        for place, part in enumerate(self.parts):
            if isinstance(part, np.ndarray) or (arrays and isinstance(part, int)):
                places.append((place, len(result)))
            elif part is None:
                result.append(1)
            elif isinstance(part, slice):
                result.append(_length(part, shape[axis]))
            axis += part is not None
        if places:
            together = places[-1][0] - places[0][0] == len(places) - 1
            start = places[0][1] if together else 0
            result[start:start] = picked
        return (*result, *shape[axis:])

    def _array_shapes(self) -> list[tuple[int, ...]]:
        found = [p.shape for p in self.parts if isinstance(p, np.ndarray)]
        try:
            np.broadcast_shapes(*found)
        except ValueError:
            raise ShapeError(f"x{self}", why=f"ids of the shapes {', '.join(map(show, found))} do not fit") from None
        return found

    @property
    def repeats(self) -> bool:
        """Whether it has arrays of ids, so that an element may be picked more than once."""
        return any(isinstance(p, np.ndarray) for p in self.parts)

    @property
    def form(self) -> tuple[Any, ...]:
        """The key as plain values that can be compared."""
        return tuple(
            (p.shape, *p.flat) if isinstance(p, np.ndarray)
            else ("slice", p.start, p.stop, p.step) if isinstance(p, slice) else p
            for p in self.parts
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.form == other.form

    def __hash__(self) -> int:
        return hash(self.form)

    def __reduce__(self) -> Any:
        return Key, (self.parts,)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("keys are frozen")

    def __repr__(self) -> str:
        return f"[{', '.join(map(_text, self.parts))}]"


def _read(part: Any) -> list[Part]:
    if part is None or part is Ellipsis:
        return [part]
    if isinstance(part, slice):
        ends = (part.start, part.stop, part.step)
        if all(e is None or is_integer(e) for e in ends):
            if part.step == 0:
                raise ShapeError("a slice with step 0")
            return [slice(*(None if e is None else int(e) for e in ends))]
    elif is_integer(part):
        return [int(part)]
    elif isinstance(part, (list, tuple, np.ndarray)):
        try:
            array = np.array(part)
        except ValueError:
            array = np.array("ragged")
        if array.size == 0 and array.dtype.kind == "f":
            array = array.astype(np.intp)
        if array.dtype.kind == "b" and array.ndim:
            return [_frozen(ids) for ids in np.nonzero(array)]
        if array.dtype.kind in "iu":
            return [_frozen(array.astype(np.intp))] if array.ndim else [int(array)]
    raise ShapeError(
        f"an index of the kind {type(part).__name__}",
        why="an index is an integer, a slice, None, `...`, or an array of integers",
        fix="for ids that are a node use cg.take(x, ids)",
    )


def _frozen(array: Any) -> Any:
    array.flags.writeable = False
    return array


def _fitted(part: Part, size: Dimension, axis: int) -> Part:
    """A part checked against the size of its axis; a named size is checked when the values come."""
    if isinstance(part, slice):
        _length(part, size)
        return part
    if isinstance(part, int):
        if isinstance(size, str):
            return part
        if not -size <= part < size:
            raise ShapeError(f"index {part} is not there", why=f"axis {axis} has the size {size}")
        return part % size
    bad = (part < 0) | (part >= size) if isinstance(size, int) else part < 0
    if bad.any():
        place = tuple(map(int, np.argwhere(bad)[0]))
        raise ShapeError(
            f"id {part[place]} at position {place}",
            why=f"axis {axis} has V = {size} rows, with the ids from 0 up",
            fix="ids in an array do not count from the end",
        )
    return part


def _length(part: slice, size: Dimension) -> Dimension:
    if isinstance(size, int):
        return len(range(*part.indices(size)))
    forwards = part.start in (None, 0) and part.step in (None, 1)
    if part.stop is None and (forwards or (part.start is None and part.step == -1)):
        return size
    raise ShapeError(
        f"the slice [{_text(part)}] of the named dimension {size!r}",
        why="its length would have no name",
        fix="declare the variable with a size that is a number, or pick rows by ids: x[[0, 1]]",
    )


def _text(part: Part) -> str:
    if isinstance(part, slice):
        ends = ["" if e is None else str(e) for e in (part.start, part.stop)]
        return ":".join([*ends, *([] if part.step is None else [str(part.step)])])
    return "..." if part is Ellipsis else " ".join(str(part).split())
