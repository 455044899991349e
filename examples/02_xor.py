"""XOR: no single unit can compute it, a net with one hidden layer learns it."""

import cgraph as cg
from cgraph import nn, train

rows = train.data.xor()

# One linear unit is right on three rows at most: no line separates the classes.
unit = train.fit(nn.MLP([2, 1], seed=0), rows, nn.sigmoid_cross_entropy, train.SGD(1.0), epochs=500, batch_size=4)
right = train.accuracy(train.predict(unit.model, rows.X), rows.Y)
print(f"one unit:       {right:.0%} right, loss {unit.history[-1].loss:.4f} (log 2 = 0.6931)")
assert right <= 0.75

# Four tanh units before it are enough.
net = nn.MLP([2, 4, 1], "tanh", seed=0)
run = train.fit(net, rows, nn.sigmoid_cross_entropy, train.SGD(1.0), epochs=1000, batch_size=4)
logits = train.predict(run.model, rows.X)
print(f"a hidden layer: {train.accuracy(logits, rows.Y):.0%} right, loss {run.history[-1].loss:.4f}")
for x, logit in zip(rows.X, logits, strict=True):
    print(f"  {x[0]:.0f} xor {x[1]:.0f} = {logit[0] > 0:d}   (logit {logit[0]:+.2f})")
assert train.accuracy(logits, rows.Y) == 1.0

# The trained model is an expression like any other: its hidden layer is a node of its graph.
pass_ = cg.forward(run.model(cg.variable("X", ("m", 2))), X=rows.X)
print("a[1] on the four rows:", *pass_["a[1]"].round(2).tolist(), sep="\n  ")
assert pass_["a[1]"].shape == (4, 4)
