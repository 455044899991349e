"""The chain rule written out: L = c(a + 2b), and Fig. 6.18 down to (6.43), a - y (SLP3, Eqs. 6.33 to 6.43)."""

import cgraph as cg
from cgraph.chapter import figure_6_18


@cg.trace
def L(a, b, c):  # noqa: N802 - the name of its result
    d = 2 * b
    e = a + d
    return c * e


derivation = cg.derive(L, wrt="b", a=3, b=1, c=-2)
print(derivation.text)
print()

sigmoid_and_loss = cg.derive(figure_6_18(), wrt="z[2]")
print(sigmoid_and_loss.text)
print()

logits = cg.variable("z", 2)
hessian = cg.hessian(cg.softmax_cross_entropy(logits, [1.0, 0.0]), logits)
print("the Hessian of cross-entropy at p = (1/2, 1/2):", cg.forward(hessian, z=[0, 0])[hessian].tolist())

assert derivation.text.endswith("= 2c = −4")
assert "= a[2] − y = −0.377541" in sigmoid_and_loss.text
assert cg.forward(hessian, z=[0, 0])[hessian].tolist() == [[0.25, -0.25], [-0.25, 0.25]]
