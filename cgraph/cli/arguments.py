"""What the commands share: how they are declared, how their values are read, where their files go."""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np

from cgraph.errors import (
    CgraphError,
    ContrastWarning,
    FormulaError,
    OutputError,
    ShapeError,
    ValueRefusedError,
    did_you_mean,
)
from cgraph.graph.graph import Graph
from cgraph.graph.parse import computing, parse

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


MINUS = str.maketrans("−–", "--")  # as they are pasted


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all of ours."""

    def error(self, message: str) -> NoReturn:
        help_ = f"{self.prog} --help shows how to call it"
        wrong = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if wrong is not None:
            help_ = did_you_mean(wrong[1], re.findall(r"[\w.-]+", wrong[2]), help_)
        raise CgraphError(message, fix=help_)

    def unknown(self, arguments: list[str]) -> NoReturn:
        """The error of arguments that there are not: it names the option that is nearest."""
        first = next((text for text in arguments if text.startswith("-")), "").partition("=")[0]
        fix = did_you_mean(first, self._option_string_actions, f"{self.prog} --help shows how to call it")
        raise CgraphError(f"unrecognized arguments: {' '.join(arguments)}", fix=fix)


def read(formula: str, written: list[str]) -> tuple[Graph, dict[str, Any]]:
    """A formula as a graph, and its values by name; the shapes of arrays among them become the leaves' shapes."""
    values = dict(value(text) for text in written)
    try:
        shapes = {n: v.shape for n, v in values.items() if v.shape} if values else None
        return computing(parse(formula, shapes)), values
    except ShapeError as error:
        fix = error.fix if values else "give values, such as x=[[1,2]]: what has none is a single number"
        raise ShapeError(error.what, where=error.where, why=error.why, fix=fix) from None


def pair(text: str) -> tuple[str, str]:
    """`a=weight` as a name and what it is given."""
    name, equals, written = text.partition("=")
    if not equals or not name.strip():
        raise ValueRefusedError(f"{text!r} gives no node anything", fix="write NODE=..., such as a=weight")
    return name.strip(), written


def theme(options: argparse.Namespace) -> Any:
    """The theme of the options: by its name, or the colours of a file over those of that name."""
    if options.palette is None:
        return options.theme
    try:
        colours = json.loads(Path(options.palette).read_text("utf-8"))
    except OSError as error:
        raise ValueRefusedError(
            f"the palette {options.palette} cannot be read",
            why=error.strerror or str(error),
            fix="name a file of JSON",
        ) from None
    except (ValueError, RecursionError) as error:
        raise ValueRefusedError(
            f"the palette {options.palette} is no JSON",
            why=str(error),
            fix='write {"forward": "#004488"}, with the names of viz.ink.themes.Theme',
        ) from None
    return {"base": options.theme, **colours} if isinstance(colours, dict) else colours


@contextmanager
def hints() -> Iterator[None]:
    """What a picture warns of its colours as lines of the command, without a traceback's look."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ContrastWarning)
        shown = warnings.showwarning

        def show(message: Any, category: Any, *where: Any, **other: Any) -> None:
            if issubclass(category, ContrastWarning):
                print(f"cgraph: {message}", file=sys.stderr)
            else:
                shown(message, category, *where, **other)

        warnings.showwarning = show
        yield


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
