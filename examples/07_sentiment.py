"""Sentiment: from features made by hand (Fig. 6.10) to the mean of embeddings that are learned (Fig. 6.13)."""

import cgraph as cg
import viz
from cgraph import nn, train

REVIEWS = {
    "dessert was great": 1,
    "a great and lovely dinner": 1,
    "we love the excellent soup": 1,
    "the soup was good, the dessert great!": 1,
    "no taste and no salt": 0,
    "the dinner was awful": 0,
    "there was no soup, the bread was bad": 0,
    "a bad and awful dessert": 0,
}
good = list(REVIEWS.values())

# By hand: how many words, how many from a lexicon of positive words, how often "no".
lexicon = {"great", "good", "love", "lovely", "excellent"}
assert nn.text.features("dessert was great", lexicon) == [3, 1, 0]
features = [nn.text.features(text, lexicon) for text in REVIEWS]
by_hand = train.fit(
    nn.Sequential([nn.Normalise.fit(features), nn.MLP([3, 4, 2], "tanh", seed=0)]),
    (features, good),
    nn.softmax_cross_entropy_loss,
    train.Adam(0.05),
    epochs=60,
)
print("features made by hand:", train.metrics.accuracy(train.predict(by_hand.model, features), good))

# Learned: each word has a row of E, a review is the mean of its rows; <pad> fills the short ones up and counts nothing.
words = [nn.text.tokens(text) for text in REVIEWS]
vocabulary = nn.Vocabulary.of(words, padding=True)
ids = vocabulary.padded(words)
model = nn.language.PooledClassifier.random(
    nn.Embedding.random(len(vocabulary), 4, seed=0), hidden=3, classes=2, seed=0, padding=vocabulary.padding
)
learned = train.fit(model, (ids, good), nn.softmax_cross_entropy_loss, train.Adam(0.05), epochs=80).model
accuracy = train.metrics.accuracy(train.predict(learned, ids), good)
print("embeddings that are learned:", accuracy)
assert accuracy == 1.0

unseen = vocabulary.padded([nn.text.tokens("A lovely soup"), nn.text.tokens("an awful zebra, no!")])
for row in cg.forward(learned.probabilities(unseen)).values[-1]:
    print(f"bad {row[0]:.2f}, good {row[1]:.2f}")

# The net, as the textbook draws it, for one review: the places of its words in the vocabulary are counted from 1.
places = {word: int(i) + 1 for word, i in zip(words[0], vocabulary.ids(words[0]), strict=True)}
viz.network(learned, words=places, caption="The pooled classifier").save("sentiment-net.svg")

# The graph with both passes of that review: only the rows of E that were read get a gradient.
bwd = cg.backward(cg.forward(nn.softmax_cross_entropy_loss(learned(ids[:1]), good[:1])))
used = {i for i, row in enumerate(bwd.gradient["E"]) if row.any()}
assert used == set(vocabulary.ids(words[0]))
viz.draw(bwd, direction="TB").save("sentiment.svg")

# On 10,605 real sentences, with GloVe vectors: cgraph train sentiment
