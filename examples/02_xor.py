"""XOR: no single unit can compute it, three units in two layers can.

A perceptron answers 1 on one side of a line and 0 on the other. AND and OR have such a line and XOR has none. A hidden
layer moves the four points to places where a line is enough (SLP3 Section 6.2, Figs. 6.4 to 6.7).
"""

import cgraph as cg
import viz
from cgraph import nn, train

rows = train.data.xor()

# AND and OR are one perceptron each, with weights of 1 and another bias.
for name, gate, expected in (("AND", nn.textbook.AND, [0, 0, 0, 1]), ("OR", nn.textbook.OR, [0, 1, 1, 1])):
    answers = cg.forward(gate(rows.X))["a"].tolist()
    print(f"{name:3} of 00, 01, 10, 11: {answers}, on the line {nn.textbook.decision_line(gate)}")
    assert answers == expected

# Is there a line? The answer comes with its proof: weights for one that there is, or a point that both classes reach.
for name, table in (("AND", [0, 0, 0, 1]), ("XOR", [0, 1, 1, 0])):
    print(f"{name}: {nn.textbook.is_linearly_separable(table)}")
found = nn.textbook.is_linearly_separable([0, 1, 1, 0])
assert not found
assert found.certificate.holds()

# Three ReLU units with weights written by hand compute XOR.
net = nn.textbook.xor_net()
assert net.predict(rows.X).ravel().tolist() == [0, 1, 1, 0]
viz.network(net, captions=False, caption="Three ReLU units compute XOR").save("xor-net.svg")

# In the hidden layer 01 and 10 are the same point, and a line separates it from the other two.
hidden = cg.forward(net(rows.X))["a[1]"].tolist()
for x, h in zip(rows.X.tolist(), hidden, strict=True):
    print(f"x = {x} becomes h = {h}")
assert hidden[1] == hidden[2] == [1, 0]
assert nn.textbook.is_linearly_separable(hidden, [0, 1, 1, 0])
viz.figure("6.7").save("xor-hidden-space.svg")

# Nobody has to write the weights: one unit ends at log 2, the loss of a guess; a net with a
# hidden layer learns all four.
right = {}
for name, model in (("one unit", nn.MLP([2, 1], seed=0)), ("2-4-1 net", nn.MLP([2, 4, 1], "tanh", seed=0))):
    run = train.fit(model, rows, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), epochs=500, batch_size=4)
    right[name] = train.metrics.accuracy(train.predict(run.model, rows.X), rows.Y)
    print(f"{name:9} trained: loss {run.history[-1].loss:.3f}")
assert right["one unit"] <= 0.75
assert right["2-4-1 net"] == 1
