"""Which way the arrows point: every import of cgraph and viz, lazy ones included, read from the sources."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import networkx
import pytest

import cgraph
from cgraph.ops import TABLE

ROOT = Path(cgraph.__file__).parents[1]

# The rooms from the ground up. A room may import from itself and from rooms of a lower rank, never from a higher one.
RANK = {
    room: rank
    for rank, rooms in enumerate(
        [
            ["quoting"],
            ["errors"],
            ["shapes", "files"],
            ["ops"],
            ["graph"],
            ["functions", "worlds", "notation"],
            ["passes"],
            ["rewriting"],
            ["calculus", "interop"],
            ["compile"],
            ["proof"],
            ["derivation"],
            ["nn"],
            ["train"],
            ["sklearn"],
            ["cgraph"],  # the public face, cgraph/__init__.py
            ["cli"],
            ["__main__"],
        ]
    )
    for room in rooms
}
# The rooms inside a room, from the ground up, by the same rule; a package's own `__init__` stands above them all.
INNER = {
    package: {room: rank for rank, rooms in enumerate(ranks) for room in rooms}
    for package, ranks in {
        "cgraph.compile": [
            ["task", "blas", "stacks"],
            ["lowering"],
            ["plan"],
            ["memory", "doubts"],
            ["binding"],
            ["numpy", "c"],
            ["scalar"],
            ["export", "backends", "given"],
            ["program"],
        ],
        "viz": [
            ["ink"],
            ["models"],
            ["asked"],
            ["diagnosis"],
            ["graphs", "schematics", "plots"],
            ["films", "worksheets", "notebook", "figures"],
            ["watch"],
        ],
        "viz.graphs": [["words"], ["places"], ["paint", "formats"], ["zoom", "badges", "picture"], ["draw"]],
        "viz.schematics": [
            ["pieces", "words"],
            ["scene"],
            ["sizing"],
            ["labels", "dense"],
            ["embeddings", "layout"],
            ["paint"],
            ["fit"],
            ["picture"],
            ["network"],
        ],
    }.items()
}
OUTSIDE = {  # the modules and rooms that may import what is heavy
    "sympy": {"cgraph.worlds.sympy", "cgraph.proof", "cgraph.interop.sympy", "cgraph.derivation"},
    "networkx": {"cgraph.interop.networkx"},
    "viz": {"cgraph.cli"},
    "sklearn": {"cgraph.sklearn", "cgraph.train", "cgraph.cli"},
}
Import = tuple[str, int]  # the module that is imported, and the line that does it


def modules() -> dict[str, Path]:
    """Every module of the two packages by its dotted name."""
    found = {}
    for path in sorted([*ROOT.glob("cgraph/**/*.py"), *ROOT.glob("viz/**/*.py")]):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def nodes(source: str) -> list[ast.AST]:
    """All nodes of a source's tree: many checks read the same sources."""
    return list(ast.walk(ast.parse(source)))


def imports_of(source: str, module: str, is_package: bool, known: set[str]) -> list[Import]:
    """The modules that a source imports: anywhere, in functions and for type checkers too.

    `from cgraph import nn` is an import of cgraph.nn.
    """
    found: list[Import] = []
    package = module if is_package else module.rpartition(".")[0]
    for node in nodes(source):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parts, *([node.module] if node.module else [])])
            submodules = [f"{base}.{alias.name}" for alias in node.names]
            inner = [name for name in submodules if name in known]
            found += [(name, node.lineno) for name in inner]
            if len(inner) < len(submodules):
                found.append((base, node.lineno))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found.append((_literal_start(node), node.lineno))
    return found


def _literal_start(call: ast.Call) -> str:
    argument = call.args[0]
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    return (
        ""
        if not isinstance(argument, ast.JoinedStr)
        else "".join(part.value for part in argument.values if isinstance(part, ast.Constant)).rstrip(".")
    )


@cache
def imports(module: str) -> list[Import]:
    path = MODULES[module]
    return imports_of(path.read_text(encoding="utf-8"), module, path.name == "__init__.py", set(MODULES))


def room(module: str) -> str:
    """The room of a module: `worlds` for cgraph.worlds.sympy, `cgraph` for the public face itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def backward_arrows(module: str, found: list[Import]) -> list[str]:
    """The imports of a module of cgraph that run back, or that leave for viz."""
    here = room(module)
    wrong = []
    for target, line in found:
        inside = target.split(".")[0] == "cgraph"
        if inside and room(target) != here and RANK[room(target)] >= RANK[here]:
            wrong.append(f"{module}, line {line}: {here} must not import {target}")
    return wrong


def inner_room(module: str, package: str) -> str:
    """The room of a module inside a package: `lowering` for cgraph.compile.lowering.values, "" for the package."""
    return module.removeprefix(package).lstrip(".").split(".")[0]


def backward_arrows_inside(module: str, package: str, found: list[Import]) -> list[str]:
    """The imports of a module of a package that run back between the rooms inside it."""
    ranks = {**INNER[package], "": len(INNER[package])}
    here = inner_room(module, package)
    wrong = []
    for target, line in found:
        there = inner_room(target, package)
        if f"{target}.".startswith(f"{package}.") and there != here and ranks[there] >= ranks[here]:
            wrong.append(f"{module}, line {line}: {here} must not import {target}")
    return wrong


CGRAPH = [m for m in MODULES if m.split(".")[0] == "cgraph"]


def test_every_room_has_its_rank() -> None:
    assert {room(module) for module in CGRAPH} <= set(RANK), "give each room its place in RANK"


def test_no_import_of_cgraph_runs_back() -> None:
    assert [arrow for module in CGRAPH for arrow in backward_arrows(module, imports(module))] == []


INSIDE = [(m, package) for package in INNER for m in MODULES if f"{m}.".startswith(f"{package}.")]


def test_every_inner_room_has_its_rank() -> None:
    unplaced = [m for m, package in INSIDE if inner_room(m, package) not in {*INNER[package], ""}]
    assert unplaced == [], "give each its place in INNER"


def test_no_import_runs_back_inside_a_room() -> None:
    assert [arrow for m, package in INSIDE for arrow in backward_arrows_inside(m, package, imports(m))] == []


ASKING = {"forward", "backward", "unroll", "simplify", "as_pass", "symbols", "prove", "prove_row", "grad", "numbers"}
ASKED = ("viz.asked", "viz.figures")  # who asks cgraph; and the figures, whose subject is what they compute


def asks(source: str) -> list[str]:
    """What a source of viz imports that runs a pass, proves or rewrites."""
    return [
        f"line {node.lineno}: {alias.name}"
        for node in nodes(source)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cgraph")
        for alias in node.names
        if alias.name in ASKING
    ]


def everywhere(check: Callable[[str], list[str]], modules: Iterable[str]) -> dict[str, list[str]]:
    """What a check finds in the sources of some modules, where it finds something."""
    found = {module: check(MODULES[module].read_text(encoding="utf-8")) for module in modules}
    assert len(found) > 50, "of nearly all modules"
    return {module: wrong for module, wrong in found.items() if wrong}


def test_pictures_are_handed_their_passes_and_their_proofs() -> None:
    assert everywhere(asks, (m for m in MODULES if m.startswith("viz.") and not m.startswith(ASKED))) == {}


def hidden_modules(face: object, modules: set[str]) -> set[str]:
    """The modules of a package in whose place its face shows something else."""
    return {name for name in modules if not isinstance(getattr(face, name, ModuleType(name)), ModuleType)}


@pytest.mark.parametrize("package", ["cgraph", "cgraph.nn", "cgraph.train", "viz"])
def test_no_public_name_hides_a_module(package: str) -> None:
    modules = {m.rpartition(".")[2] for m in MODULES if m.rpartition(".")[0] == package}
    assert hidden_modules(importlib.import_module(package), modules) == set()


def test_no_two_modules_import_each_other() -> None:
    arrows = networkx.DiGraph((m, t) for m in MODULES for t, _ in imports(m) if t in MODULES and t != m)
    assert len(arrows) > 300
    assert [circle for circle in networkx.strongly_connected_components(arrows) if len(circle) > 1] == []


@pytest.mark.parametrize("module", ["cgraph.passes.forward", "cgraph.passes.backward"])
def test_the_two_algorithms_are_handed_their_world(module: str) -> None:
    worlds = {t for t, _ in imports(module) if "worlds" in t}
    assert worlds <= {"cgraph.worlds.world"}  # what every world offers, which knows none of them


def asked_for_their_class(source: str) -> list[str]:
    """Where a source decides by the class of a world, rather than asking the world what it can."""
    wrong = []
    for node in nodes(source):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            kinds = {n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(node.args[1])
                     if isinstance(n, (ast.Name, ast.Attribute))}  # fmt: skip
            wrong += [f"line {node.lineno}: {kind}" for kind in sorted(kinds) if kind.endswith("World")]
        if isinstance(node, ast.Compare) and any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            worlds = {"NUMPY", "SYMPY", "GRAPH"}.intersection(map(ast.unparse, [node.left, *node.comparators]))
            wrong += [f"line {node.lineno}: {world}" for world in sorted(worlds)]
    return wrong


def test_no_world_is_asked_for_its_class() -> None:
    assert everywhere(asked_for_their_class, MODULES) == {}


@pytest.mark.parametrize(
    "source", ["isinstance(world, NumpyWorld)", "isinstance(w, (int, sympy.SympyWorld))", "fwd.world is not NUMPY"]
)
def test_a_question_for_the_class_of_a_world_is_found(source: str) -> None:
    assert len(asked_for_their_class(source)) == 1


def op_names_in(source: str) -> list[str]:
    """Where a source lists ops by their names, or compares the name of something with that of an op."""
    wrong = []
    for node in nodes(source):
        named = sorted(_op_names(_listed(node)))
        if len(named) > 1:
            wrong.append(f"line {node.lineno}: {', '.join(named)}")  # type: ignore[attr-defined]  # what is listed has one
        if isinstance(node, ast.Compare) and any(map(_is_a_name, sides := [node.left, *node.comparators])):
            wrong += [f"line {node.lineno}: {ast.unparse(node)}" for side in sides if _op_names([side, *_listed(side)])]
    return wrong


def _listed(node: ast.AST) -> list[ast.expr]:
    """What a literal lists: the keys of a dict, the elements of others, words of a text that is split, cases."""
    if isinstance(node, ast.Dict):
        return [key for key in node.keys if key is not None]
    if isinstance(node, (ast.Set, ast.List, ast.Tuple)):
        return node.elts
    if isinstance(node, ast.Call):
        text = getattr(getattr(node.func, "value", None), "value", None)
        split = isinstance(node.func, ast.Attribute) and node.func.attr == "split" and isinstance(text, str)
        words = text.split() if split else [k.arg for k in node.keywords] if ast.unparse(node.func) == "dict" else []
        return [ast.Constant(word) for word in words]
    if isinstance(node, ast.Match):
        return [n.value for case in node.cases for n in ast.walk(case.pattern) if isinstance(n, ast.MatchValue)]
    return []


def _is_a_name(node: ast.expr) -> bool:
    return ast.unparse(node).split(".")[-1] in ("name", "op")


def _op_names(found: list[Any]) -> set[str]:
    return {c.value for c in found if isinstance(c, ast.Constant) and isinstance(c.value, str)} & set(TABLE)


def test_what_is_known_of_ops_stands_in_their_rows_and_in_no_list_elsewhere() -> None:
    assert everywhere(op_names_in, (m for m in MODULES if room(m) != "ops" or m.startswith("viz"))) == {}


@pytest.mark.parametrize(
    "source",
    [
        'COMMUTE = frozenset({"add", "mul"})',
        'SMOOTH = ("softplus", "silu", "mish")',
        'C = {"exp": "EXP({0})", "log": "LOG({0})"}',
        'C = {name: name.upper() for name in ["sin", "cos"]}',
        "COUNTS = dict(matmul=two, einsum=three)",
        'SQUASHING = "sigmoid tanh".split()',
        'if value.name == "matmul": pass',
        'if node.op is not None and node.op.name in ("relu", other): pass',
        'if name != "where": pass',
        'match row.name:\n    case "add" | "sub": pass',
    ],
)
def test_a_list_of_op_names_is_found(source: str) -> None:
    assert op_names_in(source)


@pytest.mark.parametrize(
    "source",
    ['ADD = TABLE["add"]', 'v.apply("sub", x, y)', 'rows = ("first", "add")', 'if value.op is TABLE["add"]: pass'],
)
def test_an_op_that_is_taken_from_the_table_is_no_list(source: str) -> None:
    assert op_names_in(source) == []


@pytest.mark.parametrize("module", [m for m in CGRAPH if room(m) == "ops"])
def test_the_table_knows_no_node_and_no_pass(module: str) -> None:
    ours = {room(t) for t, _ in imports(module) if t.startswith("cgraph")}
    assert ours <= {"quoting", "errors", "shapes", "ops"}
    assert {t.split(".")[0] for t, _ in imports(module)} <= {"__future__", "cgraph", "numpy", *sys.stdlib_module_names}


@pytest.mark.parametrize("package", OUTSIDE)
def test_heavy_packages_are_imported_only_where_they_belong(package: str) -> None:
    users = {m for m in CGRAPH if any(t.split(".")[0] == package for t, _ in imports(m))}
    assert {m for m in users if not any(f"{m}.".startswith(f"{o}.") for o in OUTSIDE[package])} == set()


def test_the_command_line_alone_looks_out_at_viz_and_nothing_imports_the_command_line() -> None:
    for module in MODULES:
        targets = {t for t, _ in imports(module)}
        outside = module != "cgraph.__main__" and not module.startswith("cgraph.cli")
        assert not (outside and any(t.startswith("cgraph.cli") for t in targets))


FORBIDDEN = {"eval", "exec", "compile", "__import__"}
PICKLES = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib"}


def dangerous(source: str) -> list[str]:
    """The calls of a source that would run what they are given."""
    wrong = []
    tree = ast.parse(source)
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in FORBIDDEN - own:
            wrong.append(f"line {node.lineno}: {node.id}")
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {a.name for a in node.names} | {getattr(node, "module", None) or ""}
            wrong += [f"line {node.lineno}: {n}" for n in sorted(names) if n.split(".")[0] in PICKLES]
        if isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "shell"):
            wrong += [] if ast.unparse(node.value) == "False" else [f"line {node.value.lineno}: {node.arg}"]
    return wrong


def test_nothing_that_is_read_is_ever_run() -> None:
    assert everywhere(dangerous, MODULES) == {}


def test_formulas_reach_sympy_only_from_rows_of_the_table() -> None:
    # sympify of a text runs it: only a row's own formula may go there
    for module in CGRAPH:
        for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("parse_expr", "lambdify"):
                pytest.fail(f"{module}, line {node.lineno}: {ast.unparse(node)}")


def test_importing_cgraph_imports_nothing_heavy() -> None:
    heavy = ["sympy", "networkx", "graphviz", "ziamath", "rich", "matplotlib", "viz", "sklearn", "resvg_py"]
    heavy += ["cgraph.calculus", "cgraph.train", "cgraph.nn"]  # of ours, what takes milliseconds
    program = f"import cgraph, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_drawing_a_formula_imports_nothing_that_its_picture_does_not_need() -> None:
    heavy = ["sympy", "networkx", "graphviz", "ziamath", "ziafont", "matplotlib", "cgraph.nn", "cgraph.train"]
    heavy += ["cgraph.proof", "cgraph.compile.export", "viz.figures", "viz.diagnosis", "viz.schematics"]
    heavy += ["viz.graphs.formats.tikz", "viz.graphs.formats.stepper"]
    command = ["draw", "d = 2*b; e = a + d; L = c*e", "a=3", "b=1", "c=-2"]
    program = (
        "import sys, viz; from cgraph.cli.main import main\n"
        "viz.Picture.save = lambda picture, *_, **__: len(picture.svg())\n"
        f"assert main({command}) == 0\nprint([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# The reader of imports itself ----------------------------------------------------------------------------------------
LATE = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from cgraph.cli import main
else:
    import os
def late():
    import cgraph.proof
    from cgraph import train
    from . import parse
    from .worlds import numpy
    importlib.import_module("cgraph.nn")
    importlib.import_module(f"cgraph.{name}")
"""


def test_lazy_relative_and_named_imports_and_those_for_type_checkers_are_seen() -> None:
    known = {"cgraph.proof", "cgraph.train", "cgraph.parse", "cgraph.worlds.numpy", "cgraph.cli"}
    found = {target for target, _ in imports_of(LATE, "cgraph.graph", False, known)}
    assert found >= known | {"os", "cgraph.nn", "cgraph"}


@pytest.mark.parametrize(
    "module, source",
    [
        ("cgraph.ops.row", "from cgraph.graph.graph import Node"),
        ("cgraph.graph.graph", "def f():\n    from cgraph.passes.forward import forward"),
        ("cgraph.graph", "def f():\n    import cgraph"),
        (
            "cgraph.passes.forward",
            "from cgraph.worlds.numpy import NUMPY\nfrom cgraph.rewriting.simplify import simplify",
        ),
        ("cgraph.graph.parse", "from cgraph.passes import numbers as passes"),
        ("cgraph.nn.layers", "from cgraph.train import fit"),
        ("cgraph.worlds.numpy", "from ..calculus import grad"),
    ],
)
def test_an_arrow_that_runs_back_is_found(module: str, source: str) -> None:
    assert backward_arrows(module, imports_of(source, module, False, set(MODULES)))


@pytest.mark.parametrize(
    "module, source",
    [
        ("cgraph.compile.binding", "if TYPE_CHECKING:\n    from cgraph.compile.program import Program"),
        ("cgraph.compile.task", "from cgraph.compile.stacks import Stacks"),
        ("cgraph.compile.lowering.values", "from cgraph.compile.plan.plan import Plan"),
        ("cgraph.compile.plan.plan", "from cgraph.compile.memory import Memory"),
        ("cgraph.compile.memory", "def f():\n    from cgraph.compile.binding import Binding"),
        ("cgraph.compile.memory", "from cgraph.compile.numpy import biases"),
        ("cgraph.compile.c.native", "from cgraph.compile.numpy.steps import call"),
        ("cgraph.compile.numpy.steps", "from ..scalar.groups import Groups"),
        ("cgraph.compile.scalar.runner", "from cgraph.compile.backends import maker"),
        ("cgraph.compile.backends", "from cgraph.compile import compile"),
        ("cgraph.compile.program", "import cgraph.compile"),
        ("viz.ink.pen", "from viz.graphs.places.layout import Layout"),
        ("viz.diagnosis.units", "from viz.schematics.pieces import Piece"),
        ("viz.films", "from viz.watch import Watch"),
        ("viz.notebook", "import viz"),
        ("viz.graphs.words.boxes", "from viz.graphs.places.dot import readable"),
        ("viz.graphs.paint.legend", "def f():\n    from viz.graphs.formats import tikz"),
        ("viz.graphs.words.fold", "if TYPE_CHECKING:\n    from viz.graphs.picture import Picture"),
        ("viz.schematics.scene", "from viz.schematics import paint"),
    ],
)
def test_an_arrow_that_runs_back_inside_a_room_is_found(module: str, source: str) -> None:
    found = imports_of(source, module, False, set(MODULES))
    inside = [package for package in INNER if module.startswith(f"{package}.")]
    assert any(backward_arrows_inside(module, package, found) for package in inside)


@pytest.mark.parametrize(
    "source",
    [
        "from cgraph.passes.backward import Edge, backward",
        "def f():\n    from cgraph.proof import prove_row",
        "from cgraph.rewriting.simplify import simplify",
        "from cgraph.passes import numbers",
    ],
)
def test_a_picture_that_asks_by_itself_is_found(source: str) -> None:
    assert asks(source)


def test_a_function_that_hides_a_module_is_found() -> None:
    face = SimpleNamespace(search=len, step=ModuleType("step"))
    assert hidden_modules(face, {"search", "step", "loop"}) == {"search"}


@pytest.mark.parametrize(
    "source", ["eval('1')", "exec(x)", "import pickle", "from pickle import loads", "np.load(f, allow_pickle=True)"]
)
def test_a_dangerous_call_is_found(source: str) -> None:
    assert dangerous(source)


def test_the_map_of_the_docs_shows_these_ranks() -> None:
    page = " ".join((ROOT / "docs" / "map.md").read_text(encoding="utf-8").split())
    for ranks in (RANK, *INNER.values()):
        levels: dict[int, list[str]] = {}
        for room, rank in ranks.items():
            levels.setdefault(rank, []).append(room)
        line = " < ".join(", ".join(rooms) for _, rooms in sorted(levels.items()))
        assert line in page, f"docs/map.md lacks: {line}"


def classes(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """The modules that define a class of a name, for all names."""
    found: dict[str, list[str]] = {}
    for module, source in sources.items():
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(module)
    return found


def test_a_class_name_means_one_thing() -> None:
    ours = {module: MODULES[module].read_text(encoding="utf-8") for module in CGRAPH}
    assert {name: where for name, where in classes(ours).items() if len(where) > 1} == {}


def test_a_second_class_of_a_name_is_seen() -> None:
    assert classes({"a": "class Step: pass", "b": "class Step: pass"}) == {"Step": ["a", "b"]}


def test_tests_mirror_the_tree() -> None:
    tests = ROOT / "tests"
    files = sorted(tests.rglob("test_*.py"))
    assert len({path.name for path in files}) == len(files)
    for path in files:
        room = path.parent.relative_to(tests)
        assert room.name == "whole" or (ROOT / "cgraph" / room).is_dir() or (ROOT / room).is_dir(), path
    helpers = [path.name for path in tests.rglob("*.py") if not path.name.startswith("test_")]
    assert sorted(helpers) == sorted(["conftest.py", *(path.name for path in (tests / "support").glob("*.py"))])
