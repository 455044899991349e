"""What builds nodes when it is called: the table's functions, NumPy's own on nodes, and functions written in them."""
