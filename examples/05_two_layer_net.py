"""A whole net as a computation graph (Fig. 6.18).

A net of two inputs, two ReLU units and one sigmoid unit is a graph of scalars once every product has its own node. Here
it is written with matrices and unrolled into neurons; its gradients are the same numbers (SLP3 Eqs. 6.35 to 6.43).
"""

import math

import cgraph as cg
import viz
from cgraph import nn

# One example x with its label y, and weights written by hand: W[1] has a row for each input.
net = nn.MLP([2, 2, 1], ["relu", "sigmoid"], seed=0).with_values(
    {"W[1]": [[0.5, 0.75], [-0.25, 0.5]], "b[1]": [0.25, -0.5], "W[2]": [[1.0], [-0.5]], "b[2]": [0.125]}
)
y = cg.constant([[1.0]], name="y")
loss = cg.binary_cross_entropy(net(cg.variable("X", (1, 2))), y).sum().named("L")
bwd = cg.backward(cg.forward(loss, X=[[1.0, 0.5]]))

# The same graph at three zooms: a box a layer, a box a tensor, a box a neuron.
for zoom, direction in (("layers", "LR"), ("tensors", "TB"), ("neurons", "LR")):
    caption = f"The net and its loss: {zoom}"
    picture = viz.draw(bwd, zoom=zoom, style="circuit", direction=direction, caption=caption)
    print(f"{zoom}: {len(picture.drawing.boxes)} boxes")
    picture.save(f"net-{zoom}.svg")

# One scalar node for each number. Weights are called as in the chapter: w[1]12 leads from x2 to unit 1.
neurons = cg.unroll(bwd)
for name in ("z[1]1", "z[1]2", "z[2]", "a[2]", "L"):
    print(f"{name} = {neurons.forward[name]:.4f}, ∂L/∂{name} = {neurons.gradient[name]:.4f}")
assert neurons.gradient["w[1]12"] == bwd.gradient["W[1]"][1, 0]

# Sigmoid and cross-entropy together have the slope a[2] - y (Eq. 6.43).
assert math.isclose(neurons.gradient["z[2]"], neurons.forward["a[2]"] - 1)
print(f"a[2] - y = {neurons.forward['a[2]'] - 1:.4f}")

# A page of its own that walks through both passes; it computes again when an input is changed.
viz.draw(neurons, style="circuit").save("net-steps.html")
