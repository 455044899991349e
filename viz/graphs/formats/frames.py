"""The passes as frames: the picture as it is after each step, and all steps in one animated file.

Nothing moves from frame to frame: a frame is the whole picture with a style sheet that hides what is not computed yet.
"""

from __future__ import annotations

from collections.abc import Mapping

from viz.graphs.words.steps import Moment, Walk

SECONDS = 1.4  # of each step of an animation
REST = 3  # steps for which the last one stays


def frames(svg: str, walk: Walk) -> list[str]:
    """The picture after each step, as SVG: what is about to be computed is highlighted, what comes later is blank."""
    return [_styled(svg, _hidden(walk.since, i) + _highlighted(step)) for i, step in enumerate(walk.steps)]


def animation(svg: str, walk: Walk) -> str:
    """The picture with its steps one after the other, again and again; a reader that cannot move shows the last one."""
    count = len(walk.steps) + REST
    time = f"{count * SECONDS:.1f}s step-end infinite"
    rules = []
    for start in sorted(set(walk.since.values())):
        share = 100 * start / count
        rules.append(f"@keyframes s{start}{{0%{{visibility:hidden}}{share:.3f}%,100%{{visibility:visible}}}}")
    for key, start in walk.since.items():
        rules.append(f"{_parts(key)}{{animation:s{start} {time}}}")
    for i, step in enumerate(walk.steps):
        shares = 100 * i / count, 100 * (i + 1) / count
        wide = f"{shares[0]:.3f}%{{stroke-width:3.2}}{shares[1]:.3f}%,100%{{}}"
        rules.append(f"@keyframes h{i}{{{wide}}}{_outline(step)}{{animation:h{i} {time}}}" if _outline(step) else "")
    return _styled(svg, "".join(rules))


def _styled(svg: str, rules: str) -> str:
    before, end, after = svg.partition("</defs>")
    return f"{before}{end}\n<style>{rules}</style>{after}"


def _hidden(since: Mapping[str, int], step: int) -> str:
    later = [_parts(key) for key, start in since.items() if start > step]
    return f"{','.join(later)}{{display:none}}" if later else ""


def _highlighted(step: Moment) -> str:
    outline = _outline(step)
    return f"{outline}{{stroke-width:3.2}}" if outline else ""


def _outline(step: Moment) -> str:
    """What is drawn heavier while a step is on."""
    if step.edge:
        return f'[data-id="{step.edge}"] path:not([data-role="casing"])'
    return f'[data-id="{step.node}"]>rect,[data-id="{step.node}"]>circle' if step.node else ""


def _parts(key: str) -> str:
    """The elements that a step makes visible."""
    what, _, id_ = key.partition(" ")
    if what == "edge":
        return f'[data-id="{id_}"] [data-label],[data-id="{id_}"] [data-role="backward"]'
    labels = {"value": ("value",), "gradient": ("gradient", "badge")}[what]
    return ",".join(f'[data-id="{id_}"] [data-label="{label}"]' for label in labels)
