"""Surfaces over two features x and z."""

from __future__ import annotations

from fitx.curves.family import Family
from fitx.curves.starts import USUAL, along, barrier, broad, exponent, fixed, level, place, rate, signed_rate

_Z_LEVEL = along(1, level)

FAMILIES = (
    Family(
        "plane", "a*x + b*z + c", "a, b: slopes; c: value at 0", "Legendre 1805", {"a": 2.0, "b": -1.0, "c": 3.0},
        (0, 10), features=2,
    ),
    Family("product", "a*x*z", "a: factor", "joint variation", {"a": 1.5}, (1, 10), features=2),
    Family(
        "ratio", "a*x/z", "a: factor", "joint variation", {"a": 1.5}, (1, 10), x="positive", features=2, ordered=True,
    ),
    Family(
        "bilinear", "a*x*z + b*x + c*z + d", "a: interaction; b, c: slopes; d: value at 0", "hyperbolic paraboloid",
        {"a": 0.5, "b": 2.0, "c": -1.0, "d": 3.0}, (0, 10), features=2,
    ),
    Family(
        "paraboloid", "c + a*(x - m)**2 + b*(z - n)**2", "c: value at the vertex; a, b: curvatures; m, n: the vertex",
        "elliptic paraboloid", {"c": 2.0, "a": 0.5, "b": 0.8, "m": 4.0, "n": 6.0}, (0, 10),
        {"m": place, "n": along(1, place)}, features=2,
    ),
    Family(
        "quadratic_surface", "a*x**2 + b*z**2 + e*x*z + f*x + g*z + h", "a to h: of the six terms",
        "Box and Wilson 1951, response surfaces", {"a": 0.5, "b": 0.8, "e": -0.7, "f": 1.0, "g": -2.0, "h": 3.0},
        (0, 10), features=2,
    ),
    Family(
        "gaussian_2d", "a*exp(-(x - m)**2/(2*s**2) - (z - n)**2/(2*t**2)) + c",
        "a: height; m, n: place; s, t: standard deviations; c: background", "Gauss 1809",
        {"a": 5.0, "m": 4.0, "n": 6.0, "s": 1.5, "t": 2.2, "c": 1.0}, (0, 10),
        {"m": place, "n": along(1, place), "s": broad, "t": along(1, broad)}, features=2,
    ),
    Family(
        "cobb_douglas", "a*x**b*z**c", "a: scale; b, c: elasticities", "Cobb and Douglas 1928",
        {"a": 2.0, "b": 0.7, "c": 0.4}, (0.5, 10), {"b": exponent, "c": exponent}, x="positive", features=2,
        within={"b": USUAL, "c": USUAL},
    ),
    Family(
        "ces", "a*(d*x**(-r) + (1 - d)*z**(-r))**(-1/r)", "a: productivity; d: share; r: 1/elasticity - 1",
        "Arrow, Chenery, Minhas and Solow 1961, doi:10.2307/1927286", {"a": 2.0, "d": 0.4, "r": 1.5}, (0.5, 10),
        {"d": fixed(0.2, 0.5, 0.8), "r": fixed(-0.5, 0.5, 1.5, 4.0)}, x="positive", features=2,
    ),
    Family(
        "arrhenius_rate", "A*z**n*exp(-E/x)", "A: rate constant; n: order; E: activation energy over R; x: temperature",
        "Arrhenius 1889; van 't Hoff 1884", {"A": 20.0, "n": 1.6, "E": 5.0}, (1, 10), {"n": exponent, "E": barrier},
        x="positive", features=2, ordered=True,
    ),
    Family(
        "competitive_inhibition", "V*x/(K*(1 + z/I) + x)", "V: limit; K: half-saturation; I: inhibition; z: inhibitor",
        "Michaelis and Menten 1913; Dixon 1953", {"V": 8.0, "K": 2.0, "I": 3.0}, (0.1, 12), {"K": level, "I": _Z_LEVEL},
        x="nonnegative", features=2, ordered=True,
    ),
    Family(
        "noncompetitive_inhibition", "V*x/((K + x)*(1 + z/I))",
        "V: limit; K: half-saturation; I: inhibition; z: inhibitor", "Dixon 1953, doi:10.1042/bj0550170",
        {"V": 8.0, "K": 2.0, "I": 3.0}, (0.1, 12), {"K": level, "I": _Z_LEVEL}, x="nonnegative", features=2,
        ordered=True,
    ),
    Family(
        "ping_pong", "V*x*z/(A*z + B*x + x*z)", "V: limit; A, B: half-saturations of x and z", "Cleland 1963",
        {"V": 8.0, "A": 2.0, "B": 3.0}, (0.2, 12), {"A": level, "B": _Z_LEVEL}, x="positive", features=2,
    ),
    Family(
        "exponential_2d", "a*exp(b*x + c*z)", "a: value at 0; b, c: rates", "log-linear model",
        {"a": 5.0, "b": -0.3, "c": 0.15}, (0, 8), {"b": signed_rate, "c": along(1, signed_rate)}, features=2,
    ),
    Family(
        "decay_times_power", "a*z**n*exp(-k*x)", "a: scale; n: exponent; k: rate", "attenuated power law",
        {"a": 2.0, "n": 0.7, "k": 0.3}, (0.2, 8), {"n": exponent, "k": rate}, x="nonnegative", features=2, ordered=True,
    ),
    Family(
        "sum_of_powers", "a*x**b + c*z**d", "a, c: factors; b, d: exponents", "additive power laws",
        {"a": 2.0, "b": 1.5, "c": 3.0, "d": 0.5}, (0.2, 8), {"b": exponent, "d": exponent}, x="positive", features=2,
        within={"b": USUAL, "d": USUAL},
    ),
    Family(
        "lorentzian_2d", "a/(1 + ((x - m)/s)**2 + ((z - n)/t)**2)", "a: height; m, n: place; s, t: half widths",
        "Lorentz 1906", {"a": 5.0, "m": 4.0, "n": 6.0, "s": 1.5, "t": 2.2}, (0, 10),
        {"m": place, "n": along(1, place), "s": broad, "t": along(1, broad)}, features=2,
    ),
)  # fmt: skip
