"""Places: where boxes, strokes and labels stand, by Graphviz or by a layered layout."""
