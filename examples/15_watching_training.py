"""Watching a training: a unit that is dead from its start, and ten sigmoids through which the gradient vanishes."""

import cgraph as cg
import viz
from cgraph import nn, train

rows = train.data.xor()

# Four ReLUs learn XOR, but the second starts so far below 0 that no row turns it on.
net = nn.MLP([2, 4, 1], seed=0).with_values({"b[1]": [0.5, -9.0, 0.2, 0.0]})
L = nn.sigmoid_cross_entropy_loss(net(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
watch = viz.Watch(L, {"X": rows.X, "Y": rows.Y}, every=10)
train.fit(net, rows, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), 100, batch_size=4, callbacks=[watch])

film = watch.film()  # all steps on one layout and one scale of colours; colour="gradient" shows the gradients
film.save("watching_training.html")  # with a slider; .svg plays by itself, film.save_frames(folder) is for slides
film.pictures[-1].save("watching_training.svg")
print(*film.titles, sep="\n")
assert film.titles[0] == "start: L = 0.706" and len(film) == 11

# The list says which unit, with which numbers, why it matters and what to try.
first, *_, last = film.diagnoses
print(last)
(dead,) = last.of("dead ReLU")
assert dead.units == (2,) == first.of("dead ReLU")[0].units
weights = [bwd.forward["W[1]"][:, 1] for bwd in watch.passes()]
assert all((w == weights[0]).all() for w in weights)  # it never learned

# Through ten sigmoids the first layer gets a millionth of what the last one gets; through ReLUs it gets all of it.
for activation, vanishes in (("sigmoid", True), ("relu", False)):
    deep = nn.MLP([1] * 11, [activation] * 10, seed=0).with_values({f"W[{i}]": [[1.0]] for i in range(1, 11)})
    found = viz.diagnose(cg.backward(cg.forward(deep(cg.constant([[0.5]])).sum())))
    print(f"{activation}: ‖∂L/∂z[1]‖ / ‖∂L/∂z[10]‖ = {found.layers[0].norm / found.layers[-1].norm:.3g}")
    assert bool(found.of("vanishing gradient")) is vanishes
