"""Schematics of nets: columns of units, matrices and words, joined by strokes, laid out by rules."""

from __future__ import annotations

from viz.schematics.picture import SchematicPicture
from viz.schematics.pieces import Block, Cells, Circle, Column, Dots, Link, Note, Piece, Schematic, Stroke, Words

__all__ = [
    "Block",
    "Cells",
    "Circle",
    "Column",
    "Dots",
    "Link",
    "Note",
    "Piece",
    "Schematic",
    "SchematicPicture",
    "Stroke",
    "Words",
]
