"""The configuration as it was written: layers of values, each with its origin, before anything is validated.

Precedence: ``--set`` flag, environment ``COCKPIT_SECTION__KEY``, the file of secrets, the configuration file, the
shipped defaults; within a file, ``[profiles.NAME]`` goes over the rest. Secrets are taken from the environment or a
file of mode 0600 only. This much is cheap to read, so the screen paints from it while the rest is still loading.
"""

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cockpit.errors import ConfigurationError
from cockpit.paths import Paths, config_file, environment_file, profile_paths, shipped, user_themes

_PREFIX = "COCKPIT_"
_SECRETS = frozenset({"token", "api_key", "password", "client_secret"})
_DEFAULT_PROFILE = "sim"
_MOST_BYTES = 2**20
_DEEPEST = 16

T = TypeVar("T")


class Layer(NamedTuple):
    """Values from one place, and the words that name the place."""

    origin: str
    values: Mapping[str, Any]


class FirstUi(NamedTuple):
    """The part of ``[ui]`` that a first frame needs."""

    theme: str = "dark"
    hz: float = 0.0
    mouse: bool = True
    stale_seconds: float = 15.0
    chart: str = "blocks"


class FirstLook(NamedTuple):
    """What a first frame needs to know. A value of a wrong type reads as its default here; validation names it."""

    profile: str
    data_dir: str
    ui: FirstUi
    keymap: Mapping[str, str]

    def folders(self) -> Paths:
        """The data and state folders of this profile."""
        return profile_paths(self.profile, Path(self.data_dir) if self.data_dir else None)


class Configuration(NamedTuple):
    """Everything that was written, layered.

    Attributes:
        layers: lowest first.
        values: the layers over one another, as nested tables.
        origins: the place of every leaf, by dotted key.
    """

    layers: tuple[Layer, ...]
    profile: Any
    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def first_look(self) -> FirstLook:
        """What a first frame needs, before validation."""
        ui, folders = _table(self.values, "ui"), _table(self.values, "paths")
        plain = FirstUi()
        keymap = _table(self.values, "keymap")
        return FirstLook(
            profile=self.profile if isinstance(self.profile, str) else _DEFAULT_PROFILE,
            data_dir=_typed(folders, "data_dir", ""),
            ui=FirstUi(
                theme=_typed(ui, "theme", plain.theme),
                hz=min(max(_number(ui, "hz", plain.hz), 0.0), 30.0),
                mouse=_typed(ui, "mouse", plain.mouse),
                stale_seconds=_number(ui, "stale_seconds", plain.stale_seconds),
                chart=_typed(ui, "chart", plain.chart),
            ),
            keymap={key: value for key, value in keymap.items() if isinstance(value, str)},
        )


def read_configuration(
    file: Path | None = None,
    flags: Sequence[tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
    *,
    options: Mapping[str, str] | None = None,
    running: str | None = None,
) -> Configuration:
    """Read and layer everything.

    Args:
        file: a configuration file that must exist; None takes the user's own, if there is one.
        flags: ``--set`` pairs of dotted key and TOML value (a bare word is a string).
        environment: defaults to ``os.environ``.
        options: strings from the program's own options by dotted key; over all else.
        running: the profile of the session that reads anew: its overrides count, whatever profile is written now.

    Raises:
        ConfigurationError: a file cannot be read, is no TOML, or shows a secret to others.
    """
    environment = os.environ if environment is None else environment
    shipped_values = _read(shipped("config.toml"))
    layers = [Layer("default", shipped_values)]
    chosen = file if file is not None else config_file()
    if file is not None or _is_there(chosen):
        values = _read(chosen)
        _refuse_exposed_secrets(chosen, values)
        layers.append(Layer(f"file {chosen}", values))
    layers.extend(_environment_layers(environment, sections=shipped_values))
    for key, text in flags:
        layers.append(Layer(f"--set {key}", _nest(key.split("."), _value(key, text))))
    for key, value in (options or {}).items():
        layers.append(Layer(f"--{key.rpartition('.')[2].replace('_', '-')}", _nest(key.split("."), value)))
    profile = next(
        (layer.values["profile"] for layer in reversed(layers) if "profile" in layer.values), _DEFAULT_PROFILE
    )
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in _with_profiles(layers, running or profile):
        _merge(merged, origins, layer.values, layer.origin)
    return Configuration(tuple(layers), profile, merged, origins)


def files_read(file: Path | None = None) -> tuple[Path, ...]:
    """Every file of the user's that a configuration may be read from, there or not: the themes are among them.

    None of them where ``file`` is something that can be read only once, such as a pipe.
    """
    chosen = file if file is not None else config_file()
    with suppress(OSError):
        if chosen.exists() and not chosen.is_file():
            return ()
    return (chosen.absolute(), environment_file(), *sorted(user_themes().glob("*.toml")))


def is_secret(key: str) -> bool:
    """True for a dotted key whose value is never shown."""
    return key in _SECRETS or key.rpartition(".")[2] in _SECRETS


def _read(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{file} is not valid TOML: it is nested without end") from None
    except ValueError as error:  # such as a number of five thousand digits
        raise ConfigurationError(f"{file} holds a value that cannot be read: {error}") from None
    _refuse_deep(values, str(file))
    return values


def _refuse_deep(values: Mapping[str, Any], origin: str) -> None:
    """What comes after may walk the tables by recursion."""
    level = [values]
    for _ in range(_DEEPEST):
        level = [inner for table in level for inner in table.values() if isinstance(inner, Mapping)]
        if not level:
            return
    raise ConfigurationError(f"{origin} nests tables in tables without end; no setting lies so deep")


def _text(file: Path) -> str:
    """The text of a file that may be a configuration."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError(f'there is no configuration file {file}; "cockpit config init" makes one') from None
    except OSError as error:
        raise _unreadable(file, error) from None
    if len(content) > _MOST_BYTES:
        raise ConfigurationError(f"{file} is larger than 1 MB; that is no configuration file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"cannot read the configuration file {file}: byte {error.start + 1} is no UTF-8; save it as UTF-8"
        ) from None


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"cannot read the configuration file {file}: {error.strerror or error}")


def _environment_layers(environment: Mapping[str, str], sections: Mapping[str, Any]) -> Iterator[Layer]:
    file = environment_file()
    if _is_there(file):
        _refuse_exposed(file)
        for number, line in enumerate(_text(file).splitlines(), 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            name, equals, value = text.partition("=")
            name = name.removeprefix("export ").strip()
            if not equals or not name.startswith(_PREFIX):
                raise ConfigurationError(f"{file}, line {number}: expected {_PREFIX}SECTION__KEY=VALUE")
            yield _variable(name, _unquoted(value.strip()), f"file {file}")
    for name, value in sorted(environment.items()):
        if not name.startswith(_PREFIX):
            continue
        if "__" in name or name == "COCKPIT_PROFILE":
            yield _variable(name, value, f"environment {name}")
        elif (section := name.removeprefix(_PREFIX).partition("_")[0]).lower() in sections:
            raise ConfigurationError(
                f"{name} in the environment is no setting; two underscores stand for a dot, "
                f"as in {_PREFIX}{section}__KEY"
            )


def _unquoted(text: str) -> str:
    """A value as a shell would read it: without its quotes, and without a comment behind it."""
    quote = text[:1]
    if quote in {'"', "'"} and (end := text.find(quote, 1)) > 0:
        return text[1:end]
    return re.split(r"\s#", text, maxsplit=1)[0].rstrip()


def _variable(name: str, value: str, origin: str) -> Layer:
    keys = name.removeprefix(_PREFIX).lower().split("__")
    return Layer(origin, _nest(keys, _value(".".join(keys), value)))


def _value(key: str, text: str) -> Any:
    """A TOML value, or the text itself where it is none: ``sim`` and ``0.5`` mean what they look like.

    A secret is its text, whatever it looks like.
    """
    if is_secret(key):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _nest(keys: Sequence[str], value: Any) -> dict[str, Any]:
    if len(keys) > _DEEPEST:
        raise ConfigurationError(f"no setting lies as deep as {'.'.join(keys)[:40]}…")
    for key in reversed(keys):
        value = {key: value}
    nested: dict[str, Any] = value
    return nested


def _with_profiles(layers: Sequence[Layer], profile: object) -> Iterator[Layer]:
    for layer in layers:
        yield Layer(layer.origin, {key: value for key, value in layer.values.items() if key != "profiles"})
        overrides = _table(layer.values, "profiles").get(profile) if isinstance(profile, str) else None
        if isinstance(overrides, Mapping):
            yield Layer(f"{layer.origin} [profiles.{profile}]", overrides)


def _merge(
    into: dict[str, Any], origins: dict[str, str], values: Mapping[str, Any], origin: str, prefix: str = ""
) -> None:
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            inner = into.setdefault(key, {})
            if isinstance(inner, dict):
                _merge(inner, origins, value, origin, f"{path}.")
                continue
        into[key] = value
        origins[path] = origin


def _refuse_exposed_secrets(file: Path, values: Mapping[str, Any], prefix: str = "") -> None:
    for key, value in values.items():
        if isinstance(value, Mapping):
            _refuse_exposed_secrets(file, value, f"{prefix}{key}.")
        elif value and is_secret(f"{prefix}{key}"):
            _refuse_exposed(file)


def _refuse_exposed(file: Path) -> None:
    try:
        mode = file.stat().st_mode
    except OSError as error:
        raise _unreadable(file, error) from None
    if stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError(f"{file} holds a secret and can be read by others; run: chmod 600 {file}")


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = values.get(key)
    return table if isinstance(table, Mapping) else {}


def _typed(values: Mapping[str, Any], key: str, default: T) -> T:
    value = values.get(key, default)
    return value if type(value) is type(default) else default


def _number(values: Mapping[str, Any], key: str, default: float) -> float:
    value = values.get(key, default)
    return float(value) if type(value) in (int, float) else default
