"""Ops on whole arrays: traps in their derivatives with the right answers, NumPy's functions, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg


def gradient(build: Callable[[Any], Any], x: Any, upstream: Any = None) -> Any:
    """The gradient of the sum of (upstream * build(x)) by x, in numbers; the same as nodes must agree."""
    value = np.asarray(x, float)
    leaf = cg.variable("x", value.shape)
    node = build(leaf)
    total = node if node.shape == () and upstream is None else cg.sum(node * (1.0 if upstream is None else upstream))
    found = cg.backward(cg.forward(total, x=value)).gradient["x"]
    if leaf in cg.Graph(total) and "x" in set(cg.backward(cg.forward(total, x=value)).gradient):
        as_nodes = cg.grad(total, leaf)
        fed = {leaf: value} if leaf in cg.Graph(as_nodes) else {}
        assert cg.forward(as_nodes, fed).values[-1] == pytest.approx(found, nan_ok=True)
    return found


def value_of(node: Any, **feed: Any) -> Any:
    return cg.forward(node, **feed).values[-1]


# Reductions ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "x, expected", [([0, 2, 3], [6, 0, 0]), ([0, 0, 3], [0, 0, 0]), ([1, 2, 3], [6, 3, 2]), ([0, 0, 0], [0, 0, 0])]
)
def test_a_product_with_zeros_has_its_slopes(x: list[float], expected: list[float]) -> None:
    assert gradient(cg.prod, x).tolist() == expected


def test_the_hessian_of_a_product_with_zeros_is_right() -> None:
    x = cg.variable("x", 3)
    assert value_of(cg.hessian(cg.prod(x), x), x=[0, 0, 3]).tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]


def test_a_tie_of_max_goes_to_the_first_or_is_split() -> None:
    assert gradient(cg.max, [3, 3, 1]).tolist() == [1, 0, 0]
    assert gradient(lambda x: cg.max(x, ties="split"), [3, 3, 1]).tolist() == [0.5, 0.5, 0]
    assert gradient(lambda x: cg.min(x, ties="split"), [1, 3, 1]).tolist() == [0.5, 0, 0.5]
    assert gradient(lambda x: cg.max(x, axis=0), [[1, 5], [1, 2]]).tolist() == [[1, 1], [0, 0]]


def test_max_of_nan_is_nan_and_nan_gets_the_gradient() -> None:
    assert np.isnan(value_of(cg.max(cg.variable("x", 3)), x=[1, np.nan, 3]))
    assert gradient(cg.max, [1, np.nan, 3]).tolist() == [0, 1, 0]


def test_the_norm_at_zero_has_slope_zero_and_so_has_its_square() -> None:
    assert gradient(cg.norm, [0, 0]).tolist() == [0, 0]
    assert gradient(lambda x: cg.norm(x) ** 2, [0, 0]).tolist() == [0, 0]
    assert value_of(cg.norm(cg.variable("x", 2)), x=[3e200, 4e200]) == pytest.approx(5e200)


@pytest.mark.parametrize("value", [2.0, 0.1])
def test_equal_values_have_no_spread_and_no_slope(value: float) -> None:
    assert value_of(cg.std(cg.variable("x", 3)), x=[value] * 3) == 0
    assert gradient(cg.std, [value] * 3).tolist() == [0, 0, 0]
    assert gradient(cg.var, [value] * 3).tolist() == [0, 0, 0]


def test_logsumexp_neither_overflows_nor_makes_nan() -> None:
    assert value_of(cg.logsumexp(cg.variable("x", 2)), x=[1000, 1000]) == pytest.approx(1000 + np.log(2))
    assert value_of(cg.logsumexp(cg.variable("x", 2)), x=[-np.inf, -np.inf]) == -np.inf
    assert gradient(cg.logsumexp, [-np.inf, -np.inf]).tolist() == [0, 0]


@pytest.mark.parametrize("axis, each", [((1, 2), 1 / 12), ((), 1 / 24), ([], 1 / 24), (None, 1 / 24)])
def test_a_mean_gives_each_element_its_share(axis: Any, each: float) -> None:
    assert gradient(lambda x: cg.mean(x, axis=axis), np.ones((2, 3, 4))) == pytest.approx(np.full((2, 3, 4), each))


def test_argmax_and_one_hot_pass_nothing_on() -> None:
    for f in (cg.argmax, lambda x: cg.one_hot(x, classes=4)):
        assert gradient(lambda x, f=f: cg.sum(f(x)), [1.0, 3.0]).tolist() == [0, 0]
    assert value_of(cg.argmax(cg.variable("x", (2, 3)), axis=1), x=[[1, 5, 5], [7, 0, 1]]).tolist() == [1, 0]


# Broadcasting and products -------------------------------------------------------------------------------------------
def test_a_gradient_is_summed_over_new_and_stretched_axes() -> None:
    assert gradient(lambda x: np.ones((4, 2, 3)) * x, np.ones((1, 3))).tolist() == [[8, 8, 8]]
    assert gradient(lambda x: np.ones((2, 3)) + x, np.ones(3)).tolist() == [2, 2, 2]
    assert gradient(lambda x: np.ones((2, 3)) + x, 1.0).shape == ()


def test_products_of_vectors_matrices_and_stacks() -> None:
    assert gradient(lambda x: x @ np.array([3.0, 4.0]), [1, 2]).tolist() == [3, 4]
    assert gradient(lambda x: np.ones((2, 3)) @ x, np.ones(3)).tolist() == [2, 2, 2]
    assert gradient(lambda x: np.ones((4, 2, 3)) @ x, np.ones((3, 2))).tolist() == np.full((3, 2), 8).tolist()
    assert gradient(lambda x: x @ x.T, [[1, 2]], [[1.0]]).tolist() == [[2, 4]]
    assert gradient(lambda x: cg.einsum("ij,kj->", x, x), [[1, 2]]).tolist() == [[2, 4]]


def test_the_slope_of_a_determinant_is_right_where_there_is_no_inverse() -> None:
    assert gradient(cg.det, [[0, 0], [0, 1]]) == pytest.approx(np.array([[1, 0], [0, 0]]))
    with pytest.raises(cg.CgraphError, match="singular"):
        value_of(cg.inv(cg.variable("x", (2, 2))), x=[[1, 2], [2, 4]])


def test_solve_and_inverse_agree() -> None:
    x, y = cg.variable("x", (3, 3)), cg.variable("y", 3)
    feed = {"x": np.random.default_rng(0).normal(size=(3, 3)), "y": [1.0, 2.0, 3.0]}
    for leaf in (x, y):
        one, other = (cg.grad(cg.sum(f), leaf) for f in (cg.solve(x, y), cg.inv(x) @ y))
        fed = [{n: v for n, v in feed.items() if n in [m.name for m in cg.Graph(g).inputs]} for g in (one, other)]
        assert value_of(one, **fed[0]) == pytest.approx(value_of(other, **fed[1]))


# Shapes --------------------------------------------------------------------------------------------------------------
def test_an_operand_joined_with_itself_gets_both_parts() -> None:
    assert gradient(lambda x: cg.concatenate([x, x]), [1, 1], [1.0, 2.0, 3.0, 4.0]).tolist() == [4, 6]
    assert gradient(lambda x: cg.stack([x, x]), [1, 1], [[1.0, 2.0], [3.0, 4.0]]).tolist() == [4, 6]


def test_views_are_undone_in_the_other_order() -> None:
    weights = np.arange(6.0).reshape(2, 3)
    assert gradient(lambda x: x.T.reshape(2, 3), np.ones((2, 3)), weights).tolist() == [[0, 2, 4], [1, 3, 5]]


def test_a_part_that_is_not_used_gets_zero() -> None:
    assert gradient(lambda x: cg.split(x, 2)[0], [1, 2, 3, 4]).tolist() == [1, 1, 0, 0]
    assert gradient(lambda x: cg.split(x, [1, 3])[1] * 2, [1, 2, 3, 4]).tolist() == [0, 2, 2, 0]


def test_rows_that_are_picked_twice_get_both_gradients() -> None:
    table = np.ones((3, 2))
    for pick in (lambda x: x[[1, 1, 0]], lambda x: cg.take(x, [1, 1, 0]), lambda x: cg.embedding(x, [1, 1, 0])):
        assert gradient(pick, table).tolist() == [[1, 1], [2, 2], [0, 0]]


def test_what_a_selection_leaves_out_is_not_poisoned_by_it() -> None:
    d = np.array([0.0, 1.0])
    assert gradient(lambda x: (x / d)[d != 0], [1, 1]).tolist() == [0, 1]


KEYS = [0, -1, slice(1, None), (slice(None), 1), (..., None, 0), [2, 0], (slice(1, None), [0, 0, 2]), (0, [1, 1])]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_an_index_picks_what_numpy_picks_and_gives_it_back(key: Any) -> None:
    x = np.arange(12.0).reshape(3, 4)
    picked = np.zeros_like(x)
    np.add.at(picked, key, 1.0)
    node = cg.variable("x", (3, 4))[key]
    assert node.shape == x[key].shape
    assert value_of(node, x=x).tolist() == x[key].tolist()
    assert gradient(lambda leaf: leaf[key], x).tolist() == picked.tolist()


def test_named_dimensions_go_through() -> None:
    x = cg.variable("x", ("m", 3))
    shapes = [x[:, 0], x[::-1], x[[0, 1]], cg.max(x, axis=1), cg.pad(x, width=((0, 0), (1, 1))), cg.prod(x, axis=0)]
    assert [n.shape for n in shapes] == [("m",), ("m", 3), (2, 3), ("m",), ("m", 5), (3,)]
    assert cg.grad(cg.sum(cg.prod(x)), x).shape == ("m", 3)
    assert cg.concatenate([x, np.ones((1, 1)) + x[:, :1]], axis=1).shape == ("m", 4)


# Nets ----------------------------------------------------------------------------------------------------------------
def test_softmax_of_far_logits_is_finite() -> None:
    assert gradient(lambda x: cg.softmax(x)[0], [1000, 0]).tolist() == [0, 0]
    assert gradient(cg.softmax, [0.1, 0.7, 2]) == pytest.approx(np.zeros(3), abs=1e-16)


def test_cross_entropy_takes_class_ids() -> None:
    assert gradient(lambda x: cg.softmax_cross_entropy(x, 0), [-1000, 0]).tolist() == [-1, 1]
    logits = np.random.default_rng(0).normal(size=(4, 3))
    by_id = cg.softmax_cross_entropy(cg.variable("x", (4, 3)), [0, 2, 1, 1])
    by_row = cg.softmax_cross_entropy(cg.variable("x", (4, 3)), np.eye(3)[[0, 2, 1, 1]])
    assert value_of(by_id, x=logits).tolist() == value_of(by_row, x=logits).tolist()


def test_the_mean_cross_entropy_divides_by_the_real_targets() -> None:
    def loss(x: Any) -> Any:
        return cg.softmax_cross_entropy(x, [-1, 1], ignore=-1, reduction="mean")

    p = 1 / (1 + np.exp(1))
    assert gradient(loss, [[1, 2], [3, 4]]) == pytest.approx(np.array([[0, 0], [p, -p]]))


def test_when_every_target_is_ignored_loss_and_gradient_are_zero() -> None:
    loss = cg.softmax_cross_entropy(cg.variable("x", (2, 2)), [-1, -1], ignore=-1, reduction="mean")
    fwd = cg.forward(loss, x=[[1, 2], [3, 4]])
    assert fwd.values[-1] == 0
    assert cg.backward(fwd).gradient["x"].tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_class_weights_weigh_losses_and_divide_the_mean(reduction: str) -> None:
    x, ids, weights = np.random.default_rng(1).normal(size=(4, 3)), [0, 2, 1, 1], np.array([1.0, 2.0, 4.0])
    losses = -(x - np.log(np.exp(x).sum(1, keepdims=True)))[range(4), ids] * weights[ids]
    expected = {"mean": losses.sum() / weights[ids].sum(), "sum": losses.sum(), "none": losses}[reduction]
    node = cg.softmax_cross_entropy(cg.variable("x", (4, 3)), ids, weights=weights, reduction=reduction)
    assert value_of(node, x=x) == pytest.approx(expected)


def test_the_hessian_of_cross_entropy_is_no_zero() -> None:
    x = cg.variable("x", 2)
    hessian = cg.hessian(cg.softmax_cross_entropy(x, [1.0, 0.0]), x)
    assert value_of(hessian, x=[0.5, 0.5]) == pytest.approx(np.array([[0.25, -0.25], [-0.25, 0.25]]))


def test_padding_in_an_embedding_gets_nothing() -> None:
    rows = gradient(lambda x: cg.embedding(x, [0, 0, 3], padding=0), np.ones((4, 2)))
    assert rows.tolist() == [[0, 0], [0, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize("pool", [cg.mean_pool, cg.max_pool])
def test_pooling_nothing_but_padding_gives_zero(pool: Any) -> None:
    tokens = np.ones((3, 2))
    assert value_of(pool(cg.variable("x", (3, 2)), [0, 0, 0]), x=tokens).tolist() == [0, 0]
    assert gradient(lambda x: pool(x, [0, 0, 0]), tokens).tolist() == np.zeros((3, 2)).tolist()


def test_pooling_counts_real_tokens_only_and_no_batch_mates() -> None:
    x, mask = np.random.default_rng(2).normal(size=(2, 3, 4)), np.array([[1, 1, 0], [1, 1, 1]])
    x[0, 2] = 1e9
    leaf = cg.variable("x", (2, 3, 4))
    assert value_of(cg.mean_pool(leaf, mask), x=x)[0] == pytest.approx(x[0, :2].mean(0))
    assert value_of(cg.max_pool(leaf, mask), x=x)[0] == pytest.approx(x[0, :2].max(0))
    alone = cg.mean_pool(cg.variable("x", (1, 2, 4)), [[1, 1]])
    assert value_of(alone, x=x[:1, :2])[0].tolist() == value_of(cg.mean_pool(leaf, mask), x=x)[0].tolist()


def test_tied_tokens_give_the_gradient_to_the_first() -> None:
    assert gradient(lambda x: cg.max_pool(x, [1, 1, 1]), [[2], [2], [1]]).tolist() == [[1], [0], [0]]


def test_dropout_uses_one_mask_in_both_passes() -> None:
    mask = np.array([1, 0, 1, 0])
    assert gradient(lambda x: cg.dropout(x, mask, 0.5), np.ones(4)).tolist() == [2, 0, 2, 0]
    assert gradient(lambda x: cg.dropout(x, mask, 0.5), np.zeros(4)).tolist() == [2, 0, 2, 0]
    assert value_of(cg.dropout(cg.variable("x", 4), mask, 1), x=[1, 2, 3, 4]).tolist() == [0, 0, 0, 0]
    x = cg.variable("x", 4)
    assert cg.dropout(x, mask, 0) is x
    assert cg.dropout(x, mask, 0.5, training=False) is x


def test_layer_norm_has_mean_zero_and_variance_one() -> None:
    x = np.random.default_rng(3).normal(size=(2, 5))
    node = cg.layer_norm(cg.variable("x", ("m", 5)), np.full(5, 2.0), np.ones(5), eps=0.0)
    got = value_of(node, x=x)
    assert got.mean(1) == pytest.approx([1, 1])
    assert got.std(1) == pytest.approx([2, 2])


# What is refused -----------------------------------------------------------------------------------------------------
X = (2, 3)
REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a function that is not in the table": (np.fft.fft, "numpy.fft"),
    "an argument of NumPy's": (lambda x: np.sum(x, out=np.zeros(())), "out"),
    "another norm": (lambda x: np.linalg.norm(x, "nuc"), "ord='nuc'"),
    "an axis that is not there": (lambda x: cg.max(x, axis=2), "axis 2"),
    "ties": (lambda x: cg.max(x, ties="last"), "ties='last'"),
    "two of three axes": (lambda x: cg.argmax(x[None], axis=(0, 1)), "one axis"),
    "ddof": (lambda x: cg.var(x, axis=0, ddof=2), "ddof=2"),
    "a determinant of no square": (cg.det, "no square matrix"),
    "subscripts": (lambda x: cg.einsum("ij,jk->ik", x), "subscripts"),
    "a repeated letter": (lambda x: cg.einsum("ij->ii", x), "once in the result"),
    "a diagonal of no square": (lambda x: cg.einsum("ii->i", x), "2 and 3 differ"),
    "dots that the result has not": (lambda x: cg.einsum("...i->i", x), "result needs"),
    "more letters than dimensions": (lambda x: cg.einsum("...ijk->k", x), "fewer dimensions"),
    "fewer letters than dimensions": (lambda x: cg.einsum("i->i", x), "each dimension needs a letter"),
    "one operand too few": (lambda x: cg.einsum("...i,...i", x), "1 operand"),
    "sizes of a letter": (lambda x: cg.einsum("ij,jk->ik", x, x), "'j' differ"),
    "squeeze of a size": (lambda x: cg.squeeze(x, axis=1), "size is 3"),
    "broadcast_to fewer": (lambda x: cg.broadcast_to(x, shape=(3,)), "broadcast"),
    "concatenate of other widths": (lambda x: cg.concatenate([x, np.ones((2, 4))]), "every other dimension"),
    "concatenate of no list": (lambda x: cg.concatenate([]), "list"),
    "stack of other shapes": (lambda x: cg.stack([x, x[0]]), "same shape"),
    "unequal parts": (lambda x: cg.split(x, 2, axis=1), "divided"),
    "a row that is not there": (lambda x: x[2], "index 2"),
    "an id from the end": (lambda x: x[[-1]], "id -1 at position"),
    "an id beyond": (lambda x: x[:, [0, 3]], "V = 3"),
    "too many indices": (lambda x: x[0, 0, 0], "3 indices for 2"),
    "half an index": (lambda x: x[0.5], "kind float"),
    "a negative width": (lambda x: cg.pad(x, width=-1), "0 up"),
    "cumsum of a matrix": (cg.cumsum, "one axis"),
    "no classes": (lambda x: cg.one_hot(x, classes=0), "0 classes"),
    "a negative id of an embedding": (lambda x: cg.embedding(x, [0, -1]), r"id -1 at position \(1,\)"),
    "an id beyond the embedding": (lambda x: cg.embedding(x, [[0, 2]]), "V = 2"),
    "a class id beyond": (lambda x: cg.softmax_cross_entropy(x, [0, 3]), "0 to 2"),
    "targets that are no distribution": (
        lambda x: cg.softmax_cross_entropy(x, [[1.0, 0, 0], [0.5, 0, 0]]),
        "no distribution",
    ),
    "class weights": (lambda x: cg.softmax_cross_entropy(x, [0, 1], weights=[1.0, 2.0]), "class weights"),
    "a reduction": (lambda x: cg.mse(x, x, reduction="median"), "median"),
    "targets of another shape": (lambda x: cg.mse(x, x[:, :1]), "one shape"),
    "a dropped share": (lambda x: cg.dropout(x, x, 1.5), "p=1.5"),
    "a mask of another shape": (lambda x: cg.dropout(x, x[0], 0.5), "mask"),
    "a mask of no tokens": (lambda x: cg.mean_pool(x, [1, 1, 1]), "mask"),
    "an outer product of matrices": (lambda x: cg.outer(x, x), "vectors"),
}


@pytest.mark.parametrize("call, message", REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused_when_the_node_is_built(call: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(cg.CgraphError, match=message):
        call(cg.variable("x", X))


@pytest.mark.parametrize("ids, text", [([0, -1], r"id -1 at position \(1,\)"), ([4, 0], "V = 4"), ([0.5, 0], "0.5")])
def test_ids_that_come_with_a_pass_are_checked_in_it(ids: list[float], text: str) -> None:
    node = cg.embedding(cg.variable("E", (4, 2)), cg.variable("ids", ("n",)))
    with pytest.raises(cg.CgraphError, match=text):
        cg.forward(node, E=np.ones((4, 2)), ids=ids)


# Targets -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("as_constant", [True, False])
@pytest.mark.parametrize(
    "loss, y, text",
    [
        (cg.softmax_cross_entropy, [[1.0, 0, 0], [0.5, 0.1, 0]], r"in row \(1,\) is no distribution.*sum to 0\.6"),
        (cg.softmax_cross_entropy, [[1.0, 0, 0], [1.5, -0.5, 0]], r"in row \(1,\) is no distribution.*negative"),
        (cg.softmax_cross_entropy, [[1.0, 0, 0], [np.nan, 0, 0]], r"in row \(1,\) is no distribution"),
        (cg.sigmoid_cross_entropy, [[1.0, 0, 0], [0, 1.5, 0]], r"label 1\.5 at position \(1, 1\)"),
        (cg.binary_cross_entropy, [[1.0, 0, 0], [0, -1.0, 0]], r"label -1 at position \(1, 1\).*\(y \+ 1\)/2"),
    ],
)
def test_targets_that_are_none_are_refused_in_a_pass(loss: Any, y: Any, text: str, as_constant: bool) -> None:
    x = cg.variable("x", (2, 3))
    with pytest.raises(cg.errors.ValueRefusedError, match=rf"{text}") as caught:
        cg.forward(
            loss(x, y if as_constant else cg.variable("y", (2, 3))),
            {"x": np.full((2, 3), 0.5), **({} if as_constant else {"y": y})},
        )
    assert "test_structural.py" in str(caught.value)


def test_targets_of_single_precision_and_computed_targets_are_taken() -> None:
    x, y = cg.variable("x", (1, 3)), cg.variable("y", (1, 3))
    third = np.full((1, 3), 1 / 3, np.float32)
    loss = cg.softmax_cross_entropy(x, y)
    assert cg.forward(loss, x=[[0, 0, 0]], y=third, world=cg.worlds.NumpyWorld("float32"))[loss] == pytest.approx(
        np.log(3)
    )
    doubled = cg.softmax_cross_entropy(x, y * 2)  # what is computed is its author's
    assert cg.forward(doubled, x=[[0, 0, 0]], y=third)[doubled] == pytest.approx(2 * np.log(3))


def test_an_op_that_refuses_a_value_in_a_pass_says_which_node_and_which_line() -> None:
    inverse = cg.inv(cg.variable("x", (2, 2))).named("back")
    with pytest.raises(cg.errors.ValueRefusedError, match=r"back: .*singular.*test_structural\.py.*determinant is 0"):
        cg.forward(inverse, x=[[1, 2], [2, 4]])
    rows = cg.take(cg.variable("E", (4, 2)), cg.variable("ids", 2)).named("rows")
    with pytest.raises(cg.errors.ValueRefusedError, match=r"rows: id -1 .*test_structural\.py"):
        cg.forward(rows, E=np.ones((4, 2)), ids=[0, -1])


# Conventions ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("condition, taken", [(0.3, "x"), (-1.0, "x"), (0.0, "y"), (2.0, "x"), (np.nan, "x")])
def test_where_takes_everything_but_zero_for_true_as_numpy_does(condition: float, taken: str) -> None:
    node = cg.where(cg.variable("c"), *cg.variables("x y"))
    bwd = cg.backward(cg.forward(node, c=condition, x=1.0, y=2.0))
    assert bwd.forward[node] == np.where(condition, 1.0, 2.0)
    assert {n: float(bwd.gradient[n]) for n in "xy"} == {"x": float(taken == "x"), "y": float(taken == "y")}


@pytest.mark.filterwarnings("ignore:a second derivative where:cgraph.errors.IndeterminateWarning")
@pytest.mark.parametrize("op", [cg.norm, cg.std, lambda x: cg.hypot(x[0], x[1])], ids=["norm", "std", "hypot"])
def test_the_second_derivative_at_the_kink_of_a_norm_is_zero(op: Any) -> None:
    """A convention, as for abs, which is the norm of one element: away from the kink it grows without bound."""
    x = cg.variable("x", 2)
    hessian = cg.hessian(op(x), x)
    assert value_of(hessian, x=[0.0, 0.0]).tolist() == [[0, 0], [0, 0]]
    step, at = 1e-5, np.array([0.3, -0.4])
    slopes = [
        (gradient(op, at + step * e) - gradient(op, at - step * e)) / (2 * step) for e in np.eye(2)
    ]  # and next to it, what differences say
    assert value_of(hessian, x=at) == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-8)


def test_a_reduction_over_an_empty_tuple_of_axes_goes_over_all() -> None:
    x = cg.variable("x", (2, 3))
    for name in ("sum", "mean", "prod", "max", "min", "var", "std", "norm", "logsumexp", "argmax"):
        reduce = cg.table()[name]
        assert reduce(x, axis=()).shape == reduce(x).shape == ()
        assert "empty tuple, over all axes" in (reduce.__doc__ or "")
    assert value_of(cg.mean(x, axis=()), x=np.arange(6).reshape(2, 3)) == 2.5
    with pytest.raises(cg.CgraphError, match="NumPy would reduce over none"):
        np.mean(x, axis=())
    with pytest.raises(cg.CgraphError, match="no axes"):
        cg.softmax(x, axis=())


@pytest.mark.parametrize("axis, shape", [(0, (300, 40)), (1, (5, 300, 7))])
def test_many_rows_are_added_as_few_are(axis: int, shape: tuple[int, ...]) -> None:
    """From some size on equal ids are sorted together; the sums are those of NumPy's add.at."""
    random = np.random.default_rng(0)
    ids = random.integers(0, 300, (40, 50))
    x = cg.variable("x", shape)
    upstream = random.normal(size=(*shape[:axis], *ids.shape, *shape[axis + 1 :]))
    expected = np.zeros(shape)
    np.add.at(expected, (slice(None),) * axis + (ids,), upstream)
    bwd = cg.backward(cg.forward(cg.take(x, ids, axis=axis), x=np.zeros(shape)), upstream=upstream)
    assert bwd.gradient["x"] == pytest.approx(expected, rel=1e-12, abs=1e-12)
