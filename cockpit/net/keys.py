"""Keys of the cache's far levels: any text becomes plain characters, and two texts never the same ones."""

import hashlib
import re

_OTHER = re.compile(rb"[^A-Za-z0-9|._-]")
_LONGEST = 200
_PREFIX = 120


def encoded_key(key: str) -> str:
    """Letters, digits and ``| . _ - %`` only; a long key ends in ``~`` and a digest of the whole."""
    plain = _percent(key)
    if len(plain) <= _LONGEST:
        return plain
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{plain[:_PREFIX]}~{digest}"


def encoded_pattern(pattern: str) -> str:
    """The same of a pattern, whose ``*`` stands for any characters; of long keys it sees the beginning only."""
    return "*".join(_percent(part) for part in pattern.split("*"))


def _percent(text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    return _OTHER.sub(lambda found: b"%%%02X" % found[0][0], raw).decode("ascii")
