"""Other people's graphs, in and out: SymPy's expressions, Python functions."""
