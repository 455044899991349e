"""The exceptions of cgraph. Each message says what is wrong, where, why, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cgraph.quoting import terminal


class CgraphError(Exception):
    """Base of every error that cgraph raises on purpose.

    The message is one line, built from up to four parts: `what` went wrong, `where` (the node and the
    user's line that built it), `why` it is refused, and the `fix`.

    >>> print(CgraphError("x has no value", where="line 3", why="it is a variable", fix="pass x=..."))
    x has no value (at line 3): it is a variable. Fix: pass x=...
    """

    def __init__(self, what: str, *, where: str = "", why: str = "", fix: str = "") -> None:
        self.what, self.where, self.why, self.fix = what, where, why, fix
        super().__init__(what)

    def __str__(self) -> str:
        text = self.what
        if self.where:
            text += f" (at {self.where})"
        if self.why:
            text += f": {self.why}"
        if self.fix:
            text += f". Fix: {self.fix}"
        return terminal(" ".join(text.split()))


class ShapeError(CgraphError, ValueError):
    """Shapes that do not fit together, or a value whose shape is not that of its leaf."""


class GraphError(CgraphError, ValueError):
    """A graph that cannot be: a cycle, or two different nodes with one name."""


class NameUnknownError(CgraphError, LookupError):
    """A name, or a node, that the graph does not have."""


class AttributeUnknownError(CgraphError, AttributeError):
    """A name that a module of cgraph does not have."""


class MissingValueError(CgraphError, LookupError):
    """A leaf for which a pass was given no value."""


class ValueRefusedError(CgraphError, ValueError):
    """A value that is no number or array of numbers, or an argument out of its range."""


class NoValueError(CgraphError, TypeError):
    """A node where a number is needed: in `float(node)`, `if node > 0:`, `max(node, 0)`, `len(node)`."""


class NotFiniteError(CgraphError, ArithmeticError):
    """A NaN or an infinity that appeared in a pass which was asked to refuse them."""


class FormulaError(CgraphError, ValueError):
    """A formula that the small language of `cgraph.parse` does not allow."""


class GradientError(CgraphError, ValueError):
    """A gradient that does not exist: of something that is no scalar, or of what nothing flows to."""


class TooDeepError(CgraphError, RecursionError):
    """An expression that another library, which recurses, cannot nest so deeply."""


class TrainingError(CgraphError, ArithmeticError):
    """Training that cannot go on, such as a loss that is no longer a number."""


class MissingPackageError(CgraphError, ImportError):
    """A package of one of cgraph's extras that is not installed."""


class LayoutError(CgraphError, RuntimeError):
    """A layout engine that is missing, failed, or ran out of its time."""


class OutputError(CgraphError, OSError):
    """A file that cannot be written."""


class DataError(CgraphError, OSError):
    """Data that cannot be fetched, or is not what it should be."""


class CheckpointError(CgraphError, OSError):
    """A saved model or training that cannot be read, is damaged or of another program, or does not fit."""


class ContrastWarning(UserWarning):
    """Two colours of a palette that are hard to tell apart where one stands on the other."""


class IndeterminateWarning(UserWarning):
    """An infinite gradient met a local derivative of 0: the factors do not determine the product, which is set to 0."""


def missing_package(package: str, extra: str, purpose: str) -> MissingPackageError:
    """The error for a package of an extra: says what it is for, and the command that installs it."""
    return MissingPackageError(
        f"the package {package} is not installed",
        why=f"{purpose} needs it",
        fix=f"pip install 'cgraph-engine[{extra}]'",
    )


def close_match(name: object, names: Iterable[str]) -> str | None:
    """The one name that was perhaps meant, or none.

    >>> close_match("tanhh", ["tan", "tanh", "exp"])
    'tanh'
    >>> close_match("Tahn", ["tan", "tanh", "exp"])  # letters in another order are nearer than one that is missing
    'tanh'
    """
    import difflib  # only when something went wrong: it takes 2 ms

    given, known = str(name).lower(), list(names)
    mixed = (one for one in known if sorted(one.lower()) == sorted(given))
    return next(mixed, None) or next(iter(difflib.get_close_matches(str(name), known, 1)), None)


def did_you_mean(name: object, names: Iterable[str], otherwise: str) -> str:
    """The fix of a wrong name: the one that was perhaps meant, or what is told instead.

    >>> did_you_mean("tanhh", ["tan", "tanh", "exp"], "cg.table() lists them")
    "did you mean 'tanh'?"
    """
    near = close_match(name, names)
    return otherwise if near is None else f"did you mean {near!r}?"


def unknown_attribute(
    module: str, name: str, names: Iterable[str], elsewhere: Mapping[str, str]
) -> AttributeUnknownError:
    """The error for a name that a module does not have.

    `elsewhere` says of names that others have, or that stand in another room, what is to be written. Of no such name it
    is the close match among them and the module's own `names`.

    >>> print(unknown_attribute("cgraph", "tahn", ["tanh"], {}))
    cgraph has no 'tahn'. Fix: did you mean 'tanh'?
    """
    what = f"{module} has no {name!r}"
    if name in elsewhere:
        return AttributeUnknownError(what, fix=f"write {elsewhere[name]}")
    if name.startswith("__"):  # asked for by Python itself
        return AttributeUnknownError(what)
    own = list(names)
    folded = {known.lower(): known for known in [*elsewhere, *own]}
    near = folded.get(close_match(name.lower(), folded) or "")
    if near is None:
        return AttributeUnknownError(what, fix=f"dir({module}) lists its names")
    found = "" if near in own else f" Write {elsewhere[near]}"
    return AttributeUnknownError(what, fix=f"did you mean {near!r}?{found}")
