"""Whatever is written to the configuration while a session runs, only what is whole and right is ever in force."""

import pytest

from tests.faults.config_files import run


def test_no_file_that_must_not_be_used_ever_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert not run(False)
    assert "used: 0" in capsys.readouterr().out
