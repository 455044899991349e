"""Proof: every derivative against SymPy's own, and a report that never says more than is known.

A graph is computed in the world of symbols, differentiated by cgraph's rules there, and compared with
`sympy.diff` of the forward result: as a whole where its formula is short, else node by node, joined by the chain rule.
Where SymPy shows that the two are equal, the derivative is *proved*; where it cannot decide, they are compared at
rational points to 30 digits, and the report says just that.
"""

from __future__ import annotations

from cgraph.proof.graphs import UnderWay
from cgraph.proof.judgement import compare
from cgraph.proof.provers import prove, to_sympy
from cgraph.proof.report import AGREES, PROVED, UNDECIDED, WRONG, Check, Report
from cgraph.proof.rules import prove_row

__all__ = [
    "AGREES",
    "PROVED",
    "UNDECIDED",
    "WRONG",
    "Check",
    "Report",
    "UnderWay",
    "compare",
    "prove",
    "prove_row",
    "to_sympy",
]
