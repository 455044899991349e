"""Embeddings: a row of a matrix for each word.

A word is a number, its place in the vocabulary. Its embedding is the row of E at that place, which is also the product
of a one-hot row and E. Pooling makes one vector of a text of any length (SLP3 Section 6.5, Figs. 6.11 to 6.13).
"""

import numpy as np

import cgraph as cg
import viz
from cgraph import nn

vocabulary = nn.Vocabulary.of([["dessert", "was", "great", "really"]])
words = ["really", "great", "really"]
ids = vocabulary.ids(words)
E = np.random.default_rng(0).normal(0, 1, (len(vocabulary), 4)).round(2)

# Two ways to the same rows.
look_up, product = nn.Embedding.of(E), nn.Embedding(cg.parameter("E", E), one_hot=True)
rows = {}
gradients = {}
for name, layer in (("look-up", look_up), ("one-hot product", product)):
    pooled = cg.mean(layer(ids).named("e"), axis=0).named("x")
    loss = cg.sum(pooled**2).named("L")
    bwd = cg.backward(cg.forward(loss))
    rows[name], gradients[name] = bwd.forward["e"], bwd.gradient["E"]
    viz.draw(bwd, caption=f"Embeddings by {name}").save(f"embeddings-{name.split()[0]}.svg")
assert np.array_equal(rows["look-up"], E[ids])
assert np.array_equal(rows["look-up"], rows["one-hot product"])
assert np.allclose(gradients["look-up"], gradients["one-hot product"], rtol=1e-15)

# Only the rows that were used have a gradient. "really" was used twice: two contributions add up.
print("ids of", *words, "are", *ids)
for word, gradient in zip(vocabulary.words, gradients["look-up"], strict=True):
    print(f"{word:8} {gradient.round(3).tolist()}")
used = gradients["look-up"].any(axis=1)
assert set(np.flatnonzero(used)) == set(ids)
assert np.allclose(gradients["look-up"][ids[0]], 2 * gradients["look-up"][ids[1]])

# Mean and max pooling forget the order; putting embeddings side by side keeps it.
e = rows["look-up"]
swapped = e[[1, 0, 2]]
for pool in (cg.mean, cg.max):
    first, second = (cg.forward(pool(cg.constant(v), axis=0)).values[-1] for v in (e, swapped))
    assert np.allclose(first, second, rtol=1e-15)
assert not np.array_equal(e.reshape(-1), swapped.reshape(-1))

# Frozen embeddings are constants: nothing flows to them, and training leaves them as they are.
assert nn.Embedding.of(E, frozen=True).parameters == ()
