"""A formula as MathML that may stand in a page: known elements and attributes only, whoever wrote it."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from fitx.errors import FitxError
from fitx.export import FORMATS, export
from fitx.formula import Var
from fitx.report.markup import Markup, from_xml, printable, tag

if TYPE_CHECKING:
    from fitx.result import Found

LONGEST = 500  # nodes of a formula beyond which it is shown as text
_ELEMENTS = frozenset(
    (
        "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot",
        "mfenced", "mtable", "mtr", "mtd", "mstyle", "munder", "mover", "munderover", "mpadded", "mphantom",
    )
)  # fmt: skip
_ATTRIBUTES = frozenset(
    ("mathvariant", "display", "displaystyle", "stretchy", "fence", "separator", "form", "columnalign", "open", "close")
)


def mathml(found: Found) -> Markup:
    """The formula as MathML, or as text where it is long or cannot be set."""
    if found.shown.complexity <= LONGEST:
        try:
            if "mathml" in FORMATS:
                return from_xml(_clean(_read(export(found, "mathml"))))
            return from_xml(_clean(_by_sympy(found)))
        except (FitxError, ElementTree.ParseError, ValueError):
            pass
    return tag("code", str(found))


def _read(text: str) -> ElementTree.Element:
    """MathML with its named characters, which XML does not know. Errors: ParseError."""
    return ElementTree.fromstring(re.sub(r"&(?!(?:lt|gt|amp|quot|apos);)[A-Za-z]+;", lambda m: unescape(m[0]), text))


def _by_sympy(found: Found) -> ElementTree.Element:
    """SymPy neither escapes names nor rounds floats: it is given other names, and both are put in afterwards."""
    from sympy.printing.mathml import mathml as printed

    names = {f"q{chr(97 + i // 26)}{chr(97 + i % 26)}q": n for i, n in enumerate(found.shown.variables)}
    f = found.shown.substitute({n: Var(stand_in) for stand_in, n in names.items()})
    root = _read(f"<math>{printed(f.to_sympy(), printer='presentation')}</math>")
    for e in root.iter():
        if e.tag == "mi" and e.text in names:
            e.text = printable(names[e.text])
        elif e.tag == "mn" and e.text and "." in e.text:
            e.text = repr(float(e.text)).removesuffix(".0")
    return root


def _clean(root: ElementTree.Element) -> ElementTree.Element:
    """Errors: ValueError for an element that is not known."""
    for e in root.iter():
        name = e.tag.rpartition("}")[2]
        if name not in _ELEMENTS:
            raise ValueError(f"<{name}> is no element of a formula")
        for key in list(e.attrib):
            if key not in _ATTRIBUTES:
                del e.attrib[key]
    if root.tag.rpartition("}")[2] != "math":
        raise ValueError("a formula is a <math>")
    root.set("displaystyle", "true")
    return root
