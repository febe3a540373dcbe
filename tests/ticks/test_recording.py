"""What has been read of a recording is found again without reading all before it."""

import gzip
from pathlib import Path

import pytest

from cockpit.ticks.recording import RecordedFrame, Recording

_SECOND = 1_000_000_000
_START = 1_767_225_600 * _SECOND


@pytest.mark.parametrize("form", ["plain", "one member", "a member a second"])
def test_frames_since_a_time_are_complete_and_begin_near_it(tmp_path: Path, form: str) -> None:
    recording = Recording(_written(tmp_path, form))
    read = list(recording)
    assert len(read) == 60_000
    for index in (0, 1, 30_000, 45_678, 59_999):
        since = read[index].received_ns
        found = list(recording.frames(since))
        assert found == read[-len(found) :]
        assert [one for one in found if one.received_ns >= since] == [one for one in read if one.received_ns >= since]
        assert len(found) - (60_000 - index) < 20_000, "most of what precedes it is not read again"


def test_a_recorders_clock_that_steps_back_hides_nothing(tmp_path: Path) -> None:
    file = _written(tmp_path, "plain")
    recording = Recording(file)
    text = file.read_text().splitlines(keepends=True)
    text[1000:1000] = [f"{_START + 50_000 * _SECOND} {{}}\n"]
    file.write_text("".join(text))
    read = list(recording)
    since = _START + 40_000 * _SECOND
    wanted = [one for one in read if one.received_ns >= since]
    assert [one for one in recording.frames(since) if one.received_ns >= since] == wanted


def test_frames_that_were_not_read_yet_are_found_as_well(tmp_path: Path) -> None:
    recording = Recording(_written(tmp_path, "plain"))
    *_, last = recording.frames(_START + 59_999 * _SECOND)
    assert last == RecordedFrame(_START + 59_999 * _SECOND, _frame(59_999), 60_000)


def _written(folder: Path, form: str) -> Path:
    """A frame a second, some 200 bytes each that hardly shrink."""
    text = [b"%d %b\n" % (_START + number * _SECOND, _frame(number)) for number in range(60_000)]
    file = folder / "recording"
    if form == "plain":
        file.write_bytes(b"".join(text))
    elif form == "one member":
        file.write_bytes(gzip.compress(b"".join(text), 1))
    else:
        file.write_bytes(b"".join(gzip.compress(b"".join(text[at : at + 50]), 1) for at in range(0, 60_000, 50)))
    return file


def _frame(number: int) -> bytes:
    noise = pow(3, number + 1_000_003, (1 << 521) - 1)
    return b'{"noise":"%x"}' % noise
