"""Growth, decay, kinetics, dose and response."""

from __future__ import annotations

from fitx.curves.family import Family
from fitx.curves.starts import barrier, before, fixed, level, place, rate, signed_rate, steepness

_TIMES = {"T": level, "b": steepness}

FAMILIES = (
    Family(
        "exponential", "a*exp(k*x)", "a: value at 0; k: rate of growth, below 0 of decay",
        "Malthus 1798; Rutherford 1900", {"a": 3.0, "k": -0.5}, (0, 8), {"k": signed_rate},
    ),
    Family(
        "exponential_offset", "a*exp(-k*x) + c", "a: distance at 0; k: rate; c: limit", "Newton 1701, cooling",
        {"a": 3.0, "k": 0.7, "c": 1.0}, (0, 8), {"k": signed_rate},
    ),
    Family(
        "biexponential", "a*exp(-k*x) + b*exp(-l*x)", "a, b: values at 0; k, l: rates", "de Prony 1795",
        {"a": 3.0, "k": 2.0, "b": 2.0, "l": 0.3}, (0, 8), {"k": rate, "l": rate},
    ),
    Family(
        "biexponential_offset", "a*exp(-k*x) + b*exp(-l*x) + c", "a, b: parts; k, l: rates; c: limit", "de Prony 1795",
        {"a": 4.0, "k": 4.0, "b": 2.5, "l": 0.5, "c": 1.0}, (0, 8), {"k": rate, "l": rate},
    ),
    Family(
        "burst", "a*exp(-k*x) + b*x + c", "a: size; k: rate of the burst; b: steady rate; c: value without the burst",
        "Gutfreund 1955", {"a": -3.0, "k": 1.2, "b": 0.5, "c": 3.0}, (0, 8), {"k": rate},
    ),
    Family(
        "stretched", "a*exp(-(x/T)**b)", "a: value at 0; T: time; b: stretching",
        "Kohlrausch 1854; Williams, Watts 1970", {"a": 3.0, "T": 2.0, "b": 0.55}, (0, 10), _TIMES, x="nonnegative",
    ),
    Family(
        "arrhenius", "A*exp(-E/x)", "A: limit for large x; E: activation energy over R", "Arrhenius 1889",
        {"A": 8.0, "E": 900.0}, (280, 450), {"E": barrier}, x="positive",
    ),
    Family(
        "gompertz", "K*exp(-exp(-r*(x - m)))", "K: limit; r: rate; m: place of the fastest growth", "Gompertz 1825",
        {"K": 8.0, "r": 0.8, "m": 4.0}, (0, 12), {"r": signed_rate, "m": place},
    ),
    Family(
        "logistic", "K/(1 + exp(-r*(x - m)))", "K: limit; r: rate; m: half of it", "Verhulst 1838",
        {"K": 8.0, "r": 1.1, "m": 5.0}, (0, 10), {"r": signed_rate, "m": place},
    ),
    Family(
        "logistic4", "c + d/(1 + exp(-r*(x - m)))", "c: one limit; d: the other less c; r: rate; m: half way",
        "Finney 1978", {"c": 2.0, "d": 6.0, "r": 1.1, "m": 5.0}, (0, 10), {"r": rate, "m": place},
        step=("c", "d", "r"),
    ),
    Family(
        "logistic5", "c + d/(1 + exp(-r*(x - m)))**s", "c: lower limit; d: rise; r: rate; m: place; s: asymmetry",
        "Prentice 1976, doi:10.2307/2529261", {"c": 2.0, "d": 6.0, "r": 1.6, "m": 4.0, "s": 0.3}, (0, 10),
        {"r": rate, "m": place, "s": fixed(0.3, 1.0, 3.0)},
    ),
    Family(
        "richards", "K/(1 + exp(-r*(x - m)))**s", "K: limit; r: rate; m: place; s: shape", "Richards 1959",
        {"K": 8.0, "r": 1.5, "m": 4.0, "s": 0.3}, (0, 10), {"r": signed_rate, "m": place, "s": fixed(0.3, 1.0, 3.0)},
    ),
    Family(
        "dose_response", "c + d/(1 + (x/m)**(-h))",
        "c: response without a dose; d: largest less c; m: half-effect dose; h: Hill slope",
        "Hill 1910; DeLean, Munson and Rodbard 1978", {"c": 1.0, "d": 9.0, "m": 2.0, "h": 2.2}, (0.1, 12),
        {"m": level, "h": steepness}, x="positive", step=("c", "d", "h"),
    ),
    Family(
        "dose_response5", "c + d/(1 + (x/m)**(-h))**s",
        "c: response without a dose; d: largest less c; m: dose; h: slope; s: asymmetry", "Gottschalk and Dunn 2005",
        {"c": 1.0, "d": 9.0, "m": 1.5, "h": 4.0, "s": 0.3}, (0.1, 12),
        {"m": level, "h": steepness, "s": fixed(0.3, 1.0, 3.0)}, x="positive",
    ),
    Family(
        "weibull", "K*(1 - exp(-(x/T)**b))", "K: limit; T: time to 63 percent; b: shape", "Weibull 1951; Avrami 1939",
        {"K": 6.0, "T": 4.0, "b": 2.2}, (0, 10), _TIMES, x="nonnegative",
    ),
    Family(
        "weibull4", "K - d*exp(-(x/T)**b)", "K: limit; d: K less the value at 0; T: time; b: shape", "Ratkowsky 1983",
        {"K": 8.0, "d": 6.0, "T": 4.0, "b": 2.2}, (0, 10), _TIMES, x="nonnegative",
    ),
    Family(
        "bertalanffy", "L*(1 - exp(-k*(x - t)))", "L: limit; k: rate; t: age of length 0", "von Bertalanffy 1938",
        {"L": 9.0, "k": 0.4, "t": -0.6}, (0, 10), {"k": rate, "t": before},
    ),
    Family(
        "bertalanffy_weight", "W*(1 - b*exp(-k*x))**3", "W: limit; b: 1 less the cube root of the share at 0; k: rate",
        "von Bertalanffy 1957, doi:10.1086/401873", {"W": 9.0, "b": 0.85, "k": 0.5}, (0, 12),
        {"b": fixed(0.3, 0.6, 0.9), "k": rate},
    ),
    Family(
        "michaelis_menten", "V*x/(K + x)", "V: limit; K: half-saturation", "Michaelis and Menten 1913",
        {"V": 8.0, "K": 2.5}, (0, 20), {"K": level}, x="nonnegative",
    ),
    Family(
        "monod", "V*x/(K + x) - m", "V: largest rate; K: half-saturation; m: maintenance", "Monod 1949; Pirt 1965",
        {"V": 8.0, "K": 2.5, "m": 1.0}, (0, 20), {"K": level}, x="nonnegative",
    ),
    Family(
        "hill", "V*x**n/(K**n + x**n)", "V: limit; K: half-saturation; n: cooperativity", "Hill 1910",
        {"V": 8.0, "K": 4.0, "n": 2.7}, (0, 12), {"K": level, "n": steepness}, x="nonnegative",
    ),
    Family(
        "holling3", "V*x**2/(K**2 + x**2)", "V: limit; K: half-saturation", "Holling 1959, type III",
        {"V": 8.0, "K": 3.0}, (0, 12), {"K": level},
    ),
    Family(
        "haldane", "V*x/(K + x + x**2/I)", "V: rate without inhibition; K: half-saturation; I: inhibition by substrate",
        "Haldane 1930; Andrews 1968", {"V": 12.0, "K": 1.5, "I": 4.0}, (0, 20), {"K": level, "I": level},
        x="nonnegative",
    ),
    Family(
        "bateman", "a*(exp(-k*x) - exp(-l*x))", "a: scale; k: rate of loss; l: rate of uptake", "Bateman 1910",
        {"a": 6.0, "k": 0.25, "l": 1.4}, (0, 16), {"k": rate, "l": rate},
    ),
    Family(
        "ricker", "a*x*exp(-b*x)", "a: slope at 0; b: 1/x at the maximum", "Ricker 1954; Steele 1962",
        {"a": 4.0, "b": 0.5}, (0, 10), {"b": signed_rate},
    ),
    Family(
        "tanh_saturation", "P*tanh(k*x)", "P: limit; k: slope at 0 over P", "Jassby and Platt 1976",
        {"P": 6.0, "k": 0.4}, (0, 8), {"k": rate},
    ),
    Family(
        "photoinhibition", "P*(1 - exp(-a*x))*exp(-b*x)", "P: scale; a: rate of saturation; b: rate of inhibition",
        "Platt, Gallegos and Harrison 1980", {"P": 9.0, "a": 0.9, "b": 0.08}, (0, 20),
        {"a": rate, "b": rate}, x="nonnegative",
    ),
    Family(
        "hyperbolic_decline", "a/(1 + k*x)**n", "a: value at 0; k: rate; n: exponent",
        "Arps 1945, doi:10.2118/945228-G", {"a": 6.0, "k": 0.7, "n": 2.0}, (0, 15), {"k": rate, "n": steepness},
        x="nonnegative",
    ),
)  # fmt: skip
