"""``[keymap]``: which keys do what. Free of Textual, so that ``cockpit config validate`` can check it."""

import difflib
import re
from collections.abc import Mapping

from cockpit.tui.actions import ACTIONS, BY_NAME

_NAMED = frozenset(
    {
        *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete", "backspace"),
        *("enter", "escape", "space", "tab", "comma"),
        *(f"f{number}" for number in range(1, 25)),
    }
)
# What a terminal cannot tell apart: these arrive as tab, enter and escape.
_SAME_AS = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+[": "escape", "ctrl+h": "backspace"}
_CONTROL = re.compile(r"^ctrl\+[a-z@\\\]^_]\Z")
_SHOWN = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "S-Tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "space": "Space",
    "comma": ",",
}


def keys_of(name: str, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an action: from the keymap where it names any, else the defaults."""
    if name in keymap:
        return _split(keymap[name])
    return BY_NAME[name].keys


def shown(key: str) -> str:
    """A key as a person writes it: ``Esc``, ``^P``, ``z``."""
    if key.startswith("ctrl+") and len(key) == 6:
        return f"^{key[5].upper()}"
    return _SHOWN.get(key, key.upper() if re.fullmatch(r"f\d+", key) else key)


def check_keymap(keymap: Mapping[str, str]) -> list[str]:
    """What is wrong with a keymap, one sentence a fault; an empty list where nothing is."""
    faults: list[str] = []
    for name, keys in keymap.items():
        if name not in BY_NAME:
            faults.append(_unknown(name))
            continue
        if not _split(keys):
            faults.append(f"keymap.{name} names no key; leave it out to keep {_listed(BY_NAME[name].keys)}")
        faults.extend(_impossible(name, key) for key in _split(keys) if not _possible(key))
    return faults + _clashes(keymap)


def usable(keymap: Mapping[str, str]) -> dict[str, str]:
    """The part of a keymap that can be obeyed: known actions with possible keys, none of which clash."""
    kept = {
        name: ",".join(keys)
        for name, text in keymap.items()
        if name in BY_NAME and (keys := tuple(key for key in _split(text) if _possible(key)))
    }
    return {} if _clashes(kept) else kept


def _split(keys: str) -> tuple[str, ...]:
    return tuple(key if len(key) == 1 else key.lower() for part in keys.split(",") if (key := part.strip()))


def _possible(key: str) -> bool:
    if len(key) == 1:
        return key.isprintable()
    if key in _SAME_AS:
        return False
    bare = key.removeprefix("shift+")
    return key in _NAMED or _CONTROL.match(key) is not None or (bare != key and bare in _NAMED)


def _impossible(name: str, key: str) -> str:
    if key in _SAME_AS:
        return f"keymap.{name}: a terminal sends {key} as {_SAME_AS[key]}; choose another key"
    near = difflib.get_close_matches(key, sorted(_NAMED), n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else "a key is a character, a name such as f5 or pageup, or ctrl+letter"
    return f"keymap.{name}: no terminal sends the key {key}; {hint}"


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, BY_NAME, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(BY_NAME)}"
    return f"keymap.{name}: there is no such action; {hint}"


def _clashes(keymap: Mapping[str, str]) -> list[str]:
    owner: dict[str, str] = {}
    faults = []
    for action in ACTIONS:
        for key in keys_of(action.name, keymap):
            other = owner.setdefault(key, action.name)
            if other != action.name:
                faults.append(
                    f"keymap: the key {key} does both {other} and {action.name}; give one of them another key"
                )
    return faults


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(keys)
