"""Lines come whole whatever the file is packed in, and can be read again from any place that was told."""

import gzip
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.errors import DamagedError
from cockpit.ticks.text_files import Place, lines

LONG = bytes(range(32, 127)) * 7000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines")


_TEXTS = st.lists(st.binary(max_size=30) | st.just(b"\n") | st.just(b"\r\n") | st.just(LONG), max_size=12)


@given(_TEXTS, st.booleans(), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_lines_are_those_of_the_text_and_can_be_read_on_from_anywhere(
    folder: Path, parts: list[bytes], packed: bool, padding: int
) -> None:
    file, text = folder / "file", b"".join(parts)
    if packed:
        # A member for each part, as a recorder writes them.
        file.write_bytes(b"".join(gzip.compress(part) + b"\0" * padding for part in [b"", *parts]))
    elif text.startswith(b"\x1f\x8b"):
        return
    else:
        file.write_bytes(text)
    places: list[Place] = []
    read = list(lines(file, None, places.append))
    assert b"".join(line for _, line in read) == text
    assert [number for number, _ in read] == list(range(1, len(read) + 1))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for _, line in read[:-1])
    for place in places:
        assert list(lines(file, place)) == read[place.line :]


def test_a_large_member_can_be_read_on_from_its_midst(tmp_path: Path) -> None:
    file = tmp_path / "large.gz"
    text = [b"%d %d\n" % (number, number * 7919 % 104_729) for number in range(200_000)]
    file.write_bytes(gzip.compress(b"".join(text)))
    places: list[Place] = []
    assert [line for _, line in lines(file, None, places.append)] == text
    assert len(places) > 5
    for place in places:
        number, line = next(lines(file, place))
        assert (number, line) == (place.line + 1, text[place.line])
    assert [line for _, line in lines(file, places[-1])] == text[places[-1].line :]


@pytest.mark.parametrize("broken", ["cut", "flipped", "garbage after it"])
def test_a_damage_comes_after_the_whole_lines_before_it(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "broken.gz"
    members = [gzip.compress(b"line %d\n" % number) for number in range(100)]
    if broken == "cut":
        members[-1] = members[-1][:-5]
    elif broken == "flipped":
        members[-1] = members[-1][:-8] + b"\0" * 8
    else:
        members[-1] = b"rubbish that is no member"
    file.write_bytes(b"".join(members))
    read: list[bytes] = []
    with pytest.raises(DamagedError, match=r"broken\.gz is damaged after line \d+"):
        read.extend(line for _, line in lines(file))
    ends = list(accumulate(len(line) for line in read))
    assert len(ends) >= 99
    assert read[:99] == [b"line %d\n" % number for number in range(99)]
