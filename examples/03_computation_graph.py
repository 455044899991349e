"""The computation graph: an expression as nodes, values from left to right.

Each operation is a node, and its operands are the nodes before it. A forward pass computes them in order. The graph
itself holds no values, so that one graph can have many passes (SLP3 Section 6.6.3, Fig. 6.15).
"""

import cgraph as cg
import viz

# L = c(a + 2b), one operation at a time; each result has a name.
a, b, c = cg.variables("a b c")
d = (2 * b).named("d")
e = (a + d).named("e")
L = (c * e).named("L")

# The values of the chapter. A pass is asked by name or by node.
fwd = cg.forward(L, a=3, b=1, c=-2)
for name in "abcdeL":
    print(f"{name} = {fwd[name]:g}")
assert (fwd["d"], fwd["e"], fwd[L]) == (2, 5, -10)
viz.draw(fwd).save("forward.svg")

# Another pass of the same graph changes nothing in the first.
assert cg.forward(L, a=1, b=1, c=1)["L"] == 3
assert fwd["L"] == -10

# The same graph from text, and from a Python function: names in the function become names of nodes.
parsed = cg.parse("d = 2*b; e = a + d; L = c*e")


@cg.trace
def L(a, b, c):  # noqa: N802 - the name of its result
    d = 2 * b
    e = a + d
    return c * e


for graph in (parsed, L):
    assert cg.forward(graph, a=3, b=1, c=-2)["L"] == -10
print("as SymPy reads it: L =", cg.to_sympy(parsed))

# Arrays are nodes too. A dimension can have a name, and gets its size from the pass.
X = cg.variable("X", shape=("m", 3))
w = cg.parameter("w", [0.2, 0.3, 0.9])
z = (X @ w + 0.5).named("z")
values = cg.forward(z, X=[[0.5, 0.6, 0.1], [0, 0, 0]])["z"]
print("z of two rows:", values.round(2).tolist())
assert values.round(2).tolist() == [0.87, 0.5]
