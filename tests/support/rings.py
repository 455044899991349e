"""How much clear paper is between the words in a circle and its ring, read from an SVG and from nothing else."""

from __future__ import annotations

import re
from functools import cache
from xml.etree import ElementTree

import numpy as np
from paper import SVG

PLACE = re.compile(r"matrix\(([-\d.]+) 0 0 ([-\d.]+) ([-\d.]+) ([-\d.]+)\)")
PIECE = re.compile(r"([MLHVQCZ])([^MLHVQCZ]*)")
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")


@cache
def outline(path: str) -> np.ndarray:
    """Points on the outline of a glyph: the ends of its lines, and eight to a curve."""
    found, at = [], np.zeros(2)
    for command, given in PIECE.findall(path):
        numbers = [float(n) for n in NUMBER.findall(given)]
        if command in "HV":
            at = np.array([numbers[-1], at[1]] if command == "H" else [at[0], numbers[-1]])
            found.append(at)
        elif command in "ML":
            found += list(np.reshape(numbers, (-1, 2)))
        elif command in "QC":
            degree = 2 if command == "Q" else 3
            for curve in np.reshape(numbers, (-1, degree, 2)):
                points = np.vstack([at, curve])
                for t in np.linspace(0.125, 1, 8):
                    layers = points
                    while len(layers) > 1:
                        layers = layers[:-1] + t * (layers[1:] - layers[:-1])
                    found.append(layers[0])
                at = curve[-1]
        at = found[-1] if found else at
    return np.array(found).reshape(-1, 2)


def clearances(svg: str) -> dict[str, float]:
    """For each circle with words in it, in units of the drawing: the least way from their ink to the ring's inner edge.

    Of a double ring that is the inner one. Words that begin outside of the ring do not count: they stand beside it.
    """
    root = ElementTree.fromstring(svg)
    glyphs = {p.get("id"): str(p.get("d")) for p in root.iter(f"{SVG}path") if p.get("id")}
    found = {}
    for group in root.iter(f"{SVG}g"):
        rings = group.findall(f"{SVG}circle")
        if not rings:
            continue
        ring = min(rings, key=lambda c: float(str(c.get("r"))))
        centre = np.array([float(str(ring.get("cx"))), float(str(ring.get("cy")))])
        edge = float(str(ring.get("r"))) - float(ring.get("stroke-width", "1")) / 2
        ways = []
        for use in group.iter(f"{SVG}use"):
            place = PLACE.match(str(use.get("transform")))
            key = next(v for k, v in use.attrib.items() if k.endswith("href")).removeprefix("#")
            points = outline(glyphs[key])
            if place is None or not len(points):
                continue
            right, down, x, y = map(float, place.groups())
            if np.hypot(x - centre[0], y - centre[1]) > max(float(str(c.get("r"))) for c in rings):
                continue
            ink = points * (right, down) + (x, y)
            ways.append(edge - float(np.hypot(*(ink - centre).T).max()))
        if ways:
            found[f"{group.get('data-node')} at ({centre[0]:g}, {centre[1]:g})"] = min(ways)
    return found


__all__ = ["clearances"]
