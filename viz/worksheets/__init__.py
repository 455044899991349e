"""Worksheets on paper: exercises with fields to write in, and their answers."""

from viz.worksheets.worksheet import Worksheet, worksheet

__all__ = ["Worksheet", "worksheet"]
