"""Makes cgraph/__init__.pyi, by which editors and type checkers know the face of cgraph and the table's functions.

Run `python docs/stub.py` after a change of the table or of the face; a test says when the stub is out of date.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import cgraph as cg
from cgraph.functions.signatures import signature
from cgraph.functions.table import Composition, Function

STUB = Path(__file__).parents[1] / "cgraph" / "__init__.pyi"
HEAD = '''"""{doc}"""

# Made by docs/stub.py from the table and the face. Do not edit.

from collections.abc import Sequence
from typing import Any, Final

from cgraph.functions.convolution import Sizes
from cgraph.graph.node import Operand

'''


def stub() -> str:
    """The text of the stub."""
    doc = (cg.__doc__ or "").strip()
    names = "".join(f'    "{name}",\n' for name in cg.__all__)
    parts = [HEAD.format(doc=doc), *_imports(), f"\n__version__: Final[str]\n__all__ = [\n{names}]\n"]
    return "".join([*parts, *(_function(name, function) for name, function in cg.table().items())])


def _imports() -> list[str]:
    """The names of the face, from where they are made."""
    lines = []
    for name in cg.__all__:
        found = getattr(cg, name)
        made = getattr(found, "__wrapped__", found)  # of the room that can be called, the function
        home = "cgraph" if isinstance(made, ModuleType) else made.__module__
        lines.append(f"from {home} import {name} as {name}\n")
    return sorted(lines)


def _function(name: str, function: Function) -> str:
    """One function of the table: how it is called, and what it says of itself."""
    called = inspect.signature(function) if isinstance(function, Composition) else signature(function.row)
    parameters = ", ".join(_parameters(called))
    doc = (function.__doc__ or "").replace("\\", "\\\\").strip()
    end = "\n    " if "\n" in doc else ""
    return f'\ndef {name}({parameters}) -> {called.return_annotation}:\n    """{doc}{end}"""\n'


def _parameters(called: inspect.Signature) -> list[str]:
    """The parameters as they are written: annotations are text already."""
    written: list[str] = []
    kinds = [p.kind for p in called.parameters.values()]
    for place, parameter in enumerate(called.parameters.values()):
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and inspect.Parameter.VAR_POSITIONAL not in kinds:
            written += [] if "*" in written else ["*"]
        star = "*" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is inspect.Parameter.empty else f" = {_default(parameter.default)}"
        written.append(f"{star}{parameter.name}: {parameter.annotation}{default}")
        positional = parameter.kind is inspect.Parameter.POSITIONAL_ONLY
        if positional and kinds[place + 1 : place + 2] != [inspect.Parameter.POSITIONAL_ONLY]:
            written.append("/")
    return written


def _default(value: Any) -> str:
    """A default as it is written in a stub: what is no plain value is left to the code."""
    return repr(value) if value is None or isinstance(value, (bool, int, float, str)) else "..."


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
    print(STUB)
