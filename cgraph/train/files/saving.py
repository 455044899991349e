"""Models to files and back: arrays and JSON, no pickle, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cgraph.files import StrPath
from cgraph.train.files.container import read, write
from cgraph.train.files.structure import Structure, allowed_kinds, rebuilt


def save(model: Any, path: StrPath, *, kinds: Iterable[type] = ()) -> Path:
    """Write a model of layers to a file, such as `model.npz`: its values to the last bit and its structure.

    `kinds` are the classes of layers of your own. An existing file is replaced only by a whole one.
    Raises ValueRefusedError for a layer that `load` could not build, OutputError when the file cannot be written.

    >>> import tempfile, cgraph as cg
    >>> model = cg.nn.MLP([2, 4, 1], "tanh", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load(save(model, f"{folder}/model.npz"))
    >>> bool((again.values["W[1]"] == model.values["W[1]"]).all()), again.layers[1]
    (True, Activation(op='tanh'))
    """
    writer = Structure(allowed_kinds(kinds))
    structure = writer.layer(model)
    return write(path, "model", {"model": structure, "leaves": writer.leaves}, writer.arrays)


def load(path: StrPath, *, kinds: Iterable[type] = ()) -> Any:
    """The model that `save` wrote. Only layers of `cgraph.nn` and of the given `kinds` are built, nothing else is run.

    Raises CheckpointError (an OSError) for a file that cannot be read, is not of cgraph, is damaged or cut off, or
    has a layer of another kind.
    """
    about, arrays = read(path, "model")
    return rebuilt(about.get("model"), about.get("leaves"), arrays, allowed_kinds(kinds))
