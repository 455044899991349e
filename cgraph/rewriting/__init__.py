"""Graph in, graph out: simplified, with other conventions, or as a graph of single neurons."""
