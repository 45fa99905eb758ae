"""An XMP packet: what a sidecar holds. Written by an XML library, so that no text can leave its place."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from judge_vision.exports.text import one_line, plain

_NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
}


@dataclass(frozen=True)
class XmpFacts:
    """What a sidecar says of a photograph; None and empty text are left out."""

    rating: int | None
    """Stars, 1 to 5."""
    label: str
    title: str
    description: str


def packet(facts: XmpFacts) -> bytes:
    """The facts as an XMP document in UTF-8 (ISO 16684-1), the form that Lightroom, darktable and digiKam read."""
    for prefix, uri in _NAMESPACES.items():
        ET.register_namespace(prefix, uri)
    root = ET.Element(_name("x", "xmpmeta"), {_name("x", "xmptk"): "Judge Vision"})
    about = ET.SubElement(ET.SubElement(root, _name("rdf", "RDF")), _name("rdf", "Description"))
    about.set(_name("rdf", "about"), "")
    if facts.rating is not None:
        about.set(_name("xmp", "Rating"), str(facts.rating))
    if facts.label:
        about.set(_name("xmp", "Label"), one_line(facts.label))
    _language_alternative(about, "title", one_line(facts.title))
    _language_alternative(about, "description", plain(facts.description))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def _language_alternative(parent: ET.Element, name: str, text: str) -> None:
    if text:
        alternatives = ET.SubElement(ET.SubElement(parent, _name("dc", name)), _name("rdf", "Alt"))
        item = ET.SubElement(alternatives, _name("rdf", "li"))
        item.set("{http://www.w3.org/XML/1998/namespace}lang", "x-default")
        item.text = text


def _name(prefix: str, local: str) -> str:
    return f"{{{_NAMESPACES[prefix]}}}{local}"
