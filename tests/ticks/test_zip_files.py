"""Whatever is wrong with an archive is one sentence, after the lines that can still be read."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.errors import DamagedError
from cockpit.ticks.zip_files import zip_members, zipped_lines

LINES = [b"%d,60000.%d,0.1\n" % (number, number * 7919 % 997) for number in range(400)]
PACKED = {"stored": zipfile.ZIP_STORED, "deflate": zipfile.ZIP_DEFLATED, "lzma": zipfile.ZIP_LZMA}


def _archive(method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("Bücher-trades.csv", b"".join(LINES))
        archive.writestr("read me.txt", b"not this one")
    return stream.getvalue()


@pytest.mark.parametrize("method", PACKED.values(), ids=PACKED)
def test_lines_come_in_order_from_the_files_that_are_asked_for(tmp_path: Path, method: int) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(_archive(method))
    (member,) = zip_members(file, ".csv")
    assert list(zipped_lines(file, member)) == list(enumerate(LINES, 1))
    with pytest.raises(DamagedError, match=r"holds no \.json file"):
        zip_members(file, ".json")


def test_a_name_that_is_no_text_is_damage(tmp_path: Path) -> None:
    file = tmp_path / "c.zip"
    file.write_bytes(_archive(zipfile.ZIP_STORED).replace("ü".encode(), b"\xff\xff"))
    with pytest.raises(DamagedError, match=r"c\.zip is damaged"):
        zip_members(file, ".csv")


@given(
    st.sampled_from(sorted(PACKED)),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=5),
    st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_told_with_the_name_of_the_file(
    tmp_path: Path, method: str, changes: list[tuple[int, int]], cut: bool
) -> None:
    content = bytearray(_archive(PACKED[method]))
    for at, byte in changes:
        content[-1 - at % len(content)] = byte
    file = tmp_path / "b.zip"
    file.write_bytes(content[: changes[0][0] % len(content)] if cut else content)
    told = ""
    try:
        for member in zip_members(file, ".csv"):
            for _ in zipped_lines(file, member):
                pass
    except DamagedError as error:
        told = str(error)
    assert not told or str(file) in told
