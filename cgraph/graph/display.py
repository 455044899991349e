"""How graphs, passes and models show themselves in a notebook: by whoever draws, who is asked for when it is needed.

cgraph knows nothing of pictures. A package that draws declares an entry point of the group `cgraph.display`: a function
from what is shown to its MIME bundle. viz does so; without it the text is shown.
"""

from __future__ import annotations

from typing import Any

GROUP = "cgraph.display"


def mimebundle(shown: Any, include: Any = None, exclude: Any = None) -> dict[str, str]:
    """What a notebook shows, by MIME type: the method `_repr_mimebundle_` of what can be drawn.

    >>> import cgraph as cg
    >>> mimebundle(cg.variable("x"))["text/plain"]
    '<x>'
    """
    from importlib.metadata import entry_points  # 20 ms, which `import cgraph` does not have

    for found in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        bundle: dict[str, str] = found.load()(shown)
        return bundle
    return {"text/plain": repr(shown)}
