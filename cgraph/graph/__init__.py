"""What a graph is: nodes, their order and names, the lines that built them, formulas as text."""
