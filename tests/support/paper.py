"""How large a picture and its smallest letter are on paper, read from its SVG and from nothing else."""

from __future__ import annotations

import re
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
CM = 72 / 2.54


def size(svg: str) -> tuple[float, float, float]:
    """The width and the height of an SVG in points, and how many points one of its own units is."""
    root = ElementTree.fromstring(svg)
    width, height = (float(str(root.get(side)).removesuffix("pt")) for side in ("width", "height"))
    return width, height, width / float(str(root.get("viewBox")).split()[2])


def smallest_text(svg: str, *, whole: bool = False) -> float:
    """The size of the smallest glyph of the graph in an SVG, or in all of it, in points, as it is painted there."""
    *_, scale = size(svg)
    root = ElementTree.fromstring(svg)
    part = root if whole else next(g for g in root.iter(f"{SVG}g") if g.get("data-role") == "graph")
    sizes = [re.match(r"matrix\(([\d.]+)", str(u.get("transform"))) for u in part.iter(f"{SVG}use")]
    return min((1000 * float(found[1]) for found in sizes if found), default=0.0) * scale
