"""Compiled training: the whole step as one program.

A step of training is a graph: the loss, its gradients and the new weights. Compiled, it runs without looking at the
graph again: operations in a fixed order, results in memory that is used again. The program holds the weights and
replaces them at the end of each call. train.fit does this by itself; here it is done by hand.
"""

import numpy as np

import cgraph as cg
import viz
from cgraph import nn, train

data = train.data.xor()
model = nn.MLP([2, 4, 1], "tanh", seed=0)
X, Y = cg.variable("X", (4, 2)), cg.variable("Y", (4, 1))
loss = nn.sigmoid_cross_entropy_loss(model(X), Y).named("L")

# The new value of each weight as a node: W' = W - η ∂L/∂W.
gradients = cg.grad(loss, model.parameters)
updates = train.SGD(1.0).updates(model.parameters, gradients)
step = cg.compile([loss], updates=updates.new, backend="numpy")
losses = [float(step(X=data.X, Y=data.Y)[0]) for _ in range(500)]
print(f"loss {losses[0]:.4f} at first, {losses[-1]:.4f} after {len(losses)} steps")
assert losses[-1] < 0.05 < losses[0]

# The same steps without a compiler, one pass each: the weights agree.
values = {p: p.value for p in model.parameters}
graph = cg.Graph([updates.new[p] for p in model.parameters])
for _ in range(20):
    fwd = cg.forward(graph, {**values, X: data.X, Y: data.Y})
    values = {p: fwd[updates.new[p]] for p in model.parameters}
again = cg.compile([loss], updates=updates.new, backend="numpy")
for _ in range(20):
    again(X=data.X, Y=data.Y)
for p in model.parameters:
    assert np.allclose(again.value(p), values[p], rtol=1e-9, atol=1e-12)

# A trained program gives its weights back to a model.
trained = model.with_values(step.values)
print("logits of 00, 01, 10, 11:", train.predict(trained, data.X).ravel().round(1).tolist())
assert train.metrics.accuracy(train.predict(trained, data.X), data.Y) == 1

# The program can be read: what it computes, in which order, where.
print("\n".join(step.source.splitlines()[:3]))
whole = cg.Graph([loss, *updates.new.values()])
viz.draw(whole, detail="hover", caption="One step of training, loss and updates").save("training-step.svg")
