"""Models and trainings in files: the same bits back, killed trainings that go on, damaged files that are refused."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from project import SUPPORT
from sparse import sparse
from trainings import blobs, net, quick

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import CheckpointError, OutputError, ValueRefusedError
from cgraph.train.files import container


def assert_same(one: Any, other: Any) -> None:
    assert one.history == other.history and one.kept == other.kept
    assert one.model.values.keys() == other.model.values.keys()
    assert all(np.array_equal(v, other.model.values[n]) for n, v in one.model.values.items())


# Models --------------------------------------------------------------------------------------------------------------
def shared() -> nn.Sequential:
    W = cg.parameter("W", np.random.default_rng(0).normal(size=(3, 3)))
    return nn.Sequential([nn.Linear(W), nn.Activation("relu"), nn.Linear(W, cg.parameter("b", [1.0, 2.0, 3.0]))])


@pytest.mark.parametrize(
    "model",
    [
        net(),
        net(dropout=0.5),
        shared(),
        nn.Sequential([nn.Linear(cg.constant(np.eye(2), "frozen")), *net().layers]),
        nn.Sequential([nn.Normalise.fit(blobs().X), *net().layers]),
        nn.MLP([2, 3], bias=False, seed=0),
        nn.MLP([2, 3, 2], ("sigmoid", "softmax"), seed=0),
    ],
)
def test_a_model_comes_back_with_the_same_bits_and_structure(model: nn.Sequential, tmp_path: Path) -> None:
    again = train.load(train.save(model, tmp_path / "model.npz"))

    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    assert [(p.name, p.kind) for p in again.parameters] == [(p.name, p.kind) for p in model.parameters]
    assert all(np.array_equal(v, again.values[n]) for n, v in model.values.items())
    X = np.random.default_rng(2).normal(size=(4, 3 if "W" in model.values else 2))
    assert np.array_equal(train.predict(again, X), train.predict(model, X))
    assert str(cg.Graph(again(cg.variable("X", X.shape)))) == str(cg.Graph(model(cg.variable("X", X.shape))))


WORDS = nn.Vocabulary(("<unk>", "for", "all", "the", "fish", "\u00e9t\u00e9"))
TABLE = nn.Embedding.random(6, 3, seed=0)
TEXTS = {
    "pooled": nn.language.PooledClassifier.random(
        TABLE, hidden=4, classes=2, seed=0, dropout=0.2, pooling="max", padding=5
    ),
    "frozen": nn.language.PooledClassifier.random(
        nn.Embedding.of(np.eye(6), frozen=True), hidden=4, classes=2, seed=0, activation="relu"
    ),
    "language": nn.language.LanguageModel.random(WORDS, width=3, hidden=4, seed=0, dropout=0.2),
}


@pytest.mark.parametrize("name", TEXTS)
def test_nets_on_embeddings_come_back_too_with_their_vocabulary(name: str, tmp_path: Path) -> None:
    model = TEXTS[name]
    again = train.load(train.save(model, tmp_path / "model.npz"))

    assert type(again) is type(model)
    assert [(p.name, p.kind) for p in again.parameters] == [(p.name, p.kind) for p in model.parameters]
    ids = np.random.default_rng(0).integers(0, 5, (7, 3))
    assert np.array_equal(train.predict(again, ids), train.predict(model, ids))
    if isinstance(again, nn.language.LanguageModel):
        assert again.vocabulary == WORDS
        assert again.predict_next(["for", "all", "the"]) == TEXTS[name].predict_next(["for", "all", "the"])


def test_a_language_model_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 6, (40, 3)), rng.integers(0, 6, 40)

    def trained(epochs: int, **options: Any) -> Any:
        loss, optimizer = nn.softmax_cross_entropy_loss, train.Adam(0.01)
        return train.fit(TEXTS["language"], data, loss, optimizer, epochs, batch_size=16, devset=data, **options)

    trained(1, checkpoint=tmp_path / "t.npz")
    assert_same(trained(3, checkpoint=tmp_path / "t.npz", resume=True), trained(3))


def test_a_weight_that_two_layers_share_is_shared_again(tmp_path: Path) -> None:
    again = train.load(train.save(shared(), tmp_path / "model.npz"))
    assert again.layers[0].W is again.layers[2].W and len(again.parameters) == 2


def test_the_file_is_an_npz_that_numpy_reads_without_pickle_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    first, second = train.save(net(), tmp_path / "a.npz"), train.save(net(), tmp_path / "b.npz")

    assert first.read_bytes() == second.read_bytes()
    with np.load(first, allow_pickle=False) as file:
        assert np.array_equal(file["0"], net().values["W[1]"])
    about = json.loads(zipfile.ZipFile(first).read("about.json"))
    assert about["format"] == "cgraph" and about["leaves"][0] == {"kind": "parameter", "name": "W[1]"}


def test_saving_leaves_no_other_file_and_replaces_an_old_one(tmp_path: Path) -> None:
    train.save(shared(), tmp_path / "model.npz")
    train.save(net(), tmp_path / "model.npz")
    assert os.listdir(tmp_path) == ["model.npz"]
    assert list(train.load(tmp_path / "model.npz").values) == ["W[1]", "b[1]", "W[2]", "b[2]"]


def test_what_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="folder cannot be written"):
        train.save(net(), tmp_path / "folder")
    with pytest.raises(OutputError, match=r"nowhere/model.npz cannot be written"):
        train.save(net(), tmp_path / "nowhere" / "model.npz")
    assert os.listdir(tmp_path) == ["folder"]


@dataclass(frozen=True)
class Scale:
    """A layer of one's own."""

    factor: cg.Node
    parts: tuple[float, str] = (1.5, "a")

    @property
    def parameters(self) -> tuple[cg.Node, ...]:
        return (self.factor,)

    def replaced(self, new: Any) -> Scale:
        return Scale(new.get(self.factor, self.factor), self.parts)

    def __call__(self, x: cg.Node, /) -> cg.Node:
        return x * self.factor


def test_a_layer_of_ones_own_is_saved_and_loaded_by_naming_its_class(tmp_path: Path) -> None:
    model = nn.Sequential([*net().layers, Scale(cg.parameter("k", 2.5), (0.1, "é"))])
    path = tmp_path / "model.npz"

    with pytest.raises(ValueRefusedError, match=r"of the kind Scale cannot be saved.*kinds=\[Scale\]"):
        train.save(model, path)
    train.save(model, path, kinds=[Scale])
    with pytest.raises(CheckpointError, match=r"a layer of the kind 'Scale': only .*Linear.*kinds=\["):
        train.load(path)

    again = train.load(path, kinds=[Scale]).layers[-1]
    assert again.factor.value == 2.5 and again.parts == (0.1, "é")


def test_a_field_that_has_no_form_in_json_is_refused(tmp_path: Path) -> None:
    model = nn.Sequential([Scale(cg.parameter("k", 2.0), (print, "a"))])  # type: ignore[arg-type]
    with pytest.raises(ValueRefusedError, match=r"Scale.parts is <built-in function print> and cannot be saved"):
        train.save(model, tmp_path / "model.npz", kinds=[Scale])


# Damaged and foreign files -------------------------------------------------------------------------------------------
def test_a_file_with_a_byte_changed_anywhere_is_refused(tmp_path: Path) -> None:
    path = train.save(nn.MLP([1, 1], seed=0), tmp_path / "model.npz")
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(CheckpointError, match=r"is damaged or cut off|is no file of cgraph"):
            train.load(path)


def test_a_file_that_is_cut_off_or_longer_is_refused(tmp_path: Path) -> None:
    path = train.save(nn.MLP([1, 1], seed=0), tmp_path / "model.npz")
    content = path.read_bytes()
    for length in range(0, len(content), 3):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"is damaged or cut off|is no file of cgraph"):
            train.load(path)
    path.write_bytes(content + b"0")
    with pytest.raises(CheckpointError, match=r"damaged or cut off: its SHA-256.*Fix: use an older copy"):
        train.load(path)


def sealed(path: Path, about: dict[str, Any], **arrays: Any) -> Path:
    """A file with the right seal and the wrong content."""
    path.write_bytes(container.packed(about.pop("kind", "model"), about, arrays))
    return path


LINEAR = {"kind": "Linear", "fields": {"W": {"leaf": 0}, "b": {"value": None}}}
LEAF = [{"kind": "parameter", "name": "W"}]


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"model": {"kind": "Popen", "fields": {}}, "leaves": []}, "a layer of the kind 'Popen'"),
        ({"model": {"kind": ["Linear"], "fields": {}}, "leaves": []}, "describes no model"),
        ({"model": LINEAR, "leaves": []}, "describes no model"),
        ({"model": LINEAR, "leaves": LEAF * 2}, "describes no model"),
        ({"model": LINEAR}, "describes no model"),
        ({"leaves": LEAF}, "describes no model"),
        ({"model": {**LINEAR, "fields": {"V": {"leaf": 0}}}, "leaves": LEAF}, "describes no model.*'V'"),
        ({"model": {**LINEAR, "fields": {"W": {"eval": "1"}}}, "leaves": LEAF}, "describes no model.*'eval'"),
        ({"model": {**LINEAR, "fields": {"W": {"value": [1]}}}, "leaves": LEAF}, "describes no model"),
        ({"model": LINEAR, "leaves": LEAF, "format": "other"}, "is of another program"),
        ({"model": LINEAR, "leaves": LEAF, "version": 99}, "has the version 99.*reads version 1"),
        ({"kind": "training"}, r"holds a training: a model is wanted.*resume=True"),
    ],
)
def test_a_sealed_file_that_describes_no_model_is_refused(about: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=message):
        train.load(sealed(tmp_path / "model.npz", dict(about), **{"0": np.eye(2)}))


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle=False"):
        sealed(tmp_path / "model.npz", {"model": LINEAR, "leaves": LEAF}, **{"0": np.array([print], dtype=object)})


def test_files_of_others_and_missing_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", W=np.eye(2))
    (tmp_path / "empty.npz").touch()
    (tmp_path / "text.npz").write_text("not a model" * 50)
    for name in ("other.npz", "empty.npz", "text.npz"):
        with pytest.raises(CheckpointError, match=f"{name} is no file of cgraph.*train.save"):
            train.load(tmp_path / name)
    with pytest.raises(CheckpointError, match=r"missing.npz cannot be read: No such file"):
        train.load(tmp_path / "missing.npz")
    with pytest.raises(CheckpointError, match="cannot be read"):
        train.load(tmp_path)


# Trainings that go on ------------------------------------------------------------------------------------------------
class StoppedError(Exception):
    """Stands for whatever ends a process."""


@pytest.mark.parametrize(
    "backend, every, steps", sparse(product(["numpy", "native"], [None, 1, 4], [1, 5, 9, 10, 17, 26]), 5)
)
def test_a_training_that_was_interrupted_ends_with_the_same_bits(
    backend: str, steps: int, every: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = quick(backend=backend)
    path = tmp_path / "training.npz"
    done = 0
    real = train.step.TrainingStep.many

    def interrupted(self: Any, rows: Any, stacks: Any) -> Any:
        nonlocal done
        done += len(rows)
        if done > steps:
            raise StoppedError
        return real(self, rows, stacks)

    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        patch.setattr(train.step.TrainingStep, "many", interrupted)
        quick(checkpoint=path, every=every, backend=backend)

    assert_same(quick(checkpoint=path, every=every, resume=True, backend=backend), whole)


def test_a_finished_training_resumed_gives_its_result_and_more_epochs_go_on(tmp_path: Path) -> None:
    path = tmp_path / "training.npz"
    quick(2, checkpoint=path)

    assert_same(quick(2, checkpoint=path, resume=True), quick(2))
    assert_same(quick(5, checkpoint=path, resume=True), quick(5))


def test_early_stopping_is_remembered_with_its_best_model(tmp_path: Path) -> None:
    path, rate = tmp_path / "training.npz", {"optimizer": train.SGD(3.0), "patience": 2}
    whole = quick(60, **rate)
    assert len(whole.history) < 60 and whole.kept.number == len(whole.history) - 2

    quick(whole.kept.number + 1, **rate, checkpoint=path)  # ended between the best epoch and the stop
    assert_same(quick(60, **rate, checkpoint=path, resume=True), whole)
    assert_same(quick(60, **rate, checkpoint=path, resume=True), whole)


def stop_at(number: int) -> Any:
    return lambda done, model: done.number >= number


@pytest.mark.parametrize("every", [None, 5])
def test_what_a_callback_stopped_goes_on_unless_the_callbacks_of_now_stop_it_too(
    every: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "training.npz"
    assert len(quick(20, checkpoint=path, every=every, callbacks=[stop_at(3)]).history) == 3
    again = quick(20, checkpoint=path, every=every, resume=True, callbacks=[stop_at(3)])
    assert_same(again, quick(20, callbacks=[stop_at(3)]))
    later = quick(20, checkpoint=path, every=every, resume=True, callbacks=[stop_at(5)])
    assert_same(later, quick(20, callbacks=[stop_at(5)]))
    assert_same(quick(8, checkpoint=path, every=every, resume=True), quick(8))


def test_more_patience_lets_a_training_that_stopped_early_go_on(tmp_path: Path) -> None:
    path, rate = tmp_path / "training.npz", {"optimizer": train.SGD(3.0)}
    short = quick(60, **rate, patience=1, checkpoint=path)
    longer = quick(60, **rate, patience=4, checkpoint=path, resume=True)
    assert len(short.history) < len(longer.history)
    assert_same(longer, quick(60, **rate, patience=4))


def test_without_resume_a_training_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "training.npz"
    quick(4, checkpoint=path)
    assert len(quick(2, checkpoint=path).history) == 2


def test_a_stream_goes_on_in_the_middle_of_an_epoch(tmp_path: Path) -> None:
    data = blobs()

    def batches(rng: np.random.Generator, broken: bool = False) -> Any:
        for i in range(8):
            rows = rng.integers(0, 60, 5)  # drawn as the batches are asked for
            if broken and i == 6:
                raise StoppedError
            yield data.X[rows], data.Y[rows]

    path = tmp_path / "training.npz"
    with pytest.raises(StoppedError):
        quick(2, data=lambda rng: batches(rng, broken=True), checkpoint=path, every=2)
    assert_same(quick(2, data=batches, checkpoint=path, every=2, resume=True), quick(2, data=batches))


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_other_generators_are_restored_too(bits: Any, tmp_path: Path) -> None:
    def seeded() -> np.random.Generator:
        return np.random.Generator(bits(7))

    quick(1, seed=seeded(), checkpoint=tmp_path / "t.npz")
    assert_same(quick(3, seed=seeded(), checkpoint=tmp_path / "t.npz", resume=True), quick(3, seed=seeded()))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"batch_size": 8}, "batch size"),
        ({"seed": 4}, "seed"),
        ({"data": blobs(seed=9)}, "training data"),
        ({"devset": blobs(20, 6)}, "devset"),
        ({"optimizer": train.SGD(0.1)}, "step"),
        ({"optimizer": train.AdamW(train.schedules.WarmUp(0.06, total=10), max_norm=1.0)}, "step"),
        ({"model": nn.MLP([2, 6, 3], "tanh", dropout=0.3, seed=1)}, "step"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(change: dict[str, Any], what: str, tmp_path: Path) -> None:
    quick(1, checkpoint=tmp_path / "t.npz")
    with pytest.raises(CheckpointError, match=rf"is of another training: its {what}.*Fix: resume with all"):
        quick(2, **change, checkpoint=tmp_path / "t.npz", resume=True)


def test_a_damaged_checkpoint_a_model_and_a_wrong_state_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    quick(1, checkpoint=path)
    about, arrays = container.read(path, "training")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(CheckpointError, match=r"damaged or cut off|no file of cgraph"):
        quick(2, checkpoint=path, resume=True)
    del about["generators"]
    path.write_bytes(container.packed("training", about, arrays))
    with pytest.raises(CheckpointError, match="holds no state of a training"):
        quick(2, checkpoint=path, resume=True)
    with pytest.raises(CheckpointError, match="holds a model: a training is wanted"):
        quick(2, checkpoint=train.save(net(), tmp_path / "model.npz"), resume=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resume": True}, "resume without a checkpoint"),
        ({"every": 5}, "every without a checkpoint"),
        ({"every": 0, "checkpoint": "t.npz"}, "every is 0"),
    ],
)
def test_a_checkpoint_without_a_path_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        quick(**options)


def test_a_training_that_diverges_keeps_its_last_good_checkpoint(tmp_path: Path) -> None:
    """L = w², w' = (1 - 2η) w: each step makes w larger, until its square is no float."""
    path, w = tmp_path / "t.npz", cg.parameter("W[1]", [[1.0]])
    data = np.ones((1, 1)), np.zeros((1, 1))
    model = nn.Sequential([nn.Linear(w)])
    with pytest.raises(train.DivergedError) as caught:
        train.fit(model, data, nn.mse_loss, train.SGD(1e60), 9, checkpoint=path, every=1)

    about, arrays = container.read(path, "training")
    kept = arrays["now 0"]
    assert np.array_equal(kept, caught.value.model.values["W[1]"]) and np.isclose(kept[0, 0], 4e120)
    assert np.isfinite(kept**2).all(), "its loss is a number"
    assert len(about["history"]) == len(caught.value.history) - 1 == 2  # taken after step 2 of 3


# Killed --------------------------------------------------------------------------------------------------------------
PROGRAM = """
import sys
from cgraph import nn, train
sys.path.insert(0, {tests!r})
from trainings import quick
run = quick({epochs}, checkpoint={path!r}, every=1, resume=True)
train.save(run.model, {result!r})
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.slow
@pytest.mark.parametrize("most", [3, 20])
def test_a_training_killed_many_times_ends_with_the_same_bits(most: int, tmp_path: Path) -> None:
    path, result, epochs = tmp_path / "training.npz", tmp_path / "result.npz", 60
    program = PROGRAM.format(tests=str(SUPPORT), path=str(path), result=str(result), epochs=epochs)
    chance = random.Random(0)

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)

    def written() -> int:
        return path.stat().st_mtime_ns if path.exists() else 0

    kills = 0
    while kills < most:
        process, before = started(), written()
        while process.poll() is None and written() == before:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.02)  # somewhere in the next steps, or in the writing of a checkpoint
        assert process.poll() is None, f"it has ended after {kills} kills: {process.communicate()[1].decode()}"
        process.kill()
        process.communicate()
        kills += 1
        place = container.read(path, "training")[0]["place"]
        assert 1 <= place[0] <= epochs
    last = started()
    _, errors = last.communicate()
    assert last.returncode == 0, errors.decode()

    whole = train.save(quick(epochs).model, tmp_path / "whole.npz")
    assert result.read_bytes() == whole.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["result.npz", "training.npz", "whole.npz"]
