"""Glyphs: themes, and formulas set in outlines of the font."""
