"""The nonlinear problems of NIST's Statistical Reference Datasets, read from their .dat files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CAP = 11.0  # digits that the certified values have

# Terms that can change places, and parameters whose sign means nothing: an optimum has these twins.
_TERMS = {
    "Lanczos1": ("12", "34", "56"), "Lanczos2": ("12", "34", "56"), "Lanczos3": ("12", "34", "56"),
    "Gauss1": ("345", "678"), "Gauss2": ("345", "678"), "Gauss3": ("345", "678"),
    "ENSO": ("456", "789"), "MGH17": ("24", "35"),
}  # fmt: skip
_SIGNS = {"Gauss1": ("5", "8"), "Gauss2": ("5", "8"), "Gauss3": ("5", "8"), "Eckerle4": ("12",), "ENSO": ("46", "79")}


@dataclass(frozen=True, slots=True)
class Problem:
    """y: (n,); x: (n, d); model: text over x (or x1, x2) and b1, b2, ...; the others: (p,) each."""

    name: str
    x: np.ndarray
    y: np.ndarray
    model: str
    starts: tuple[np.ndarray, np.ndarray]
    certified: np.ndarray
    errors: np.ndarray

    @property
    def columns(self) -> list[str]:
        return ["x"] if self.x.shape[1] == 1 else [f"x{i + 1}" for i in range(self.x.shape[1])]

    @property
    def parameters(self) -> list[str]:
        return [f"b{i + 1}" for i in range(len(self.certified))]

    def digits(self, values: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
        """Digits that agree, of the worst parameter and of the worst standard error; for the nearest twin."""
        twins = [(_digits(v, self.certified), _digits(e, self.errors)) for v, e in self._twins(values, errors)]
        return max(twins)

    def _twins(self, values: np.ndarray, errors: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        terms = [[int(k) - 1 for k in t] for t in _TERMS.get(self.name, ())]
        out = []
        for order in permutations(terms):
            at = np.arange(len(values))
            at[[k for t in terms for k in t]] = [k for t in order for k in t]
            v = values[at]
            for signs in [[]] + [[s] for s in _SIGNS.get(self.name, ())] + [list(_SIGNS.get(self.name, ()))]:
                flipped = v.copy()
                for s in signs:
                    flipped[[int(k) - 1 for k in s]] *= -1
                out.append((flipped, errors[at]))
        return out


def _digits(found: np.ndarray, true: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        off = np.abs(found - true) / np.abs(true)
    return float((-np.log10(np.clip(off, 10**-CAP, None))).min()) if np.isfinite(off).all() else -np.inf


def problems() -> list[Problem]:
    """All that are in the folder of shared data, by name."""
    return [read(p) for p in sorted(DATA.glob("*.dat"))]


def read(path: Path) -> Problem:
    """One file: the lines of the data are named in its head, the model stands above the starting values."""
    lines = path.read_text(encoding="utf-8").splitlines()
    first, last = (int(k) for k in re.search(r"Data\s+\(lines\s+(\d+) to\s+(\d+)\)", "\n".join(lines[:60])).groups())
    table = np.array([[float(v) for v in line.split()] for line in lines[first - 1 : last]])
    at = next(i for i, line in enumerate(lines) if re.match(r"\s*Starting [vV]alues", line) and i > 25)
    numbers = [m[1].split() for line in lines[at : first - 1] if (m := re.match(r"\s*b\d+\s*=\s*(.*)", line))]
    b = np.array(numbers, float)
    model = " ".join(line.strip() for line in lines[28:at] if line.strip())
    text = re.split(r"\by\s*=|\blog\[y\]\s*=", model)[-1]
    text = re.split(r"\+\s*e\s*$", text)[0] if "+  e" not in text else text.split("+  e")[0]
    text = text.strip().replace("[", "(").replace("]", ")").replace("arctan", "atan")
    y = np.log(table[:, 0]) if "log[y]" in model else table[:, 0]
    return Problem(path.stem, table[:, 1:], y, text, (b[:, 0], b[:, 1]), b[:, 2], b[:, 3])
