"""A proof ends: with what was decided by then, and what was not."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import pytest
import random_graphs
import random_scalars
import sympy

import cgraph as cg
from cgraph.errors import ValueRefusedError
from cgraph.proof.clock import ENDLESS, Clock, OutOfTimeError


def test_what_runs_on_is_given_up_and_the_trace_function_put_back() -> None:
    def call() -> None:
        pass

    def forever() -> int:
        while True:
            str(1).strip().center(3)
            call()

    before = sys.gettrace()
    with pytest.raises(OutOfTimeError):
        Clock.of(0.01).run(forever)
    assert sys.gettrace() is before
    assert ENDLESS.run(lambda: 3) == 3


def called() -> None:
    pass


def generating() -> Iterator[int]:
    try:
        yield 1
    finally:
        while True:
            called()
            if monotonic() > LATE[0]:
                break


def delegating() -> Iterator[int]:
    yield from generating()


class Ends:
    def __del__(self) -> None:
        while monotonic() < LATE[0]:
            called()


class Held:
    pass


def keys_that_end() -> Callable[[], None]:
    held = [Held() for _ in range(1000)]
    keys = weakref.WeakKeyDictionary(dict.fromkeys(held, 1))

    def end() -> None:
        while monotonic() < LATE[0]:
            pass
        held.clear()
        assert not keys

    return end


LATE = [0.0]
ENDINGS: dict[str, Callable[[], Any]] = {  # each makes what runs in a call that nobody hears, when the time is spent
    "a generator": lambda: lambda: next(iter(generating())),
    "a generator of a generator": lambda: lambda: next(iter(delegating())),
    "an object": lambda: Ends,
    "keys of a dictionary": keys_that_end,
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS.keys())
def test_nothing_is_raised_where_it_would_only_be_printed(
    end: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", printed.append)

    ends = end()

    def all_of_it() -> None:
        ends()
        while monotonic() < LATE[0] + 5:  # a trace function that raised is gone, whoever caught what it raised
            called()

    LATE[0] = monotonic() + 0.05
    with pytest.raises(OutOfTimeError):
        Clock.of(0.02).run(all_of_it)
    assert monotonic() >= LATE[0] - 0.02
    assert [str(what.exc_value) for what in printed] == []


def test_nothing_in_sympy_catches_that_the_time_is_spent() -> None:
    assert not issubclass(OutOfTimeError, Exception)
    x = sympy.Symbol("x", real=True)
    with pytest.raises(OutOfTimeError):
        Clock.of(0.05).run(lambda: [sympy.simplify(sympy.sin(x * k) / sympy.exp(x + k)) for k in range(1000)])


def test_a_share_is_what_is_left_divided() -> None:
    clock = Clock.of(100)
    assert 49 < clock.share(2).left <= 50
    assert 99 < clock.share(1).left <= 100
    assert Clock.of(-1).left == 0


def hard() -> Any:
    A, x, b = cg.variable("A", (2, 2)), cg.variable("x", 2), cg.variable("b", 2)
    return cg.mean(cg.layer_norm(cg.gelu(A @ x + b)) ** 2 * [1, 2]).named("L")


def test_a_proof_without_time_left_says_what_it_did_not_decide() -> None:
    report = cg.prove(hard(), seconds=1e-6)
    assert not report.proved and not report.failures
    assert {c.verdict for c in report.checks} <= {"proved", "agrees", "undecided"}
    assert "the time of 1e-06 s was spent" in str(report)
    assert [c.subject for c in report.checks] == ["∂L/∂A", "∂L/∂b", "∂L/∂x"]


def test_what_algebra_does_not_decide_in_time_agrees_at_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgraph.proof.judgement._vanishes", lambda difference: Clock.of(-1).run(int))
    for room in ("judgement", "nodewise"):
        monkeypatch.setattr(f"cgraph.proof.{room}.cancels", lambda difference: False)
    report = cg.prove("L = mish(x)*tanh(x)", seconds=20)
    assert [c.verdict for c in report.checks] == ["agrees"]
    assert report.verdict == "not proved: of 1 derivatives 1 agrees at points only"


def test_progress_is_told_before_each_derivative() -> None:
    told = []
    cg.prove("L = a*b*c", progress=told.append, seconds=30)
    assert [(p.subject, p.done, p.count) for p in told] == [("∂L/∂a", 0, 3), ("∂L/∂b", 1, 3), ("∂L/∂c", 2, 3)]
    assert all(0 < p.left <= 30 for p in told)


@pytest.mark.parametrize("seconds", [0, -1, "5", None, float("nan")])
def test_a_time_that_is_none_is_refused(seconds: Any) -> None:
    with pytest.raises(ValueRefusedError, match="the time that a proof may take"):
        cg.prove("L = a*b", seconds=seconds)


def test_ids_are_given_and_other_leaves_too_if_one_wants() -> None:
    table, ids, w = cg.variable("T", (3, 2)), cg.variable("y", "m"), cg.variable("w", ("m", 2))
    loss = cg.sum(w * cg.take(table, ids) ** 2)
    report = cg.prove(loss, y=[0, 2, 0])
    assert report.proved, report
    assert len(report.checks) == 3 * 2 + 3 * 2
    assert "∂v3/∂T[1,0] = 0" in " ".join(str(report).split()) or report.checks[2].ours == 0
    numbers = cg.prove(loss, {"m": 2}, values={ids: [0, 2], "w": [[1, 2], [3, 4]]})
    assert {c.subject.split("∂")[2][0] for c in numbers.checks} == {"T"}
    with pytest.raises(cg.CgraphError, match="ids choose rows"):
        cg.prove(loss)


def test_the_derivatives_that_are_asked_for_are_proved_and_no_others() -> None:
    g = cg.parse("L = a*b*c")
    assert [c.subject for c in cg.prove(g, wrt="b").checks] == ["∂L/∂b"]
    assert [c.subject for c in cg.prove(g, wrt=["c", g["a"]]).checks] == ["∂L/∂c", "∂L/∂a"]
    for wrong, said in ((["L"], "it is computed"), (["q"], "q")):
        with pytest.raises(cg.CgraphError, match=said):
            cg.prove(g, wrt=wrong)
    with pytest.raises(ValueRefusedError, match="it is a number"):
        cg.prove(g, wrt="a", a=3)
    with pytest.raises(ValueRefusedError, match="every leaf is given"):
        cg.prove(g, a=1, b=2, c=3)
    with pytest.raises(ValueRefusedError, match="rule by rule"):
        cg.prove("tanh", x=3)


SECONDS = 3.0


def drawn(seed: int) -> Any:
    return random_scalars.random_graph(seed, 24) if seed % 6 else random_graphs.random_graph(seed)[0]


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_random_graph_is_proved_or_agrees_within_its_time(seed: int) -> None:
    report = cg.prove(random_scalars.random_graph(seed, 12), seconds=SECONDS)
    assert not report.failures, report


@pytest.mark.slow
def test_each_of_300_random_graphs_ends_and_none_is_wrong() -> None:
    decided = 0
    for seed in range(300):
        report = cg.prove(drawn(seed), seconds=SECONDS)
        assert not report.failures, (seed, report)
        for check in report.checks:
            if check.verdict == "undecided":
                assert "the time" in check.reason or "no point" in check.reason, (seed, check)
        decided += all(c.verdict != "undecided" for c in report.checks)
    assert decided > 280


@pytest.mark.slow
def test_a_layer_normalised_net_ends() -> None:
    report = cg.prove(hard(), seconds=20)
    assert not report.failures
    assert len(report.checks) == 4 + 2 + 2
    assert {"proved", "agrees"} & {c.verdict for c in report.checks}
