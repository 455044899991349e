"""L = c(a + 2b): values forward, gradients backward, drawn and proved (SLP3, Figs. 6.15 and 6.17)."""

import cgraph as cg
import viz

a, b, c = cg.variables("a b c")
d = (2 * b).named("d")
e = (a + d).named("e")
L = (c * e).named("L")

fwd = cg.forward(L, a=3, b=1, c=-2)
bwd = cg.backward(fwd)
for edge in bwd.edges:
    print(
        f"{edge.operand.name} -> {edge.result.name}: upstream {edge.upstream:g} * local {edge.local:g}"
        f" = downstream {edge.downstream:g}"
    )
print("saved", viz.draw(bwd).save("backprop.svg"))
report = cg.prove(L)
print(report)

assert (fwd["d"], fwd["e"], fwd["L"]) == (2, 5, -10)
assert [bwd.gradient[n] for n in "abc"] == [-2, -4, 5]
assert report.proved
