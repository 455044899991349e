"""A language model: the next word from the embeddings of the words before it (Fig. 6.14), with one E for all places."""

import cgraph as cg
import viz
from cgraph import nn, train

TEXT = """
the cat sat on the mat . the dog sat on the rug . the cat ran to the door . the dog ran to the gate .
so long , and thanks for all the fish . the cat ate the fish . the dog ate the bone .
"""
words = nn.text.words_and_signs(TEXT)
vocabulary = nn.Vocabulary.of([words])
model = nn.language.LanguageModel.random(vocabulary, width=6, hidden=16, context=3, seed=0)
print("parameters:", {p.name: p.shape for p in model.parameters})

data = nn.text.windows(vocabulary.ids(words), 3)  # every three words, and the one that came next
run = train.fit(model, data, nn.softmax_cross_entropy_loss, train.Adam(0.02), epochs=80)
model = run.model

logits = train.predict(model, data.contexts)
print(f"perplexity on its own text: {train.metrics.perplexity(logits, data.targets):.2f} of {len(vocabulary)} words")
assert train.metrics.perplexity(logits, data.targets) < 2

print("for all the …", *(f"{word} {p:.2f}" for word, p in model.predict_next(["for", "all", "the"], 3)))
assert model.predict_next(["for", "all", "the"])[0][0] == "fish"
print("the cat sat", *model.sample(["the", "cat", "sat"], 12, seed=0))

# The net, as the textbook draws it: every place has the same E.
viz.network(model, words=["for", "all", "the"], caption="A language model").save("language-model-net.svg")

# One step back through the net: e1, e2 and e3 are rows of the same E, so their gradients meet there.
bwd = cg.backward(cg.forward(nn.softmax_cross_entropy_loss(model(data.contexts[:1]), data.targets[:1])))
assert bwd.gradient["E"].shape == model.embedding.E.shape
viz.draw(bwd, direction="TB").save("language-model.svg")

# On Shakespeare's plays, with a vocabulary of 5,000 words, beside a trigram: cgraph train lm
