"""Makes docs/numpy.md, which says of NumPy's functions which work on nodes, and what to write for others.

Run `python docs/numpy_page.py` after a change of `cgraph/functions/numpy/`; a test says when the page is out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cgraph.functions.numpy import elements, joining, matrices, ordering, reductions, shaping
from cgraph.functions.numpy.refused import REFUSED, called
from cgraph.graph.node import UFUNCS

PAGE = Path(__file__).parent / "numpy.md"
HEAD = """# NumPy's functions on nodes

`np.sum(x, axis=0)` of a node builds a node, as `cg.sum(x, axis=0)` does: code that is written for arrays builds a
graph when it is handed nodes. Each function below has NumPy's values, its derivatives where there are any (comparisons,
roundings and the places of a sort pass none on), and its compiled program; the tests hold each against NumPy and
central differences. Made from the code by `python docs/numpy_page.py`.

```python
import numpy as np
import cgraph as cg

x = cg.variable("x", 4)
middle = np.median(np.abs(np.diff(x)))
assert cg.forward(middle, x=[1.0, 3.0, 2.0, 7.0])[middle] == 2.0
```

"""
KINDS: Mapping[str, Iterable[Any]] = {
    "elements": [*UFUNCS, *elements.FUNCTIONS],
    "over axes": reductions.FUNCTIONS,
    "order, sums so far, differences": ordering.FUNCTIONS,
    "products and matrices": matrices.FUNCTIONS,
    "shapes and places": shaping.FUNCTIONS,
    "joined and cut": joining.FUNCTIONS,
}


def short(function: Any) -> str:
    """A function without the room: `linalg.inv`."""
    return called(function).removeprefix("numpy.")


def page() -> str:
    """The text of the page."""
    lines = [HEAD + "| | functions |", "|---|---|"]
    for kind, functions in KINDS.items():
        names = sorted({short(f) for f in functions})
        lines.append(f"| {kind} | {', '.join(f'`{n}`' for n in names)} |")
    lines += ["", "What is refused, with the error saying what to write:", "", "| functions | instead |", "|---|---|"]
    for fix in dict.fromkeys(REFUSED.values()):
        names = [f"`{name.removeprefix('numpy.')}`" for name, other in REFUSED.items() if other == fix]
        lines.append(f"| {', '.join(names)} | {fix.removeprefix('write ')} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE, np.__version__)
