"""What a configuration means: its settings, validated as a whole, each value with its origin.

An unknown key is an error that names the nearest one. Secrets are never printed.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from cockpit.configuration import Configuration, Layer, is_secret, read_configuration
from cockpit.errors import ConfigurationError
from cockpit.settings import Profile, Settings

_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with the origin of every leaf: ``default``, a file, an environment variable or a flag."""

    settings: Settings
    origins: Mapping[str, str]


def load_settings(
    file: Path | None = None,
    flags: Sequence[tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
) -> LoadedSettings:
    """Read, layer and validate everything; the arguments are those of :func:`read_configuration`.

    Raises:
        ConfigurationError: names the key, its origin and what to do.
    """
    return validated(read_configuration(file, flags, environment))


def validated(configuration: Configuration) -> LoadedSettings:
    """The settings that a configuration means.

    Raises:
        ConfigurationError: names the key, its origin and what to do.
    """
    for layer in configuration.layers:
        _refuse_unknown(layer)
    profile = configuration.profile
    if profile not in get_args(Profile):
        origin = configuration.origins.get("profile", "default")
        raise ConfigurationError(
            f"profile ({origin}) is {_shown(profile)}, but there are only {', '.join(get_args(Profile))}"
        )
    try:
        settings = Settings.model_validate(_with_tuples(configuration.values), strict=True)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error, configuration.origins)) from None
    return LoadedSettings(settings, configuration.origins)


def leaves(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every setting as dotted key and printable value; a secret prints as ``(set)`` or ``(not set)``."""
    yield from _leaves((), settings)


def _leaves(prefix: tuple[str, ...], section: BaseModel) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        key = (*prefix, name)
        if isinstance(value, BaseModel):
            yield from _leaves(key, value)
        elif is_secret(".".join(key)):
            given = isinstance(value, SecretStr) and value.get_secret_value()
            yield ".".join(key), "(set)" if given else "(not set)"
        elif isinstance(value, dict) and value:
            yield from ((".".join((*key, entry)), json.dumps(content)) for entry, content in value.items())
        elif isinstance(value, datetime):
            yield ".".join(key), json.dumps(value.isoformat())
        else:
            yield ".".join(key), json.dumps(value)


def _refuse_unknown(layer: Layer) -> None:
    values = dict(layer.values)
    profiles = values.pop("profiles", {})
    if not isinstance(profiles, Mapping):
        raise ConfigurationError(f"profiles is not a table ({layer.origin}); write [profiles.live] and keys below it")
    _check_keys(layer.origin, values, Settings, "")
    for name, overrides in profiles.items():
        if name not in get_args(Profile):
            raise ConfigurationError(
                f"unknown profile {name} ({layer.origin}); there are only {', '.join(get_args(Profile))}"
            )
        _check_keys(layer.origin, overrides, Settings, f"profiles.{name}.")


def _check_keys(origin: str, values: Any, model: type[BaseModel], prefix: str) -> None:
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{prefix.rstrip('.')} is not a table ({origin})")
    for key, value in values.items():
        if key not in model.model_fields:
            raise ConfigurationError(_unknown(f"{prefix}{key}", key, model, origin))
        section = _section_of(model.model_fields[key].annotation)
        if section is not None:
            _check_keys(origin, value, section, f"{prefix}{key}.")


def _section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType):
        return next((found for part in get_args(annotation) if (found := _section_of(part))), None)
    return None


def _unknown(path: str, key: str, model: type[BaseModel], origin: str) -> str:
    near = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0.5)
    if near:
        return f"unknown setting {path} ({origin}); did you mean {path.removesuffix(key)}{near[0]}?"
    elsewhere = difflib.get_close_matches(path, _all_keys(), n=1, cutoff=0.3)
    nearest = f"; the nearest one is {elsewhere[0]}" if elsewhere else ""
    return f"unknown setting {path} ({origin}){nearest}"


@lru_cache(maxsize=1)
def _all_keys() -> tuple[str, ...]:
    return tuple(key for key, _ in leaves(Settings()))


def _with_tuples(value: Any) -> Any:
    """The same with tuples for lists, as the strict models have them."""
    if isinstance(value, Mapping):
        return {key: _with_tuples(inner) for key, inner in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _sentence(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    # The last part of a place among alternatives is the name of one of them.
    places = [part for part in first["loc"] if part not in _ALTERNATIVES]
    key = ".".join(map(str, places))
    known = [path for path in origins if key == path or key.startswith(f"{path}.") or path.startswith(f"{key}.")]
    written = (origins[path] for path in sorted(known, key=len, reverse=True))
    origin = next((place for place in written if not place.startswith("default")), "default")
    given = "" if is_secret(key) or isinstance(first["input"], Mapping) else f", not {_shown(first['input'])}"
    return f"setting {key} ({origin}): {_expected(first)}{given}"


def _expected(error: ErrorDetails) -> str:
    """What a setting must be, in the words of who writes TOML."""
    if error["loc"][-1] in _ALTERNATIVES:
        return "it must be a number, text in quotes, true or false"
    wanted = _WANTED.get(error["type"])
    if wanted is not None:
        bounds = error.get("ctx", {})
        return f"it must be {wanted.format(**{name: _bound(bound) for name, bound in bounds.items()})}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}"


def _bound(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value


_ALTERNATIVES = frozenset({"bool", "int", "float", "str"})
_WANTED: Mapping[str, str] = {
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "tuple_type": 'a list, as in ["one", "two"]',
    "dict_type": "a table",
    "model_type": "a table",
    "datetime_type": "a time with its zone, as in 2026-11-24T10:42:00-05:00",
    "timezone_aware": "a time with its zone, as in 2026-11-24T10:42:00-05:00",
    "too_short": "longer: {min_length} at least",
    "too_long": "shorter: {max_length} at most",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "of the form {pattern}",
}


def _shown(value: Any) -> str:
    """A value as TOML writes it; a name and a password in an address are not shown."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    text = re.sub(r"//[^/@]*@", "//(hidden)@", repr(value))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
