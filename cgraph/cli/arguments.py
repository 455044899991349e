"""What the commands share: how they are declared, how their values are read, where their files go."""

from __future__ import annotations

import argparse
import ast
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np

from cgraph.errors import CgraphError, FormulaError, OutputError, ShapeError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.parse import computing, parse

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


MINUS = str.maketrans("−–", "--")  # as they are pasted


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all of ours."""

    def error(self, message: str) -> NoReturn:
        raise CgraphError(message, fix=f"{self.prog} --help shows how to call it")


def read(formula: str, written: list[str]) -> tuple[Graph, dict[str, Any]]:
    """A formula as a graph, and its values by name; the shapes of arrays among them become the leaves' shapes."""
    values = dict(value(text) for text in written)
    try:
        shapes = {n: v.shape for n, v in values.items() if v.shape} if values else None
        return computing(parse(formula, shapes)), values
    except ShapeError as error:
        fix = error.fix if values else "give values, such as x=[[1,2]]: what has none is a single number"
        raise ShapeError(error.what, where=error.where, why=error.why, fix=fix) from None


def value(text: str) -> tuple[str, Any]:
    """`a=3`, `b=1/2`, `x=[1,2]` as a name and an array."""
    name, equals, written = text.partition("=")
    if not equals or not name.strip():
        raise FormulaError(f"{text!r} is no value", fix="write name=value, such as a=3")
    written = written.translate(MINUS)
    if re.fullmatch(r"\s*[+-]?\d+,\d+\s*", written):
        whole, part = written.strip().split(",")
        raise ValueRefusedError(
            f"{name} is given {written.strip()!r}",
            why="that may be a number with a decimal comma, or an array of two",
            fix=f"write {name}={whole}.{part} or {name}=[{whole},{part}]",
        )
    try:
        try:
            value: Any = float(Fraction(written.strip()))
        except ValueError:
            value = ast.literal_eval(written.strip())
        array = np.asarray(value, dtype=float)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, ArithmeticError):
        raise ValueRefusedError(
            f"{name} is given {written[:40]!r}",
            why="that is no number and no array",
            fix=f"write {name}=3 or {name}=[1,2]",
        ) from None
    return name.strip(), array


def folder(path: str) -> Path:
    """The folder of this path, made when it is not there."""
    made = Path(path)
    try:
        made.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {path} cannot be made", why=error.strerror or str(error), fix="choose another"
        ) from None
    return made
