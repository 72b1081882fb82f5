"""A formula as MathML that may stand in a page: known elements and attributes only, whoever wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from fitx.errors import FitxError
from fitx.export import export
from fitx.report.markup import Markup, from_xml, tag

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
    ("mathvariant", "displaystyle", "alttext", "stretchy", "fence", "separator", "form", "columnalign", "open", "close")
)


def mathml(found: Found) -> Markup:
    """The formula as MathML, or as text where it is long or cannot be set."""
    if found.shown.complexity <= LONGEST:
        try:
            return from_xml(_clean(ElementTree.fromstring(export(found, "mathml"))))
        except (FitxError, ElementTree.ParseError, ValueError):
            pass
    return tag("code", str(found))


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
