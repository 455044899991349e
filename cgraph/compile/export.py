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
from cgraph.graph.graph import Graph
from cgraph.graph.node import VARIABLE, Node
from cgraph.quoting import c_comment
from cgraph.shapes import show

MAIN = """
/* Reads examples of {inputs} numbers, between blanks, commas or semicolons, and prints the class of each: {rule}. */
int main(void) {{
    static T x[{inputs}];
    void *p[] = {{{pointers}}};
    const T *scores = buffer + {offset};
    for (;;) {{
        for (int i = 0; i < {inputs}; i++) {{
            double value;
            int found, c = 0;
            while ((found = scanf("%lf", &value)) == 0 && ((c = getchar()) == ',' || c == ';')) ;
            if (found == EOF && i == 0) return 0;
            if (found != 1) {{
                fprintf(stderr, "number %d of an example is missing or is no number\\n", i + 1);
                return 2;
            }}
            x[i] = (T)value;
        }}
        if (cgraph_step(p)) {{
            fprintf(stderr, "a value was refused\\n");
            return 2;
        }}
        {answer}
    }}
}}
"""
ONE = 'printf("%d\\n", scores[0] > 0);'
SEVERAL = """int best = 0;
        for (int k = 1; k < {classes}; k++) if (scores[k * {step}] > scores[best * {step}]) best = k;
        printf("%d\\n", best);"""


def to_c(output: Node, dtype: str = "float64") -> str:
    """A C program that computes `output` [m×k], logits of one variable [m×d], and prints the class of each example.

    With one column the class is 1 where the logit is above 0. Parameters and constants are arrays in the file;
    `cc -O3 model.c -lm` is all that it takes.
    Raises ValueRefusedError for an op that is not written in C, ShapeError when it is not one row to one row.

    >>> from cgraph.graph.node import parameter, variable
    >>> text = to_c(variable("X", ("m", 2)) @ parameter("W", [[1.0], [-1.0]]))
    >>> "int main(void)" in text, "1.0, -1.0" in text
    (True, True)
    """
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
    return "\n".join([c_comment(about), "#include <stdio.h>", *lines, *_data(writer, x), _main(writer, x)])


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


def _main(writer: Writer, x: Node) -> str:
    plan = writer.plan
    (result,) = plan.lowered.outputs
    place, classes = plan.places[result], prod(plan.values[result].shape)
    values = [plan.values[plan.storages[s].value] for s in writer.pointers]
    pointers = ["x" if v.leaf is x else f"data{s}" for v, s in zip(values, writer.pointers, strict=True)]
    answer = ONE if classes == 1 else SEVERAL.format(classes=classes, step=place.strides[1])
    return MAIN.format(
        inputs=x.shape[1],
        rule="1 where its logit is above 0" if classes == 1 else "that of the largest score, from 0",
        pointers=", ".join(["buffer", "0", *pointers]),
        offset=plan.offsets[place.storage] + place.offset,
        answer=answer,
    )
