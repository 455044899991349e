"""What is wrong with the gradients of a pass, in a list that says where, in numbers, why it matters and what to try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cgraph import quoting
from cgraph.errors import ValueRefusedError
from cgraph.graph.node import short
from cgraph.graph.parse import GraphLike
from cgraph.nn.textbook.gradients import SATURATED as FLAT
from cgraph.passes.backward import Backward
from viz.asked import subject
from viz.diagnosis import layers, leaves, units
from viz.diagnosis.finding import KINDS, Finding

SHARE = 0.95  # nearly all examples
VANISHING, EXPLODING = 1e-3, 1e3


MOST = 2000  # characters that are shown of a diagnosis that is not printed


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """The findings of a pass: iterate, `len`, `.of("dead ReLU")`, or print. `notes` say what the pass cannot show."""

    findings: tuple[Finding, ...]
    layers: tuple[layers.LayerNorm, ...] = field(repr=False)
    examples: int
    notes: tuple[str, ...] = field(repr=False)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def of(self, kind: str) -> tuple[Finding, ...]:
        """The findings of one kind. Raises ValueRefusedError for a kind that there is not."""
        if kind not in KINDS:
            raise ValueRefusedError(f"there is no finding {kind!r}", fix=f"choose one of {', '.join(KINDS)}")
        return tuple(f for f in self.findings if f.kind == kind)

    @property
    def text(self) -> str:
        """The whole list as text."""
        few = {0: "nothing found", 1: "1 finding"}.get(len(self), f"{len(self)} findings")
        listed = [f"{i}. {finding}" for i, finding in enumerate(self.findings, 1)]
        return "\n".join([f"{few} in a backward pass", *listed, *(f"note: {note}" for note in self.notes)])

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return quoting.shortened(self.text, MOST, "print() shows all of it")


def diagnose(
    of: Backward | GraphLike,
    values: Mapping[Any, Any] | None = None,
    /,
    *,
    slope: float = FLAT,
    share: float = SHARE,
    vanishing: float = VANISHING,
    exploding: float = EXPLODING,
    **named: Any,
) -> Diagnosis:
    """What is wrong with the gradients of a backward pass in numbers, of tensors or of neurons (`cg.unroll`).

    not finite            the first node that made a NaN or an infinity, in its value or else in its derivative
    indeterminate         an edge on which 0 met ∞ outside of masks: the gradient is set to 0 there and may be another
    dead ReLU             a unit whose pre-activation is below 0 for every example of the pass, so that its slope is 0
    saturated             a sigmoid, tanh ... unit with a slope below `slope` (0.01) for at least a `share` (95 %) of
                          the examples, at either bound (SLP3 Section 6.1)
    vanishing, exploding  ‖∂L/∂z‖ of an earlier layer over that of a later one is below `vanishing` (0.001) or above
                          `exploding` (1000); layers are those of `nn.textbook.gradient_norms`, or else the
                          activations in a row
    zero gradient         a parameter whose gradient is 0 in every entry, and the op where it stopped
    unused                a parameter that no gradient reaches

    Examples are rows: the last axis of an activation are its units, all others examples; a last axis with a name
    (shape ("m",)) is examples of one unit. In a graph without parameters, its variables are taken for them.
    With values, `of` is a graph or a formula, of which the pass is computed first.
    Raises ValueRefusedError for anything but a backward pass in numbers, and for limits that are none.

    >>> import cgraph as cg
    >>> z = cg.constant([[1.0, 2.0]]) @ cg.parameter("W", [[1.0, -1.0], [1.0, -1.0]])
    >>> found = diagnose(cg.backward(cg.forward(cg.sum(cg.relu(z).named("a")))))
    >>> [(f.kind, f.name, f.units) for f in found]
    [('dead ReLU', 'a', (2,))]
    """
    given = {**(values or {}), **named}
    bwd = subject(of, given, diagnose.__kwdefaults__ or ()) if given else of
    if not isinstance(bwd, Backward) or not bwd.forward.world.numeric:
        raise ValueRefusedError(
            f"{short(bwd)} cannot be diagnosed",
            why="only a backward pass has the gradients, and only in numbers are they small or large",
            fix="give cg.backward(cg.forward(L, ...))",
        )
    if not (slope > 0 and 0 < share <= 1 and 0 < vanishing < 1 < exploding):
        raise ValueRefusedError(
            f"the limits are slope={slope!r}, share={share!r}, vanishing={vanishing!r}, exploding={exploding!r}",
            why="slope is above 0, share at most 1, vanishing below 1 and exploding above",
            fix="leave one out to have its default",
        )
    found, rows = units.activations(bwd), layers.layer_norms(bwd)
    findings = (
        *leaves.not_finite(bwd),
        *leaves.indeterminate(bwd),
        *units.dead(found),
        *units.saturated(found, slope, share),
        *layers.unequal(rows, vanishing, exploding),
        *leaves.zero(bwd),
        *leaves.unused(bwd),
    )
    examples = max((len(u.slopes) for u in found), default=0)
    return Diagnosis(findings, rows, examples, tuple(_notes(examples, len(rows), found)))


def _notes(examples: int, layers: int, found: list[units.Units]) -> Iterator[str]:
    if found and examples == 1:
        yield "one example: a unit that is off or flat here may be on for another; give a batch"
    elif found:
        yield f"{examples} examples of one moment: a unit that is off for all of them may be on for others, or later"
    if layers < 2:
        yield "fewer than two layers were found, so nothing is said of vanishing and exploding gradients"
    yield "parameters that are not in the graph of the pass are not seen"
