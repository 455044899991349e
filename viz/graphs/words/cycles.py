"""Folds that depend on themselves through nodes outside, and what is done so that they cost no other fold.

Where one fold alone is on a cycle, what stands between its nodes is taken into it, if it is a call of another part or
has no name. Of several folds, the one in most pieces, such as an activation that is called everywhere, is taken apart
into its calls. What is on a cycle after that is cut where something outside must come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, Node
from viz.graphs.words.units import Fold, drawn, in_order, operands_of, owners

Unit = Node | Fold
ROUNDS = 8  # more parts than these that are called all over a graph are cut


def acyclic(graph: Graph, found: Sequence[Fold]) -> tuple[Fold, ...]:
    """The folds in the order of the graph, those on cycles as far as they are none; in linear time."""
    given, members = set(found), set(owners(found))
    for _ in range(ROUNDS):
        order = in_order(graph, found)
        if order is not None:
            return tuple(unit for unit in order if isinstance(unit, Fold))
        before, found = found, _mended(graph, found, given, members)
        if found is before:
            break
    found = _Cutting(graph, found, cycles(graph, found)).pieces()
    return tuple(unit for unit in in_order(graph, found) or () if isinstance(unit, Fold))


def _mended(graph: Graph, found: Sequence[Fold], given: set[Fold], members: set[Node]) -> Sequence[Fold]:
    """On each cycle one change: all of it becomes the one fold that is on it, or a fold is taken apart into calls."""
    after: dict[Fold, list[Fold]] = {}
    for cycle in cycles(graph, found):
        folds = [unit for unit in cycle if isinstance(unit, Fold)]
        whole = [fold for fold in folds if fold in given]
        free = [unit for unit in cycle if isinstance(unit, Node)]
        if len(whole or folds) == 1 and all(node.name is None or node in members for node in free):
            host = (whole or folds)[0]
            inside = {n for unit in cycle for n in (unit.nodes if isinstance(unit, Fold) else (unit,))}
            nodes = tuple(sorted(inside, key=graph.index.__getitem__))
            one = replace(host, nodes=nodes, first=nodes, times=1)
            after |= {fold: [one] if fold is host else [] for fold in folds}
        else:
            pieces = {fold: _calls(fold) for fold in whole}
            split = max(whole, key=lambda fold: len(pieces[fold]), default=None)
            if split is not None and len(pieces[split]) > 1:
                after[split] = _parts(split, pieces[split])
    return [now for fold in found for now in after.get(fold, [fold])] if after else found


def cycles(graph: Graph, found: Sequence[Fold]) -> list[list[Unit]]:
    """The units that depend on each other, together (Tarjan 1972, without recursion)."""
    below = operands_of(graph, owners(found))
    place: dict[Unit, int] = {}
    low: dict[Unit, int] = {}
    waiting: list[Unit] = []
    on_it: dict[Unit, int] = {}  # where they wait
    together: list[list[Unit]] = []
    for root in below:
        if root in place:
            continue
        work = [(root, iter(below[root]))]
        while work:
            unit, others = work[-1]
            if unit not in place:
                place[unit] = low[unit] = len(place)
                on_it[unit] = len(waiting)
                waiting.append(unit)
            for other in others:
                if other not in place:
                    work.append((other, iter(below[other])))
                    break
                if other in on_it:
                    low[unit] = min(low[unit], place[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[unit])
                if low[unit] == place[unit]:
                    start = on_it[unit]
                    cycle = waiting[start:]
                    del waiting[start:]
                    for other in cycle:
                        del on_it[other]
                    if len(cycle) > 1:
                        together.append(cycle)
    return together


def _calls(fold: Fold) -> list[list[Node]]:
    """The pieces of a fold that no edge joins; a leaf goes with its users, or with none of them."""
    joined = _Joined()
    for node in fold.nodes:
        if node.kind == OP:
            joined.add(node, node.operands)
    users: dict[Node, set[int]] = {}
    for node, number in joined.piece.items():
        for x in node.operands:
            users.setdefault(x, set()).add(number)
    for leaf in fold.nodes:
        if leaf.kind != OP and len(users.get(leaf, ())) == 1:
            joined.members[users[leaf].pop()].append(leaf)
    place = {n: i for i, n in enumerate(fold.nodes)}
    return [sorted(nodes, key=place.__getitem__) for nodes in joined.members if nodes]


class _Joined:
    """Nodes in pieces, which are joined by what uses several of them: the smaller ones into the largest."""

    def __init__(self) -> None:
        self.piece: dict[Node, int] = {}
        self.members: list[list[Node]] = []

    def add(self, node: Node, operands: Sequence[Node]) -> None:
        """A node, with the pieces that its operands are in."""
        near = sorted({self.piece[x] for x in operands if x in self.piece}, key=lambda i: -len(self.members[i]))
        if not near:
            near = [len(self.members)]
            self.members.append([])
        into = self.members[near[0]]
        for other in near[1:]:
            self.piece |= dict.fromkeys(self.members[other], near[0])
            into += self.members[other]
            self.members[other] = []
        self.piece[node] = near[0]
        into.append(node)


def _parts(fold: Fold, pieces: Sequence[Sequence[Node]]) -> list[Fold]:
    """The pieces of a fold that are worth a box, each with a name of its own."""
    kept = [tuple(nodes) for nodes in pieces if drawn(nodes) > 1]
    names = [fold.name, *(f"{fold.name}, part {i}" for i in range(2, len(kept) + 1))]
    pairs = zip(names, kept, strict=False)  # where no piece is kept, there is a name too many
    return [replace(fold, name=name, nodes=nodes, first=nodes, times=1) for name, nodes in pairs]


class _Cutting:
    """Folds on cycles as runs of nodes that can be computed without anything from outside in between.

    Nodes are taken in an order in which operands come first and no fold is left before it is done, where that can be;
    where it cannot, a fold on a cycle is begun, and what is left of it is another piece. Runs in one such order are
    on no cycle.
    """

    def __init__(self, graph: Graph, found: Sequence[Fold], on: Iterable[Sequence[Unit]]) -> None:
        self.graph, self.found, self.owner = graph, found, owners(found)
        cycle_of = {unit: i for i, cycle in enumerate(on) for unit in cycle}
        self.guilty = {unit for unit in cycle_of if isinstance(unit, Fold)}
        self.users: dict[Node, list[Node]] = {n: [] for n in graph.nodes}
        self.waiting: dict[Node, int] = {}
        self.outer: dict[Fold, int] = dict.fromkeys(found, 0)  # operands that a fold still waits for
        self.before: dict[Fold, int] = dict.fromkeys(found, 0)  # those of them that are not on its own cycle
        for node in graph.nodes:
            fold = self.owner.get(node)
            self.waiting[node] = len(node.operands)
            for x in node.operands:
                self.users[x].append(node)
                if fold is not None and self.owner.get(x) is not fold:
                    self.outer[fold] += 1
                    self.before[fold] += not self._beside(cycle_of, x, fold)
        self.cycle_of = cycle_of
        self.early: list[int] = []  # a heap of the places of nodes that a fold on a cycle could begin with
        self.free: list[Node] = []
        self.ready: dict[Fold, list[Node]] = {fold: [] for fold in found}
        self.whole = [fold for fold in found if not self.outer[fold]]
        self.left = {fold: len(fold.nodes) for fold in found}
        self.runs: dict[Fold, list[list[Node]]] = {fold: [] for fold in found}

    def _beside(self, cycle_of: dict[Unit, int], x: Node, fold: Fold) -> bool:
        return fold in cycle_of and cycle_of.get(self.owner.get(x, x)) == cycle_of[fold]

    def pieces(self) -> list[Fold]:
        """The pieces of all folds; those that are on no cycle are whole."""
        for node in self.graph.nodes:
            if not self.waiting[node]:
                self._now_ready(node)
        left = len(self.graph)
        while left:
            if self.free:
                self._done(self.free.pop())
                left -= 1
                continue
            fold = self.whole.pop() if self.whole else self._stuck()
            if self.left[fold]:
                run = self._run(fold)
                left -= len(run)
        return [part for fold in self.found for part in self._of(fold)]

    def _of(self, fold: Fold) -> list[Fold]:
        runs = self.runs[fold]
        return [fold] if len(runs) == 1 and fold not in self.guilty else _parts(fold, runs)

    def _stuck(self) -> Fold:
        """The fold to begin: on a cycle that nothing before it is missing for, with the earliest node."""
        while True:
            fold = self.owner[self.graph.nodes[heappop(self.early)]]
            if self.ready[fold]:
                return fold

    def _run(self, fold: Fold) -> list[Node]:
        """All of a fold that can be done now."""
        run: list[Node] = []
        ready = self.ready[fold]
        while ready:
            node = ready.pop()
            run.append(node)
            self._done(node)
        self.left[fold] -= len(run)
        self.runs[fold].append(sorted(run, key=self.graph.index.__getitem__))
        return run

    def _done(self, node: Node) -> None:
        mine = self.owner.get(node)
        for user in self.users[node]:
            fold = self.owner.get(user)
            if fold is not None and fold is not mine:
                self.outer[fold] -= 1
                if not self._beside(self.cycle_of, node, fold):
                    self.before[fold] -= 1
                    if not self.before[fold] and fold in self.guilty:
                        for waiting in self.ready[fold]:
                            heappush(self.early, self.graph.index[waiting])
                if not self.outer[fold]:
                    self.whole.append(fold)
            self.waiting[user] -= 1
            if not self.waiting[user]:
                self._now_ready(user)

    def _now_ready(self, node: Node) -> None:
        fold = self.owner.get(node)
        (self.free if fold is None else self.ready[fold]).append(node)
        if fold in self.guilty and not self.before[fold]:
            heappush(self.early, self.graph.index[node])
