"""Steps that differ only in where their numbers are, as one function that is called for each of them.

A recurrent net over 64 steps of time has each step of its cell 64 times. Written out, compilers take 8 s for such a
GRU, and that without optimising loops; with functions they take 0.6 s, and a call is a sixth quicker. Where each call
of a function finds its numbers stands in a table, which the program is handed when it runs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from cgraph.compile.c.writer import Writer
from cgraph.quoting import c_comment

LONG = 400  # lines, for which compilers take a quarter of a second: a shorter program is left as it is
MANY = 4  # steps: fewer stay where they are
NAME = re.compile(r"\b([stv])(\d+)(?:_(\d+))?\b")  # a place, a table, or a number in a loop
DOUBT = "bad"


class Body(NamedTuple):
    """A step in names that depend on their order alone, and the places (storage, offset) of its pointers."""

    text: str
    places: tuple[tuple[int, int], ...]


def with_repeated(w: Writer) -> tuple[str, list[str]]:
    """Functions for the steps that come again, and the lines of the program, with loops that call these.

    The writer's `table` gets a row for each call: its length, the function's number, and where its numbers are.
    """
    written = [step for step in w.steps if step]
    if not w.library or sum(map(len, written)) <= LONG:
        return "", list(chain(*written))
    steps = [standard(lines) for lines in written]
    alike = defaultdict[str, list[int]](list)
    for i, step in enumerate(steps):
        alike[step.text].append(i)
    number = {text: k for k, text in enumerate(text for text, found in alike.items() if len(found) >= MANY)}
    functions = [_function(w, k, text, written[alike[text][0]], len(alike[text])) for text, k in number.items()]
    if not functions:
        return "", list(chain(*written))
    lines = list[str]()
    for again, numbers in groupby(range(len(steps)), lambda i: steps[i].text in number):
        if again:
            lines += _calls(w, [steps[i] for i in numbers], number)
        else:
            lines += chain(*(written[i] for i in numbers))
    names = ", ".join(f"step{k}" for k in range(len(functions)))
    kinds = f"static int (*const steps[])(void **, const long *) = {{{names}}};"
    return "\n".join([*functions, kinds]), lines


def standard(lines: Sequence[str]) -> Body:
    """A step in names of its own."""
    names: dict[str, str] = {}
    places: list[tuple[int, int]] = []

    def named(found: re.Match[str]) -> str:
        kind, storage, offset = found.groups()
        name = names.get(found[0])
        if name is None:
            if kind == "s":
                places.append((int(storage), int(offset or 0)))
            name = names[found[0]] = f"{kind}{len(names)}"
        return name

    text = "\n".join(line for line in lines if not line.startswith("    /*"))
    return Body(NAME.sub(named, text), tuple(places))


def _function(w: Writer, number: int, text: str, first: Sequence[str], count: int) -> str:
    """The function of a step that comes again."""
    pointers = dict.fromkeys(found[0] for found in NAME.finditer(text) if found[1] == "s")
    return "\n".join(
        [
            c_comment(f"{count} times, first as:"),
            *(line for line in first if line.startswith("    /*")),
            f"static int step{number}(void **p, const long *at) {{",
            *(f"    T *{s} = (T *)p[at[{2 * i}]] + at[{2 * i + 1}];" for i, s in enumerate(pointers)),
            *_locals(w, text),
            text,
            *closing(text),
        ]
    )


def _calls(w: Writer, steps: Sequence[Body], number: Mapping[str, int]) -> list[str]:
    """The loop that calls the functions of some steps, one after the other, whose rows the table gets."""
    begin = len(w.table)
    for step in steps:
        row = [number[step.text], *chain(*(_address(w, *place) for place in step.places))]
        w.table += [len(row) + 1, *row]
    return [
        f"    for (const long *at = rows + {begin}; at < rows + {len(w.table)}; at += *at) {{",
        "        const int code = steps[at[1]](p, at + 2);",
        "        if (code & 1) return 1;",
        *([f"        {DOUBT} |= code;"] if w.doubts else []),
        "    }",
    ]


def _address(w: Writer, storage: int, offset: int) -> tuple[int, int]:
    """Which address of those that a program is given a place is behind, and how many elements."""
    begin = w.plan.offsets.get(storage)
    return (w.pointers.index(storage) + 2, offset) if begin is None else (0, begin + offset)


# How functions begin and end ------------------------------------------------------------------------------------------
def opening(w: Writer, code: str) -> list[str]:
    """What the lines of a program use: the addresses of places, where products are computed, where doubts are kept."""
    used = {(int(s), int(offset or 0)) for kind, s, offset in NAME.findall(code) if kind == "s"}
    lines = []
    for storage, offset in sorted(used, key=lambda place: (_address(w, place[0], 0)[0] == 0, *place)):
        index, begin = _address(w, storage, offset)
        name = f"s{storage}_{offset}" if offset else f"s{storage}"
        about = f" {c_comment(w.name(storage))}" if index else ""
        lines.append(f"    T *{name} = (T *)p[{index}]{f' + {begin}' if begin or not index else ''};{about}")
    table = [f"    const long *rows = (const long *)p[{len(w.pointers) + 2}];"] if w.table else []
    return [*lines, *table, *_locals(w, code)]


def _locals(w: Writer, code: str) -> list[str]:
    gemm = ["    gemm_t gemm = (gemm_t)p[1];"] if "gemm(" in code else []
    # an integer as wide as the numbers are, so that comparisons of vectors of these need not be narrowed
    truth = "int" if w.plan.lowered.dtype.itemsize == 4 else "long"
    return [*gemm, *([f"    {truth} {DOUBT} = 0;"] if f"{DOUBT} |=" in code else [])]


def closing(code: str) -> list[str]:
    """What a function gives back: 2 when 0 met ∞."""
    return [f"    return {DOUBT} ? 2 : 0;" if f"{DOUBT} |=" in code else "    return 0;", "}"]
