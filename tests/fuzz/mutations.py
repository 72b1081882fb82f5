"""Mutations that all targets share: of bytes, of text by its pieces, and values that are hard for everyone."""

from __future__ import annotations

import random
import re

NUMBERS = [
    "0", "-0", "1", "-1", "2", "3", "0.1", "1e308", "1e309", "-1e308", "1e-308", "5e-324", "4.9e-325", "1e400",
    "nan", "NaN",
    "inf", "-inf", "Infinity", "9007199254740993", "18446744073709551616", "9" * 40, "9" * 310,
    "0." + "0" * 400 + "1",
    "1.0D+03", "0x1F", "1_000", "1,5", "1.000,5", "1e", ".", "-", "+5", "--1", "12:30", "2024-01-31", "50%", "1/3",
    "\u0661\u0662",
]  # fmt: skip
NAMES = [
    "x", "y", "x1", "a", "lambda", "import os", "Temp (°C)", "a`b", "", " ", "E", "pi", "=1+1", "\x00", "é" * 40,
    "n" * 300,
]  # fmt: skip
_PIECES = re.compile(r"\d+\.?\d*(?:[eE][+-]?\d+)?|[^\W\d]\w*|\s+|.", re.DOTALL)


def mutate_bytes(data: bytes, rng: random.Random, tokens: list[bytes]) -> bytes:
    """One change: of a bit, a byte or a stretch, which is dropped, repeated, moved, or replaced by a token."""
    a = rng.randrange(len(data) + 1)
    b = min(len(data), a + rng.choice((1, 1, 2, 4, 8, 16, 64, 256)))
    kind = rng.randrange(9)
    if kind == 0 and a < len(data):
        return data[:a] + bytes([data[a] ^ 1 << rng.randrange(8)]) + data[a + 1 :]
    if kind == 1 and a < len(data):
        return data[:a] + bytes([rng.choice((0, 1, 9, 10, 13, 34, 127, 128, 255, rng.randrange(256)))]) + data[a + 1 :]
    if kind == 2:
        return data[:a] + data[b:]
    if kind == 3:
        return data[:a] + data[a:b] * rng.choice((2, 2, 3, 20)) + data[b:]
    if kind == 4:
        c = rng.randrange(len(data) + 1)
        return data[:c] + data[a:b] + data[c:]
    if kind == 5:
        return data[:a]
    if kind == 6 and b - a >= 1:
        return data[:a] + rng.randbytes(b - a) + data[b:]
    token = rng.choice(tokens)
    return data[:a] + token + data[b if kind == 7 else a :]


def mutate_text(text: str, rng: random.Random, tokens: list[str]) -> str:
    """One change among the text's numbers, names and signs."""
    pieces = _PIECES.findall(text) or [""]
    k = rng.randrange(len(pieces))
    kind = rng.randrange(7)
    if kind == 0:
        pieces[k] = rng.choice(tokens)
    elif kind == 1:
        pieces.insert(k, rng.choice(tokens))
    elif kind == 2:
        del pieces[k]
    elif kind == 3:
        pieces[k] = rng.choice(NUMBERS)
    elif kind == 4:
        j = rng.randrange(len(pieces))
        pieces[k], pieces[j] = pieces[j], pieces[k]
    elif kind == 5:
        end = min(len(pieces), k + rng.randrange(1, 12))
        pieces[k:end] = pieces[k:end] * rng.choice((2, 2, 3, 40))
    else:
        pieces[k] = "".join(
            rng.choice((c, c, chr(rng.randrange(32, 127)), chr(rng.randrange(0x3000)))) for c in pieces[k]
        )
    return "".join(pieces)
