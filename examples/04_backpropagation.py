"""Backpropagation, by hand and by us.

From the output back, each node multiplies the gradient that comes from above by its own local derivative and hands the
product to its operands. Where a node is used more than once, the products add up (SLP3 Section 6.6.4, Eqs. 6.31 to
6.34, Figs. 6.16 and 6.17).
"""

import cgraph as cg
import viz

graph = cg.parse("d = 2*b; e = a + d; L = c*e")
fwd = cg.forward(graph, a=3, b=1, c=-2)

# By hand, with the values of the forward pass: e = 5.
upstream_e = fwd["c"] * 1  # ∂L/∂e = c
upstream_d = upstream_e * 1  # ∂e/∂d = 1
by_hand = {"a": upstream_e * 1, "b": upstream_d * 2, "c": fwd["e"] * 1}

# By us: a backward pass has the gradient of every node, and three numbers on every edge.
bwd = cg.backward(fwd)
for edge in bwd.edges:
    print(
        f"{edge.result.name} to {edge.operand.name}: upstream {edge.upstream:g}"
        f" · local {edge.local:g} = downstream {edge.downstream:g}"
    )
for name in "abc":
    assert bwd.gradient[name] == by_hand[name]
assert [bwd.gradient[n] for n in "abc"] == [-2, -4, 5]
viz.draw(bwd).save("backward.svg")

# The chain rule written out, as on paper.
derivation = cg.derive(graph, wrt="b", a=3, b=1, c=-2)
print()
print(derivation.text)
assert derivation.text.endswith("= 2c = −4")

# A check that knows no derivative at all: move each input a little to both sides and see what L does.
check = cg.check_gradient(bwd)
print()
print(check)
assert check.agrees

# Two paths: x is used twice, so that two contributions meet in its gradient.
square = cg.backward(cg.forward(cg.parse("y = x*x"), x=3))
assert [float(edge.downstream) for edge in square.edges] == [3, 3]
assert square.gradient["x"] == 6

# The gradient is a graph too, and can be differentiated again.
x = cg.variable("x")
slope = cg.grad(x**3, [x])[0]
curvature = cg.grad(slope, [x])[0]
print(f"\nof x³ at 2: slope {cg.forward(slope, x=2)[slope]:g}, curvature {cg.forward(curvature, x=2)[curvature]:g}")
assert cg.forward(slope, x=2)[slope] == 12
assert cg.forward(curvature, x=2)[curvature] == 12
