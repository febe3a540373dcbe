import subprocess
import sys

import pytest

from cockpit.tui.actions import ACTIONS
from cockpit.tui.keymap import check_keymap, keys_of, shown, usable


def test_the_defaults_clash_nowhere() -> None:
    assert check_keymap({}) == []
    assert check_keymap({action.name: ",".join(action.keys) for action in ACTIONS}) == []


@pytest.mark.parametrize(
    ("keymap", "says"),
    [
        ({"scna": "f5"}, "did you mean scan?"),
        ({"zzzzzz": "f5"}, "there are scan, cancel_scan"),
        ({"scan": "pgup"}, "did you mean pageup?"),
        ({"scan": "meta+q"}, "no terminal sends the key meta+q"),
        ({"scan": "ctrl+i"}, "a terminal sends ctrl+i as tab"),
        ({"scan": " , "}, "names no key"),
        ({"scan": "o"}, "the key o does both scan and open"),
    ],
)
def test_a_fault_is_one_sentence(keymap: dict[str, str], says: str) -> None:
    faults = check_keymap(keymap)
    assert len(faults) == 1
    assert says in faults[0]


def test_swapping_two_keys_is_no_clash() -> None:
    assert check_keymap({"scan": "o", "open": "s"}) == []


def test_what_can_be_obeyed_is() -> None:
    assert usable({"scan": "f5, F6", "nothing": "x", "open": "meta+q"}) == {"scan": "f5,f6"}
    assert usable({"scan": "o"}) == {}


def test_case_of_a_character_matters() -> None:
    assert keys_of("scan", {"scan": "S"}) == ("S",)
    assert keys_of("last", {}) == ("end", "G")


def test_keys_are_shown_as_people_write_them() -> None:
    assert [shown(key) for key in ("ctrl+p", "escape", "f5", "z", "shift+tab", "G")] == [
        "^P",
        "Esc",
        "F5",
        "z",
        "S-Tab",
        "G",
    ]


def test_the_table_and_the_check_need_no_textual() -> None:
    code = "import sys, cockpit.tui.keymap; print('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
