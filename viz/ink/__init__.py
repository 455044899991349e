"""Ink: what every picture needs, whatever it shows: themes, glyphs, strokes, pens, files."""
