"""Figures of units and of nets: the sigmoid, one unit, perceptrons, XOR, the feedforward net (SLP3 6.1 to 6.9)."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgraph import nn
from cgraph.graph.node import variable
from cgraph.passes.numbers import forward
from viz.ink.themes import ThemeLike
from viz.ink.typeset import italic
from viz.models import layers_of
from viz.plots.curves import Curve, Points, activations, scatter
from viz.plots.training import Plot
from viz.schematics.dense import DUMMY, layers, unit
from viz.schematics.picture import SchematicPicture, picture

CORNERS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))


def sigmoid_curve(theme: ThemeLike, caption: str, description: str) -> Plot:
    """Fig. 6.1."""
    return activations(
        [Curve("sigmoid", -8, 8, (0, 1), bounds=(1,))], theme=theme, caption=caption, description=description
    )


def neural_unit(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.2: the unit that the chapter computes by hand."""
    (dense,) = layers_of(nn.textbook.Unit([0.2, 0.3, 0.9], 0.5, "sigmoid"))
    return picture(unit(dense), theme=theme, caption=caption, description=description)


def tanh_and_relu(theme: ThemeLike, caption: str, description: str) -> Plot:
    """Fig. 6.3."""
    curves = [Curve("tanh", -10, 10, (-1, 1), "(a)", (-1, 1)), Curve("relu", -10, 10, (-10, 10), "(b)")]
    return activations(curves, theme=theme, caption=caption, description=description)


def perceptrons(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.4: nn.textbook.AND and nn.textbook.OR."""
    panels = [
        layers(gate, captions=False, tag=tag) for gate, tag in ((nn.textbook.AND, "(a)"), (nn.textbook.OR, "(b)"))
    ]
    return picture(panels, theme=theme, caption=caption, description=description)


def separability(theme: ThemeLike, caption: str, description: str) -> Plot:
    """Fig. 6.5: the classes are what the perceptrons and the XOR net answer."""
    x = variable("x", ("m", 2))
    answers = [forward(gate(x), {x: CORNERS})["a"] for gate in (nn.textbook.AND, nn.textbook.OR)]
    answers.append(nn.textbook.xor_net().predict(CORNERS).ravel())
    x1, x2 = f"{italic('x')}₁", f"{italic('x')}₂"
    titles = [f"{tag} {x1} {name} {x2}" for tag, name in (("(a)", "AND"), ("(b)", "OR"), ("(c)", "XOR"))]
    panels = [_plane(title, CORNERS, answer) for title, answer in zip(titles, answers, strict=True)]
    return scatter(panels, theme=theme, caption=caption, description=description)


def xor(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.6: nn.textbook.xor_net()."""
    panel = layers(nn.textbook.xor_net(), captions=False)
    return picture(panel, theme=theme, caption=caption, description=description)


def hidden_space(theme: ThemeLike, caption: str, description: str) -> Plot:
    """Fig. 6.7: the hidden representation of nn.textbook.xor_net()."""
    net = nn.textbook.xor_net()
    answers = net.predict(CORNERS).ravel()
    names = tuple(f"{a:.0f}{b:.0f}" for a, b in CORNERS)
    panels = [
        _plane(f"(a) the inputs, in {italic('x')} space", CORNERS, answers, mark="", names=names),
        _plane(
            f"(b) the hidden units, in {italic('h')} space",
            net.hidden_representation(CORNERS),
            answers,
            "h",
            names=names,
        ),
    ]
    return scatter(panels, theme=theme, caption=caption, description=description)


def feedforward(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.8: a net whose sizes are names."""
    return picture(layers(_two_layers()), theme=theme, caption=caption, description=description)


def dummy_input(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.9: the net of Fig. 6.8 with its bias drawn in both ways."""
    net = _two_layers()
    panels = [layers(net, captions=False, tag="(a)"), layers(net, captions=False, bias=DUMMY, tag="(b)")]
    return picture(panels, theme=theme, caption=caption, description=description)


def _two_layers() -> nn.Sequential:
    hidden = nn.Linear(variable("W", ("n0", "n1")), variable("b", ("n1",)))
    output = nn.Linear(variable("U", ("n1", "n2")))
    return nn.Sequential([hidden, nn.Activation("sigmoid"), output, nn.Activation("softmax")])


def _plane(
    title: str, points: Any, answers: Any, letter: str = "x", mark: str = "?", names: tuple[str, ...] = ()
) -> Points:
    """Points with the class that a net gives them, and the line of the exact witness where there is one."""
    classes = tuple(int(a) for a in np.asarray(answers))
    places = tuple((float(p), float(q)) for p, q in points)
    witness = nn.textbook.is_linearly_separable(points, classes)
    if witness.w is None or witness.b is None:
        return Points(title, places, classes, letter, mark=mark, names=names)
    w1, w2 = map(float, witness.w)
    return Points(title, places, classes, letter, ((w1, w2), float(witness.b)), names=names)
