"""A trained net as one C file that needs the C library alone, with a `main` that classifies standard input."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from cgraph.compile.c import native
from cgraph.compile.c.emit import source
from cgraph.compile.c.writer import UnsupportedError, Writer
from cgraph.compile.lowering.lower import lower
from cgraph.compile.task import task_of
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.answers import middle
from cgraph.graph.graph import Graph
from cgraph.graph.node import VARIABLE, Node
from cgraph.quoting import c_comment
from cgraph.rewriting.simplify import simplify
from cgraph.shapes import show

MAIN = r"""
/* Reads a number of the line, `after` others: 1 when there is one, 0 at the end, -1 for what is no finite number. */
static int number(double *value, int *c, int after) {{
    char text[{longest}], *end;
    int n = 0, marks = 0;
    while (*c == ' ' || *c == '\t' || *c == '\r' || *c == ',' || *c == ';') {{
        marks += *c == ',' || *c == ';';
        *c = getchar();
    }}
    if (marks > after) return -1;
    if (*c == '\n' || *c == EOF) return marks ? -1 : 0;
    while (*c != ' ' && *c != '\t' && *c != '\r' && *c != ',' && *c != ';' && *c != '\n' && *c != EOF) {{
        if (n == (int)sizeof text - 1) return -1;
        text[n++] = (char)*c;
        *c = getchar();
    }}
    text[n] = 0;
    *value = strtod(text, &end);
    return end == text + n && n && *value - *value == 0 ? 1 : -1;
}}

/* Reads an example of {inputs} numbers a line, between blanks, commas or semicolons, and prints {what} of each. */
int main(void) {{
    static T x[{inputs}];
    void *p[] = {{{pointers}}};
    const T *scores = buffer + {offset};
    int c = getchar();
    for (long line = 1; c != EOF; line++) {{
        double value;
        int count = 0, found;
        while ((found = number(&value, &c, count > 0)) == 1) {{
            if (count < {inputs}) x[count] = (T)value;
            count++;
        }}
        if (found < 0) {{
            fprintf(stderr, "line %ld: number %d is missing or is no finite number\n", line, count + 1);
            return 2;
        }}
        if (c == '\n') c = getchar();
        if (count == 0) continue;
        if (count != {inputs}) {{
            fprintf(stderr, "line %ld: it has %d numbers, and an example has {inputs}\n", line, count);
            return 2;
        }}
        if (cgraph_step(p)) {{
            fprintf(stderr, "line %ld: a value was refused\n", line);
            return 2;
        }}
        {answer}
    }}
    return 0;
}}
"""
LONGEST = 512  # characters of one number
ONE = "int best = scores[0] > (T){middle};"
SEVERAL = """int best = 0;
        for (int k = 1; k < {outputs}; k++) if (scores[k * {step}] > scores[best * {step}]) best = k;"""
CLASS, END = 'printf("%d", best);', """printf("\\n");"""
OUTPUTS = 'for (int k = 0; k < {outputs}; k++) printf("{before}%.{digits}g", (double)scores[k * {step}]);'
WRITES = {"classes": "the class", "scores": "the class and the outputs", "numbers": "the outputs"}


def to_c(output: Node, dtype: str = "float64", writes: str = "classes") -> str:
    """A C program that computes `output` [m×k] of one variable [m×d], an example a line, and prints what it says.

    `writes` is "classes" (the number of the largest output; with one column, 1 above 0 for a logit and above 0.5 for a
    probability, as the ops that made it say), "scores" (the class and then the outputs) or "numbers" (the outputs).
    Parameters and constants are arrays in the file; `cc -O3 model.c -lm` is all that it takes.
    Raises ValueRefusedError for an op that is not written in C, ShapeError when it is not one row to one row.

    >>> from cgraph.graph.node import parameter, variable
    >>> text = to_c(variable("X", ("m", 2)) @ parameter("W", [[1.0], [-1.0]]))
    >>> "int main(void)" in text, "1.0, -1.0" in text
    (True, True)
    """
    if writes not in WRITES:
        raise ValueRefusedError(f"writes={writes!r}", fix=f"choose one of {', '.join(WRITES)}")
    graph = Graph(output)
    variables = [n for n in graph.inputs if n.kind == VARIABLE]
    if len(variables) != 1 or len(variables[0].shape) != 2 or len(output.shape) != 2:
        raise ShapeError(
            f"{graph.name(output)} {show(output.shape)} of {len(variables)} variable(s)",
            where=output.where,
            why="the program reads rows of numbers and prints a class for each",
            fix='give logits [m×k] of one variable, such as cg.variable("X", ("m", d))',
        )
    (x,) = variables
    rows, inputs = x.shape
    if not isinstance(inputs, int):
        raise ShapeError(f"{x.name} has shape {show(x.shape)}", why="the number of columns must be known")
    lowered = lower(task_of(output, dtype=dtype), {rows: 1} if isinstance(rows, str) else {})
    writer = Writer(native.plan_of(lowered), library=False)
    try:
        program = source(writer)
    except UnsupportedError as error:
        raise ValueRefusedError(
            f"{error} cannot be exported", where=output.where, why="it is not written in C", fix="leave it out"
        ) from None
    # what only the compiled programs of this process are asked for: that loops are made vectors of at once
    lines = [line for line in program.split("\n") if not line.lstrip().startswith("#pragma omp")]
    result = writer.name(writer.plan.places[writer.plan.lowered.outputs[0]].storage)
    about = f"{result} of {x.name} [{inputs} numbers], written by cgraph. Build it with: cc -O3 FILE -lm"
    return "\n".join(
        [
            c_comment(about),
            "#include <stdio.h>",
            "#include <stdlib.h>",
            *lines,
            *_data(writer, x),
            _main(writer, x, output, writes),
        ]
    )


def _data(writer: Writer, x: Node) -> list[str]:
    """The buffer, and an array for each parameter and each constant."""
    lines = [f"static T buffer[{max(writer.plan.elements, 1)}];"]
    for number in writer.pointers:
        value = writer.plan.values[writer.plan.storages[number].value]
        if value.leaf is not x:
            array: Any = value.constant if value.leaf is None else value.leaf.value
            numbers = ", ".join(map(repr, np.asarray(array, float).reshape(-1).tolist()))
            numbers = numbers.replace("inf", "INFINITY").replace("nan", "NAN")
            about = c_comment(f"{writer.name(number)} {show(value.shape)}")
            lines.append(f"static T data{number}[] = {about} {{{numbers}}};")
    return lines


def _main(writer: Writer, x: Node, output: Node, writes: str) -> str:
    plan = writer.plan
    (result,) = plan.lowered.outputs
    place, outputs = plan.places[result], prod(plan.values[result].shape)
    values = [plan.values[plan.storages[s].value] for s in writer.pointers]
    pointers = ["x" if v.leaf is x else f"data{s}" for v, s in zip(values, writer.pointers, strict=True)]
    digits = 9 if plan.lowered.dtype.itemsize == 4 else 17  # enough to be read back as the same number
    between = " " if writes == "scores" else ""
    spelled = OUTPUTS.format(outputs=1, step=1, before=between, digits=digits) if outputs == 1 else ""
    if outputs > 1:
        first = OUTPUTS.format(outputs=1, step=place.strides[1], before=between, digits=digits)
        rest = OUTPUTS.format(outputs=outputs, step=place.strides[1], before=" ", digits=digits)
        spelled = f"{first}\n        {rest.replace('k = 0', 'k = 1')}"
    best = (
        ONE.format(middle=middle(simplify(output)))
        if outputs == 1
        else SEVERAL.format(outputs=outputs, step=place.strides[1])
    )
    parts = [*([best, CLASS] if writes != "numbers" else []), *([spelled] if writes != "classes" else []), END]
    return MAIN.format(
        inputs=x.shape[1],
        longest=LONGEST,
        what=WRITES[writes],
        pointers=", ".join(["buffer", "0", *pointers]),
        offset=plan.offsets[place.storage] + place.offset,
        answer="\n        ".join(parts),
    )
