"""Handwritten digits: a net of 32 hidden units reads 97 in 100 of images that it has not seen."""

from cgraph import nn, train
from viz.plots.training import learning_curve

digits = train.data.digits(seed=0)
model = nn.MLP([64, 32, 10], "relu", seed=0)
run = train.fit(
    model,
    digits.train,
    nn.softmax_cross_entropy_loss,
    train.SGD(0.2),
    epochs=60,
    batch_size=25,
    devset=digits.test,
    progress=True,
)

for epoch in run.history[::10]:
    print(f"epoch {epoch.number:2}: {epoch.text}")

logits = train.predict(run.model, digits.test.X)
accuracy = train.metrics.accuracy(logits, digits.test.Y)
print(f"right on {accuracy:.1%} of {len(digits.test.X)} images")
assert accuracy >= 0.96

# The whole step, loss and updates, is one graph.
print(f"one step of training is a graph of {len(run.step)} nodes: {run.step}")

learning_curve(run.history).save("digits.svg")
