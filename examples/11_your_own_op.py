"""Your own op as one row.

An op is a row: its name, its formula, how NumPy computes it, and one local derivative for each operand. The chain rule
stands elsewhere, once, so that a row has no upstream gradient in it. All the rest follows from the row: values,
gradients of any order, proof, pictures, programs.
"""

import numpy as np

import cgraph as cg
import viz
from cgraph.ops.op import elementwise

# exp(-x²) is not in the table. In a rule, z is the result and x the operand: d/dx exp(-x²) = -2x·exp(-x²) = -2xz.
bump = cg.op(elementwise("bump", "exp(-x**2)", lambda xp, x: xp.exp(-x * x), lambda w, z, x: -2 * x * z))
print(bump.__doc__)

# The rule is proved before it is used.
print(cg.prove(bump))
assert cg.prove(bump).proved

# It is a function of nodes like any other: a net of one bump, drawn with both passes.
x, w = cg.variables("x w")
z = (w * x).named("z")
y = bump(z).named("y")
bwd = cg.backward(cg.forward(y, x=0.5, w=2))
print(f"y = {bwd.forward['y']:.4f}, ∂y/∂w = {bwd.gradient['w']:.4f}")
assert np.isclose(bwd.gradient["w"], -2 * 1 * np.exp(-1) * 0.5)
viz.draw(bwd).save("own-op.svg")

# The derivatives of its derivative come from the same line; SymPy agrees with them too.
slope = cg.grad(bump(x), x)
assert cg.prove(slope.named("s")).proved
assert np.isclose(cg.forward(cg.grad(slope, x), x=0).values[-1], -2)

# It works on arrays, and in a compiled program.
X = cg.variable("X", ("m", 2))
total = cg.sum(bump(X))
value, gradient = cg.compile([total, cg.grad(total, X)])(X=[[0.5, 1], [2, 3]])
print(f"compiled: {value:.4f}, gradient {gradient.round(4).tolist()}")
assert np.isclose(value, np.exp(-0.25) + np.exp(-1) + np.exp(-4) + np.exp(-9))

# Names in a rule (w.) are those of the table. A row for two operands has two rules.
blend = cg.op(elementwise("blend", "x*tanh(y)", lambda xp, x, y: x * xp.tanh(y),
                          lambda w, z, x, y: w.tanh(y), lambda w, z, x, y: x * (1 - w.square(w.tanh(y)))))  # fmt: skip
assert cg.prove(blend).proved
