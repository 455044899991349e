"""Figures of computation graphs, from real passes (SLP3 6.15 to 6.18)."""

from __future__ import annotations

from cgraph import notation
from cgraph.calculus.derivatives import as_pass
from cgraph.graph.parse import parse
from cgraph.notation import EQUALS, Math, Sym
from cgraph.passes.backward import Backward, Edge, backward
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.graphs.draw import draw
from viz.graphs.picture import Picture
from viz.ink.themes import ThemeLike
from viz.schematics.picture import SchematicPicture, picture
from viz.schematics.pieces import ABOVE, BELOW, OP, PASS, Circle, Column, Link, Note, Schematic, Stroke
from viz.schematics.words import words


def forward_pass(theme: ThemeLike, caption: str, _description: str) -> Picture:
    """Fig. 6.15."""
    return draw(figure_6_17().forward, detail="hover", theme=theme, caption=caption)


def backward_pass(theme: ThemeLike, caption: str, _description: str) -> Picture:
    """Fig. 6.17."""
    return draw(figure_6_17(), theme=theme, caption=caption)


def two_layer_net(theme: ThemeLike, caption: str, _description: str) -> Picture:
    """Fig. 6.18."""
    return draw(figure_6_18(), style="circuit", theme=theme, caption=caption)


def one_node(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.16: the names are those of a backward pass in symbols; which ops they are does not matter."""
    graph = parse("e = exp(d); L = tanh(e)")
    return picture(chain(backward(as_pass(graph), graph.output)), theme=theme, caption=caption, description=description)


def chain(bwd: Backward) -> Schematic:
    """A chain of nodes with what the chain rule says on each edge, in names alone."""
    edges = bwd.edges[::-1]
    name = bwd.graph.name
    nodes = [edges[0].operand, *(edge.result for edge in edges)]
    columns = tuple(Column((Circle(notation.name(name(node)), OP),)) for node in nodes)
    links = tuple(Link((Stroke(0, 0, PASS, _notes(edge, bwd)),), width=150.0) for edge in edges)
    return Schematic(columns, links)


def _notes(edge: Edge, bwd: Backward) -> tuple[Note, ...]:
    """The local gradient above an edge and the downstream gradient below; on the last edge both are upstream's."""
    root, result, operand = (notation.name(bwd.graph.name(n)) for n in (bwd.of, edge.result, edge.operand))
    downstream, local = notation.derivative(root, operand), notation.derivative(result, operand)
    if edge.result is bwd.of:
        return (Note((downstream, words("upstream gradient")), BELOW, "backward"),)
    upstream = notation.derivative(root, result)
    product: Math = notation.row(downstream, EQUALS, upstream, Sym("", space="thin"), local)
    return (
        Note((words("local gradient"), local), ABOVE, "local"),
        Note((product, words("downstream gradient")), BELOW, "backward"),
    )
