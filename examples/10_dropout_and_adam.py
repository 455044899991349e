"""Dropout and Adam: two habits of training, both of them graphs.

Dropout sets each hidden unit to 0 with probability p while training and divides the others by 1 - p; at inference it is
not there. Adam divides each step by the recent size of the gradient, weight by weight (SLP3 Section 6.6.5; Kingma and
Ba 2015; Loshchilov and Hutter 2019).
"""

import numpy as np

import cgraph as cg
import viz
from cgraph import nn, train

# A mask is a leaf of the graph. What was dropped passes no gradient back.
h = nn.Dropout(0.5)(cg.variable("h", 4), training=True)
bwd = cg.backward(cg.forward(cg.sum(h), h=[1, 2, 3, 4], mask=[1, 0, 1, 0]))
print("kept and scaled:", bwd.forward[h].tolist(), "gradient:", bwd.gradient["h"].tolist())
assert bwd.forward[h].tolist() == [2, 0, 6, 0]
assert bwd.gradient["h"].tolist() == [2, 0, 2, 0]

# One step of AdamW for a weight w with the loss w²: the new weight and the new moments are nodes.
w = cg.parameter("w", 3.0)
gradient = cg.grad((w * w).named("L"), w)
updates = train.AdamW(0.1, weight_decay=0.01).updates([w], [gradient])
step = cg.forward(list(updates.new.values()))
print("after one step:", ", ".join(f"{node.name} = {step[node]:.6g}" for node in updates.new.values()))
m, v = 0.1 * 6, 0.001 * 36  # by hand: (1 - β₁)g and (1 - β₂)g²
by_hand = 3 * (1 - 0.1 * 0.01) - 0.1 * (m / (1 - 0.9)) / (np.sqrt(v / (1 - 0.999)) + 1e-8)
assert np.isclose(step[updates.new[w]], by_hand, rtol=1e-12)
viz.draw(step, direction="TB", caption="One update of AdamW as a graph").save("adamw.svg")

# Digits, few epochs: with Adam the loss falls sooner than with plain descent at the same rate.
digits = train.data.digits(seed=0)
few = digits.train.X[:600], digits.train.Y[:600]
runs = {}
for name, optimizer, dropout in (
    ("SGD", train.SGD(0.01), 0.0),
    ("AdamW", train.AdamW(0.01), 0.0),
    ("AdamW and dropout", train.AdamW(0.01), 0.2),
):
    model = nn.MLP([64, 32, 10], "relu", seed=0, dropout=dropout)
    runs[name] = train.fit(model, few, nn.softmax_cross_entropy_loss, optimizer, epochs=8, devset=digits.test)
    last = runs[name].history[-1]
    print(f"{name}: loss {last.loss:.2f}, right on {last.metric:.0%} of the test part")
assert runs["AdamW"].history[-1].loss < runs["SGD"].history[-1].loss / 2
assert runs["AdamW and dropout"].history[-1].metric > 0.85
