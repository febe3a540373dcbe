"""Answers that vendors give when something is wrong, and the XML that Tradier sends unless JSON is asked for."""

from xml.sax.saxutils import escape

MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>503 Service Temporarily Unavailable</title></head>"
    "<body><h1>Down for maintenance</h1><p>We will be back shortly.</p></body></html>"
)


def broken_body(kind: str, text: str) -> tuple[str, str]:
    """A body that is not what the vendor documents, and its content type.

    Args:
        kind: ``html``, ``garbage`` or ``half`` (the first half of the true body).
        text: the true body.
    """
    if kind == "html":
        return MAINTENANCE, "text/html"
    if kind == "garbage":
        return '\x00\x13{"opt\ufffdns":[[}nul', "application/json"
    return text[: len(text) // 2], "application/json"


def to_xml(value: object) -> str:
    """A JSON value as XML: an element per key, a repeated one per item of a list."""
    return f"<?xml version='1.0' encoding='UTF-8'?>{_elements(value)}"


def _elements(value: object) -> str:
    if isinstance(value, dict):
        return "".join(_named(name, item) for name, item in value.items())
    if value is None:
        return ""
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def _named(name: str, value: object) -> str:
    if isinstance(value, list):
        return "".join(_named(name, item) for item in value)
    return f"<{name}/>" if value is None else f"<{name}>{_elements(value)}</{name}>"
