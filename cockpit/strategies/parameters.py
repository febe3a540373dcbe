"""Parameters of a strategy: its annotated class attributes with a default, checked whatever they are set from."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

KINDS: tuple[type, ...] = (bool, int, float, str)
"""What a parameter can be."""

_WORDS = {"true": True, "false": False}
_WANTED = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_SHOWN = 60


class ParameterError(ValueError):
    """A parameter is unknown, or its value is of the wrong kind or out of bounds; the sentence names it."""


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a number, both included: ``length: Annotated[int, Between(2, 500)] = 14``."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what it is called, what it can be, and what it is when nobody says otherwise."""

    name: str
    kind: type
    default: Any
    bounds: Between | None = None

    def read(self, value: object) -> Any:
        """The value, of the parameter's kind; text is read as on a command line.

        Raises:
            ParameterError: it is of another kind, not finite or out of bounds.
        """
        found = _as_kind(self.kind, value)
        if found is None:
            raise ParameterError(f"{self.name} takes {_WANTED[self.kind]}, not {_shown(value)}")
        bounds = self.bounds
        if bounds is not None and not bounds.low <= found <= bounds.high:
            raise ParameterError(f"{self.name} lies between {bounds.low:g} and {bounds.high:g}, not at {found}")
        return found


def parameters_of(strategy: type) -> dict[str, Parameter]:
    """The parameters of a class by name, those of its bases first.

    Raises:
        ParameterError: an attribute's annotation cannot be read, or is of a kind that no parameter can be.
    """
    try:
        hints = get_type_hints(strategy, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise ParameterError(f"an annotation of {strategy.__name__} cannot be read: {error}") from None
    found = {}
    for name, hint in hints.items():
        if name.startswith("_") or not hasattr(strategy, name) or ClassVar in (hint, get_origin(hint)):
            continue
        kind, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        if kind not in KINDS:
            raise ParameterError(f"{name} is neither int, float, bool nor str; only these can be parameters")
        bounds = next((one for one in extras if isinstance(one, Between)), None)
        found[name] = Parameter(name, kind, getattr(strategy, name), bounds)
    return found


def read_parameters(strategy: type, given: Mapping[str, object]) -> dict[str, Any]:
    """Every parameter of a class with its value: the given one, or its default.

    Raises:
        ParameterError: one is unknown (the nearest name is told), or a value is not allowed.
    """
    known = parameters_of(strategy)
    for name in given:
        if name not in known:
            raise ParameterError(_unknown(name, known))
    return {name: one.read(given.get(name, one.default)) for name, one in known.items()}


def _as_kind(kind: type, value: object) -> Any:
    """The value as this kind, None where it is none."""
    if kind is bool:
        return _WORDS.get(value.lower()) if isinstance(value, str) else value if isinstance(value, bool) else None
    if kind is str:
        return value if isinstance(value, str) else None
    if (
        isinstance(value, bool)
        or not isinstance(value, str | int | float)
        or (kind is int and isinstance(value, float))
    ):
        return None
    try:
        number = kind(value)
        return number if math.isfinite(number) else None
    except (ValueError, OverflowError):  # figures of any length, too
        return None


def _unknown(name: str, known: Mapping[str, Parameter]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    there = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return f"there is no parameter {_shown(name)[1:-1]}; {there}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…{text[-1]}"
