"""A plan as one C function: every size is a number in it, every step a loop or a matrix product."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod

from cgraph.compile.c.ids import UnsupportedError, add_rows, check_ids
from cgraph.compile.c.matrices import HELPERS
from cgraph.compile.c.ops import OPS, copied, copy, product
from cgraph.compile.c.table import EXPRESSIONS, expression, number, prelude
from cgraph.compile.lowering.values import VIEWS
from cgraph.compile.plan.listing import formula, names
from cgraph.compile.plan.places import BUFFER, CONSTANT, LEAF, Place, collapsed
from cgraph.compile.plan.plan import Plan
from cgraph.compile.plan.updates import Update
from cgraph.quoting import c_comment

GEMM = "typedef void (*gemm_t)(int, int, int, long, long, long, T, const T*, long, const T*, long, T, T*, long);"


class Emitter:
    """The C of one plan. `pointers` are the storages whose addresses the program is given, in order."""

    def __init__(self, plan: Plan, library: bool = True) -> None:
        self.plan, self.values = plan, plan.values
        self.pointers = [i for i, s in enumerate(plan.storages) if s.kind != BUFFER and not self._is_number(i)]
        self.lines: list[str] = []
        self.names = names(plan)
        self.gemm, self.library = False, library  # whether BLAS is called, and whether it may be

    def name(self, storage: int) -> str:
        """What the value in a storage is called."""
        return self.names[self.plan.storages[storage].value]

    def _is_number(self, storage: int) -> bool:
        found = self.plan.storages[storage]
        return found.kind == CONSTANT and found.size == 1

    # Access ----------------------------------------------------------------------------------------------------------
    def _pointer(self, storage: int) -> str:
        return f"s{storage}"

    def memory(self, place: Place) -> tuple[int, int, tuple[int, ...]]:
        """The same for two places that are the same memory: where they begin, and the steps through them."""
        offset = self.plan.offsets.get(place.storage)
        return (-1 - place.storage if offset is None else offset), place.offset, place.strides

    def at(self, number_: int, index: Sequence[str], shape: Sequence[int]) -> str:
        """The element of a value at an index of a loop over `shape`, to which the value broadcasts."""
        place = self.plan.places[number_]
        storage = self.plan.storages[place.storage]
        if self._is_number(place.storage):
            return number(self.values[storage.value].constant.reshape(()))
        strides = self.strides(number_, shape)
        terms = [f"{i} * {s}" if s != 1 else i for i, s in zip(index, strides, strict=True) if s]
        if place.offset or not terms:
            terms.append(str(place.offset))
        return f"{self._pointer(place.storage)}[{' + '.join(terms)}]"

    def strides(self, number_: int, shape: Sequence[int]) -> list[int]:
        """The steps of a value through a loop over `shape`; 0 along what is broadcast."""
        place, own = self.plan.places[number_], self.values[number_].shape
        missing = len(shape) - len(own)
        found = [0] * missing
        for size, step, wanted in zip(own, place.strides, shape[missing:], strict=True):
            found.append(step if size == wanted and size != 1 else 0)
        return found

    # The whole -------------------------------------------------------------------------------------------------------
    def source(self) -> str:
        """The program as C."""
        for group in self.plan.groups:
            self._group(group)
        for update in self.plan.updates:
            if update.kind == "rows":
                check_ids(self, update)
        for update in self.plan.updates:
            self._update(update)
        body = "\n".join(self.lines)
        heads = [(s, f"    T *s{s} = (T *)p[{i + 2}]; {c_comment(self.name(s))}") for i, s in enumerate(self.pointers)]
        for storage, offset in self.plan.offsets.items():
            heads.append((storage, f"    T *s{storage} = (T *)p[0] + {offset};"))
        used = set(re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", body)))  # whatever names in comments look like
        matrices = HELPERS if used.intersection(re.findall(r"^static .*?(\w+)\(", HELPERS, re.M)) else ""
        gemm = ["    gemm_t gemm = (gemm_t)p[1];"] if self.gemm else []
        return "\n".join(
            [
                prelude(self.plan.lowered.dtype, matrices + body, vectors=self.library),
                *([matrices] if matrices else []),
                *([GEMM] if self.gemm else []),
                "static int once(void **p) {",
                *gemm,
                *(head for storage, head in heads if self._pointer(storage) in used),
                body,
                "    return 0;",
                "}",
                "int cgraph_step(void **p) { return once(p); }",  # a name that no other library has
                *(self._many() if self.library else []),
                "",
            ]
        )

    @property
    def leaves(self) -> list[int]:
        """The leaves that a call may be given, by the storages of `pointers`, in that order: those it does not own."""
        given = (s for s in self.pointers if self.plan.storages[s].kind == LEAF)
        return [s for s in given if self.values[self.plan.storages[s].value].leaf not in self.plan.lowered.updates]

    def _many(self) -> list[str]:
        """Many calls in one: each leaf that has data takes its part of it, or gathers its rows; results are copied.

        `in` has an address for each of `leaves` (none for those that stay), `rows` the numbers of rows or nothing.
        """
        lines = ["int cgraph_run(void **p, long n, long m, const long *rows, void **in, void **out) {"]
        lines += ["    int failed = 0;", f"    void *own[{len(self.leaves) + 1}];"]
        places = [self.pointers.index(s) + 2 for s in self.leaves]
        sizes = [self.plan.storages[s].size for s in self.leaves]
        lines += [f"    own[{k}] = p[{place}];" for k, place in enumerate(places)]
        lines.append("    for (long call = 0; call < n && !failed; call++) {")
        for k, (place, size) in enumerate(zip(places, sizes, strict=True)):
            lines.append(f"        if (in[{k}] && !rows) p[{place}] = (T *)in[{k}] + call * {size};")
            lines.append(f"        if (in[{k}] && rows) for (long j = 0; j < m; j++)")
            gathered = f"(T *)in[{k}] + rows[call * m + j] * ({size} / m), {size} / m * sizeof(T)"
            lines.append(f"            memcpy((T *)p[{place}] + j * ({size} / m), {gathered});")
        lines.append("        failed = once(p);")
        for k, x in enumerate(self.plan.lowered.outputs):
            found, shape = self.plan.places[x], self.values[x].shape
            index = [f"i{a}" for a in range(len(shape))]
            loops = " ".join(f"for (long {i} = 0; {i} < {size}; {i}++)" for i, size in zip(index, shape, strict=True))
            source = self.indexed(found, found.strides, index).replace(f"s{found.storage}[", "from[", 1)
            lines.append(f"        {{ T *to = (T *)out[{k}] + call * {prod(shape)};")
            lines.append(f"        const T *from = (T *)p[0] + {self.plan.offsets[found.storage]};")
            lines.append(f"        {loops} *to++ = {source}; }}")
        lines.append("    }")
        lines += [f"    p[{place}] = own[{k}];" for k, place in enumerate(places)]
        return [*lines, "    return failed;", "}"]

    def say(self, *lines: str) -> None:
        """Write lines of the function."""
        self.lines += ["    " + line for line in lines]

    def _comment(self, number_: int) -> str:
        return c_comment(f"{self.names[number_]} = {formula(self.plan, self.values[number_], self.names)}")

    def _group(self, group: tuple[int, ...]) -> None:
        value = self.values[group[0]]
        if not prod(value.shape):
            return
        if value.name in EXPRESSIONS:
            self._loop(group)
            return
        emit = OPS.get(value.name, copy if value.name in VIEWS else None)
        if emit is None:
            raise UnsupportedError(value.name)
        self.say(self._comment(group[0]))
        emit(self, group[0], value)

    # Elementwise loops -----------------------------------------------------------------------------------------------
    def _loop(self, group: tuple[int, ...], targets: Mapping[int, int] | None = None) -> None:
        """One loop over all values of a group; `targets` are other places to write to."""
        stored = {x: x for x in group if x in self.plan.places} if targets is None else dict(targets)
        members = set(group)
        shape = self.values[group[0]].shape
        read = dict.fromkeys(x for n in group for x in self.values[n].operands if x not in members)
        touched = [*read, *stored.values()]
        shape_, found = collapsed(shape, [self.strides(x, shape) for x in touched])
        steps = dict(zip(touched, found, strict=True))
        text: dict[int, str] = {}
        before: list[str] = []
        inside: list[str] = []
        index = [f"i{k}" for k in range(len(shape_))]
        for x in read:
            place = self.plan.places[x]
            if self._is_number(place.storage):
                text[x] = self.at(x, [], [])
                continue
            access = self.indexed(place, steps[x], index)
            (before if not steps[x] or steps[x][-1] == 0 else inside).append(f"const T v{x} = {access};")
            text[x] = f"v{x}"
        for n in group:
            value = self.values[n]
            inside.append(f"const T v{n} = {expression(value, [text[x] for x in value.operands])};")
            text[n] = f"v{n}"
        for n, target in stored.items():
            inside.append(f"{self.indexed(self.plan.places[target], steps[target], index)} = v{n};")
        self.say(*map(self._comment, group))
        if not shape_:
            self.say("{", *("    " + line for line in (*before, *inside)), "}")
            return
        pad = ""
        for k, size in enumerate(shape_[:-1]):
            self.say(f"{pad}for (long i{k} = 0; i{k} < {size}; i{k}++) {{")
            pad += "    "
        k = len(shape_) - 1
        self.say(f"{pad}{{", *(f"{pad}    {line}" for line in before), f"{pad}#pragma omp simd")
        self.say(f"{pad}for (long i{k} = 0; i{k} < {shape_[-1]}; i{k}++) {{")
        self.say(*(f"{pad}    {line}" for line in inside), f"{pad}}}", f"{pad}}}" + "}" * k)

    def indexed(self, place: Place, steps: Sequence[int], index: Sequence[str]) -> str:
        """The element at a place, some steps along each loop."""
        terms = [f"{i} * {s}" if s != 1 else i for i, s in zip(index, steps, strict=True) if s]
        if place.offset or not terms:
            terms.append(str(place.offset))
        return f"{self._pointer(place.storage)}[{' + '.join(terms)}]"

    # Updates ---------------------------------------------------------------------------------------------------------
    def _update(self, update: Update) -> None:
        self.say(c_comment(f"{update.leaf.name} is replaced"))
        value = self.values[update.value]
        if not prod(self.values[update.target].shape):
            return
        if update.kind == "copy":
            copied(self, update.target, update.value)
        elif update.kind == "op":
            self._loop((update.value,), {update.value: update.target})
        elif update.kind == "rows":
            add_rows(self, update)
        else:
            x, y = value.operands
            product(self, update.target, x, y, update.factor, added=True)
