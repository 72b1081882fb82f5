"""HTML by construction: `tag` escapes every text and every attribute; only what it made itself goes in as it is."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from xml.etree import ElementTree


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


_EMPTY = frozenset({"meta", "br", "link"})
Content = str | Iterable["Markup"] | None
Attribute = str | int | bool | None


def tag(element: str, /, *content: Content, **attributes: Attribute) -> Markup:
    """<element attributes>content</element>. Plain texts are escaped, Markup is not; None is left out. In names of
    attributes `_` stands for `-`, at the end for nothing; True is an attribute without a value."""
    head = "".join(_attribute(k.rstrip("_").replace("_", "-"), v) for k, v in attributes.items())
    if element in _EMPTY:
        return Markup(f"<{element}{head}>")
    return Markup(f"<{element}{head}>{join(*content)}</{element}>")


def join(*content: Content) -> Markup:
    """The contents one after the other, texts escaped."""
    return Markup("".join(_text(c) for c in content))


def _text(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return escape(printable(content))
    return "".join(_text(c) for c in content)


def printable(text: str) -> str:
    """Without control characters but line ends and tabs: they are written out."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(printable(str(value)))}"'


def table(head: Iterable[Content], rows: Iterable[Iterable[Content]], **attributes: Attribute) -> Markup:
    """A table whose first column names the rows."""
    body = []
    for row in rows:
        first, *rest = row
        body.append(tag("tr", tag("th", first, scope="row"), *(tag("td", c) for c in rest)))
    header = tag("thead", tag("tr", *(tag("th", c, scope="col") for c in head)))
    return tag("div", tag("table", header, tag("tbody", *body), **attributes), class_="wide")


def from_xml(root: ElementTree.Element) -> Markup:
    """An element as HTML holds it: no namespaces. Its texts and attributes are escaped by the serialiser."""
    for e in root.iter():
        e.tag = e.tag.rpartition("}")[2]
        for key in list(e.attrib):
            if key.startswith("{"):
                e.set(key.rpartition("}")[2], e.attrib.pop(key))
    return Markup(ElementTree.tostring(root, encoding="unicode", short_empty_elements=False))
