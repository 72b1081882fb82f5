"""Lines, powers and roots; isotherms of adsorption."""

from __future__ import annotations

from fitx.curves.family import Family
from fitx.curves.starts import USUAL, below, exponent, fixed, inverse_level, place, rate, signed_rate, steepness

FAMILIES = (
    Family("constant", "a", "a: the mean", "the arithmetic mean", {"a": 3.0}, (0, 10), features=0),
    Family("proportional", "a*x", "a: slope", "a line through the origin", {"a": 2.0}, (1, 10)),
    Family(
        "line", "a*x + b", "a: slope; b: value at 0", "Legendre 1805, Nouvelles methodes", {"a": 2.0, "b": -3.0},
        (0, 10)
    ),
    Family(
        "parabola", "a*x**2 + b*x + c", "a: half the curvature; b: slope at 0; c: value at 0", "Galilei 1638, Discorsi",
        {"a": 0.5, "b": -3.0, "c": 2.0}, (0, 10),
    ),
    Family(
        "cubic", "a*x**3 + b*x**2 + c*x + d", "a, b, c: of the powers; d: value at 0", "Legendre 1805",
        {"a": 0.2, "b": -3.0, "c": 11.0, "d": 2.0}, (0, 10),
    ),
    Family(
        "inverse", "a/x", "a: product of x and y", "Boyle 1662", {"a": 5.0}, (0.5, 6), x="positive"
    ),
    Family(
        "inverse_square", "a/x**2", "a: y at x = 1", "Newton 1687, Principia", {"a": 5.0}, (0.5, 4), x="positive"
    ),
    Family(
        "reciprocal", "a/x + b", "a: of the reciprocal; b: limit for large x", "rectangular hyperbola",
        {"a": 5.0, "b": 2.0}, (0.5, 6), x="positive",
    ),
    Family(
        "root", "a*sqrt(x) + b", "a: of the root; b: value at 0", "Galilei 1638, free fall", {"a": 3.0, "b": -1.0},
        (0, 10,
    ),
           x="nonnegative"),
    Family(
        "logarithmic", "a*log(x) + b", "a: rise for a factor of e; b: value at 1", "Fechner 1860; Temkin 1940",
        {"a": 1.5, "b": 2.0}, (0.2, 20), x="positive",
    ),
    Family(
        "power", "a*x**b", "a: value at 1; b: exponent", "Kepler 1619; Stevens 1957", {"a": 2.0, "b": 1.6}, (0.2, 8),
        {"b": exponent}, x="nonnegative", within={"b": USUAL},
    ),
    Family(
        "power_offset", "a*x**b + c", "a: factor; b: exponent; c: value at 0, yield stress",
        "Herschel and Bulkley 1926", {"a": 2.0, "b": 0.6, "c": 3.0}, (0, 10), {"b": exponent}, x="nonnegative",
        within={"b": USUAL},
    ),
    Family(
        "shifted_power", "a*(x + c)**b", "a: factor; b: exponent; c: shift of x", "Mandelbrot 1953; Omori-Utsu 1961",
        {"a": 40.0, "b": -1.4, "c": 2.0}, (0, 20), {"b": exponent, "c": below}, within={"b": USUAL},
    ),
    Family(
        "freundlich", "k*x**(1/n)", "k: capacity; n: intensity", "Freundlich 1907", {"k": 2.0, "n": 2.5}, (0.1, 20),
        {"n": fixed(0.5, 0.8, 1.5, 3.0)}, x="nonnegative",
        within={"n": (0.125, 1e3)},
    ),
    Family(
        "langmuir", "q*k*x/(1 + k*x)", "q: capacity; k: affinity", "Langmuir 1918, doi:10.1021/ja02242a004",
        {"q": 8.0, "k": 0.4}, (0, 20), {"k": inverse_level}, x="nonnegative",
    ),
    Family(
        "redlich_peterson", "k*x/(1 + a*x**g)", "k: slope at 0; a, g: of saturation; g: exponent",
        "Redlich and Peterson 1959, doi:10.1021/j150576a611", {"k": 6.0, "a": 0.9, "g": 0.7}, (0, 40),
        {"a": inverse_level, "g": fixed(0.4, 0.7, 0.9, 1.2)}, x="nonnegative",
    ),
    Family(
        "toth", "q*k*x/(1 + (k*x)**n)**(1/n)", "q: capacity; k: affinity; n: heterogeneity", "Toth 1971",
        {"q": 8.0, "k": 0.9, "n": 0.5}, (0, 30), {"k": inverse_level, "n": steepness}, x="nonnegative",
    ),
    Family(
        "bet", "v*c*x/((1 - x)*(1 + (c - 1)*x))", "v: monolayer capacity; c: BET constant; x: relative pressure",
        "Brunauer, Emmett and Teller 1938, doi:10.1021/ja01269a023", {"v": 3.0, "c": 40.0}, (0.01, 0.6),
        {"c": fixed(2.0, 10.0, 50.0, 250.0)}, x="fraction",
    ),
    Family(
        "linear_fractional", "(a + b*x)/(1 + c*x)", "a: value at 0; b/c: limit; c: of saturation",
        "Pade 1892, degree [1/1]", {"a": 1.0, "b": 3.0, "c": 0.4}, (0, 20), {"c": signed_rate},
    ),
    Family(
        "broken_line", "a + b*x + c*max(0, x - m)", "a: value at 0; b: slope; c: change of slope; m: the break",
        "Quandt 1958, doi:10.1080/01621459.1958.10501484", {"a": 1.0, "b": 2.0, "c": -3.0, "m": 6.0}, (0, 10),
        {"m": place},
    ),
    Family(
        "line_root", "a + b*x + c*sqrt(x)", "a: value at 0; b: of x; c: of the root",
        "Ostwald, Kohlrausch; Philip 1957", {"a": 1.0, "b": -1.5, "c": 6.0}, (0, 15), x="nonnegative",
    ),
    Family(
        "hyperbola", "a/(1 + k*x)", "a: value at 0; k: rate constant times a", "second-order kinetics; Mazur 1987",
        {"a": 5.0, "k": 0.6}, (0, 12), {"k": rate}, x="nonnegative",
    ),
)  # fmt: skip
