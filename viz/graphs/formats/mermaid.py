"""A picture as Mermaid: text that renders in Markdown on many sites, without places of its own."""

from __future__ import annotations

from cgraph import quoting
from cgraph.notation import text
from viz.graphs.words.drawing import Drawing, nested
from viz.ink.colours import ink
from viz.ink.lines import Label

DIMMED = "opacity:0.25"


def flowchart(drawing: Drawing, show: str, direction: str) -> str:
    """The drawing as a Mermaid flowchart: forward edges solid, backward ones dotted."""
    lines = [f"flowchart {direction}"]
    for box in drawing.boxes:
        words = "<br/>".join(
            _words(label) for role, label in box.lines if not (show == "forward" and role == "gradient")
        )
        left, right = ("((", "))") if box.round else ("[", "]")
        lines.append(f'    {box.id}{left}"{words}"{right}')
    for frame, begins in nested(drawing.frames):
        lines.append(f'    subgraph {frame.id}["{quoting.mermaid(frame.title)}"]' if begins else "    end")
        lines += [f"        {id_}" for id_ in frame.boxes if begins]
    dimmed, count = [], 0  # Mermaid styles edges by their place in the text
    for edge in drawing.edges:
        lines.append(f"    {edge.tail} -->{'' if show == 'forward' else _label(edge.local)} {edge.head}")
        both = edge.flows and show != "forward"
        if both:
            lines.append(f"    {edge.head} -.->{_label(edge.downstream)} {edge.tail}")
        if edge.id in drawing.look.dimmed:
            dimmed += [str(count), str(count + 1)][: 1 + both]
        count += 1 + both
    for kind, colours in (("parameter", "fill:#d8efe9,stroke:#333"), ("constant", "fill:#fff,stroke:#8a8a8a")):
        of_kind = ",".join(b.id for b in drawing.boxes if b.kind == kind)
        if of_kind:
            lines += [f"    classDef {kind} {colours}", f"    class {of_kind} {kind}"]
    for id_, fill in drawing.look.fills.items():
        lines.append(f"    style {id_} fill:{fill},color:{ink(fill)}")
    pale = ",".join(b.id for b in drawing.boxes if b.id in drawing.look.dimmed)
    lines += [f"    classDef dimmed {DIMMED}", f"    class {pale} dimmed"] if pale else []
    lines += [f"    linkStyle {','.join(dimmed)} {DIMMED}"] if dimmed else []
    return "\n".join(lines) + "\n"


def _label(label: Label) -> str:
    words = _words(label)
    return f'|"{words}"|' if words else ""


def _words(label: Label) -> str:
    return quoting.mermaid("".join(text(math) for _, math in label))
