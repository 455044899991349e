"""Proof: every derivative against SymPy's own.

A picture with a wrong gradient is worse than none. Each rule of the table has a formula, which SymPy differentiates by
itself; the two results are compared as expressions. A report says "proved" only if their difference is shown to be 0.
"""

import numpy as np

import cgraph as cg
import viz
from cgraph import nn
from cgraph.ops.op import elementwise

# An op, a graph and a model are proved in the same way.
print(cg.prove("tanh"))
print()
graph = cg.parse("d = 2*b; e = a + d; L = c*e")
report = cg.prove(graph)
print(report)
model = nn.MLP([2, 3, 1], "tanh", seed=0)
print("\na 2-3-1 net:", cg.prove(model).verdict)
for proved in (cg.prove("tanh"), report, cg.prove(model)):
    assert proved.proved

# The picture marks what is proved.
viz.draw(graph, proof=report).save("proved.svg")

# A rule with a wrong sign is refused, with a point at which the two differ.
right = elementwise("bump", "exp(-x**2)", lambda xp, x: xp.exp(-x * x), lambda w, z, x: -2 * x * z)
wrong = right.replaced(rules=(lambda w, z, x: 2 * x * z,))
print()
print(cg.prove(cg.op(wrong)))
assert cg.prove(cg.op(right)).proved
assert cg.prove(cg.op(wrong)).failures

# Where no derivative exists a convention decides, and the report names it: at 0 the slope of ReLU is 1.
print()
print(cg.prove("relu"))
assert cg.backward(cg.forward(cg.parse("a = relu(z)"), z=0)).gradient["z"] == 1

# A proof is about real numbers, and a machine rounds. At z = 40 the sigmoid is rounded to 1, and the loss -log(1 - a)
# for y = 0 becomes infinite. The op that takes z itself has the loss 40 and the slope a - y = 1; cg.simplify puts it in
# the place of the other two.
z = cg.variable("z")
composed = cg.binary_cross_entropy(cg.sigmoid(z), 0.0).named("L")
stable = cg.simplify(composed)
print()
for name, loss in (("composed", composed), ("simplified", stable)):
    print(f"{name}: {loss!r} at z = 40 is {cg.forward(loss, z=40)[loss]:g}")
assert cg.prove(composed).proved
assert cg.forward(composed, z=40)[composed] == np.inf
assert cg.forward(stable, z=40)[stable] == 40
assert cg.backward(cg.forward(stable, z=40)).gradient["z"] == 1
