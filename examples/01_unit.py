"""A neural unit: a weighted sum and an activation.

A unit multiplies each input by a weight, adds a bias, and sends the sum z through a function f that is not linear. The
result a = f(z) is what the unit gives to the next ones (SLP3 Section 6.1, Eqs. 6.1 to 6.6).
"""

import math

import cgraph as cg
import viz
from cgraph import nn

# The weights, the bias and the input are those of the chapter. A unit is called on its input and gives a node; a
# forward pass computes the value of every node.
unit = nn.textbook.Unit([0.2, 0.3, 0.9], 0.5, "sigmoid")
x = [0.5, 0.6, 0.1]
fwd = cg.forward(unit(x))
print(f"z = {fwd['z']:.2f}, a = {fwd['a']:.2f}")

# The same by hand: the sum of the products and the bias, then 1 / (1 + e⁻ᶻ).
z = 0.2 * 0.5 + 0.3 * 0.6 + 0.9 * 0.1 + 0.5
assert math.isclose(fwd["z"], z)
assert math.isclose(z, 0.87)
assert math.isclose(fwd["a"], 1 / (1 + math.exp(-z)))
assert round(float(fwd["a"]), 2) == 0.70

# Another activation gives another answer to the same sum.
for name in ("sigmoid", "tanh", "relu"):
    a = cg.forward(nn.textbook.Unit([0.2, 0.3, 0.9], 0.5, name)(x))["a"]
    print(f"{name:7} {a:.4f}")
assert math.isclose(a, z)  # ReLU hands on what is positive

# A sigmoid that is far from 0 is saturated: its slope, and all that is multiplied by it, is almost nothing.
a = cg.sigmoid(cg.variable("z"))
slopes = {at: float(cg.backward(cg.forward(a, z=at)).gradient["z"]) for at in (0, 2, 20)}
print("slopes of the sigmoid:", ", ".join(f"{slope:.2g} at {at}" for at, slope in slopes.items()))
assert slopes[0] == 0.25
assert slopes[20] < 1e-8

# As the textbook draws it: the sum and the activation are two circles.
viz.network(unit, expand=True, caption="A unit of three inputs").save("unit.svg")
