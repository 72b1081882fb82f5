"""Saturation, transport, response and spectra: physics, chemistry, soil, electronics."""

from __future__ import annotations

from fitx.curves.family import Family
from fitx.curves.starts import (
    USUAL,
    barrier,
    below,
    exponent,
    fixed,
    inside,
    inverse_level,
    level,
    place,
    rate,
    signed_rate,
    width,
)
from fitx.curves.starts_linear import antoine, steinhart_hart

FAMILIES = (
    Family(
        "rc_charge", "a*(1 - exp(-x/T))", "a: limit; T: time constant", "Thomson 1853", {"a": 5.0, "T": 1.8}, (0, 10),
        {"T": level}, x="nonnegative",
    ),
    Family(
        "butterworth", "a/sqrt(1 + (x/f)**(2*n))", "a: gain at 0; f: corner; n: order", "Butterworth 1930",
        {"a": 2.0, "f": 3.0, "n": 2.0}, (0.1, 12), {"f": level, "n": fixed(0.7, 1.5, 3.0, 6.0)}, x="nonnegative",
    ),
    Family(
        "high_pass", "a*x/sqrt(f**2 + x**2)", "a: gain of high frequencies; f: corner", "RC filter of first order",
        {"a": 2.0, "f": 3.0}, (0, 20), {"f": level}, x="nonnegative",
    ),
    Family(
        "resonance", "a/sqrt((w**2 - x**2)**2 + (g*x)**2)", "a: force; w: own frequency; g: damping",
        "Helmholtz 1863, forced oscillation", {"a": 20.0, "w": 4.0, "g": 1.0}, (0, 10), {"w": inside, "g": width},
        x="nonnegative",
    ),
    Family(
        "debye", "c + d/(1 + (x*T)**2)", "c: high-frequency limit; d: step; T: relaxation time", "Debye 1929",
        {"c": 2.0, "d": 6.0, "T": 0.5}, (0, 15), {"T": inverse_level}, x="nonnegative",
    ),
    Family(
        "debye_loss", "d*x*T/(1 + (x*T)**2)", "d: step; T: relaxation time", "Debye 1929", {"d": 6.0, "T": 0.5},
        (0, 15), {"T": inverse_level}, x="nonnegative",
    ),
    Family(
        "cole_cole", "c + d*(1 + (x*T)**b*cos(pi*b/2))/(1 + 2*(x*T)**b*cos(pi*b/2) + (x*T)**(2*b))",
        "c: high-frequency limit; d: step; T: relaxation time; b: 1 - alpha",
        "Cole and Cole 1941, doi:10.1063/1.1750906", {"c": 2.0, "d": 6.0, "T": 0.5, "b": 0.7}, (0.01, 30),
        {"T": inverse_level, "b": fixed(0.5, 0.75, 0.95)}, x="nonnegative",
    ),
    Family(
        "steinhart_hart", "1/(a + b*log(x) + c*log(x)**3)", "a, b, c: the sensor's constants; x: resistance",
        "Steinhart and Hart 1968, doi:10.1016/0011-7471(68)90057-0",
        {"a": 1.1e-3, "b": 2.4e-4, "c": 8e-8}, (100, 60000), steinhart_hart, x="positive", y="positive",
    ),
    Family(
        "antoine", "10**(a - b/(c + x))", "a, b, c: the substance's constants; x: temperature; y: vapour pressure",
        "Antoine 1888", {"a": 8.07, "b": 1730.0, "c": 233.4}, (5, 100), antoine, y="positive",
    ),
    Family(
        "vogel", "A*exp(B/(x - T))", "A: limit for large x; B: strength; T: Vogel temperature",
        "Vogel 1921; Fulcher 1925", {"A": 0.02, "B": 900.0, "T": 150.0}, (250, 400),
        {"B": barrier, "T": lambda s: tuple(-v for v in below(s))},
    ),
    Family(
        "nernst", "E + s*log(x)", "E: standard potential; s: slope, RT/zF", "Nernst 1889", {"E": 0.77, "s": 0.0257},
        (0.001, 1), x="positive",
    ),
    Family(
        "nikolsky", "E + s*log(x + L)", "E: standard potential; s: slope; L: interference", "Nikolsky 1937",
        {"E": 0.77, "s": 0.0257, "L": 0.02}, (0, 1), {"L": below}, x="nonnegative",
    ),
    Family(
        "van_genuchten", "r + (s - r)/(1 + (a*x)**n)**(1 - 1/n)",
        "r: residual, s: saturated water content; a: inverse suction; n: pore sizes",
        "van Genuchten 1980, doi:10.2136/sssaj1980.03615995004400050002x",
        {"r": 0.07, "s": 0.43, "a": 0.036, "n": 1.9}, (0, 300), {"a": inverse_level, "n": fixed(1.2, 1.6, 2.5, 5.0)},
        x="nonnegative",
    ),
    Family(
        "carreau", "c + d*(1 + (x*T)**2)**((n - 1)/2)",
        "c: viscosity of fast, d: of slow flow less c; T: time; n: index", "Carreau 1972, doi:10.1122/1.549276",
        {"c": 1.0, "d": 8.0, "T": 1.2, "n": 0.3}, (0, 20), {"T": inverse_level, "n": fixed(-0.5, 0.2, 0.6)},
        x="nonnegative",
    ),
    Family(
        "planck", "a*x**3/(exp(x/T) - 1)", "a: scale; T: temperature in units of x", "Planck 1900, by frequency",
        {"a": 1.5, "T": 1.2}, (0.1, 12), {"T": level}, x="positive",
    ),
    Family(
        "planck_wavelength", "a/(x**5*(exp(b/x) - 1))", "a: scale; b: 5 times x at the maximum",
        "Planck 1900, by wavelength", {"a": 500.0, "b": 6.0}, (0.3, 5),
        {"b": lambda s: tuple(5 * v for v in level(s))}, x="positive",
    ),
    Family(
        "van_deemter", "a + b/x + c*x", "a: eddies; b: diffusion; c: mass transfer",
        "van Deemter 1956, doi:10.1016/0009-2509(56)80003-1", {"a": 1.0, "b": 4.0, "c": 0.5}, (0.5, 10), x="positive",
    ),
    Family(
        "cauchy", "a + b/x**2 + c/x**4", "a, b, c: of the dispersion of light", "Cauchy 1836",
        {"a": 1.5, "b": 0.05, "c": 0.02}, (0.4, 1.2), x="positive",
    ),
    Family(
        "diode", "i*(exp(x/v) - 1)", "i: saturation current; v: thermal voltage", "Shockley 1949",
        {"i": 0.5, "v": 1.7}, (-2, 6), {"v": lambda s: tuple(1 / k for k in signed_rate(s))},
    ),
    Family(
        "butler_volmer", "i*(exp(a*x) - exp(-b*x))", "i: exchange current; a, b: anodic and cathodic slope",
        "Butler 1924; Erdey-Gruz and Volmer 1930", {"i": 0.6, "a": 1.3, "b": 0.8}, (-2.5, 2), {"a": rate, "b": rate},
    ),
    Family(
        "langevin", "a*(1/tanh(x/b) - b/x)", "a: saturation; b: scale of the field", "Langevin 1905",
        {"a": 4.0, "b": 1.5}, (0.1, 15), {"b": level},
    ),
    Family(
        "sutherland", "a*x**1.5/(x + S)", "a: scale; S: Sutherland's temperature", "Sutherland 1893",
        {"a": 1.5, "S": 110.0}, (50, 900), {"S": level}, x="positive",
    ),
    Family(
        "lennard_jones", "a/x**12 - b/x**6", "a: repulsion; b: attraction", "Lennard-Jones 1924", {"a": 4.0, "b": 5.0},
        (0.93, 2.5), x="positive",
    ),
    Family(
        "morse", "c + d*(1 - exp(-k*(x - m)))**2", "c: least energy; d: depth; k: stiffness; m: distance",
        "Morse 1929, doi:10.1103/PhysRev.34.57", {"c": -4.0, "d": 4.0, "k": 1.3, "m": 1.6}, (0.8, 6),
        {"k": rate, "m": place},
    ),
    Family(
        "arrhenius_power", "A*x**n*exp(-E/x)", "A: scale; n: exponent; E: activation energy over R", "Kooij 1893",
        {"A": 0.002, "n": 1.5, "E": 400.0}, (100, 1500), {"n": exponent, "E": barrier}, x="positive",
        within={"n": USUAL},
    ),
)  # fmt: skip
