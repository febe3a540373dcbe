"""Progress of a scan on stderr: one line that is rewritten on a terminal, a few plain lines elsewhere."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cockpit.cli.streams import CLEAR_LINE, rewrites_lines

if TYPE_CHECKING:
    from cockpit.boards import Boards
    from cockpit.scan.candidate import ScanProgress

_LOOK_EVERY = 0.1
_PLAIN_STEPS = 4


@asynccontextmanager
async def scan_progress(boards: "Boards") -> AsyncIterator[None]:
    """Tell how far the scan is while the block runs, and how it ended where it did; a refusal speaks for itself."""
    telling = asyncio.create_task(_tell(boards))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait({telling})
        if rewrites_lines():
            sys.stderr.write(CLEAR_LINE)
    progress = boards.scan.get("scan")
    if progress is not None and progress.finished_at is not None:
        print(_sentence(progress), file=sys.stderr)


async def _tell(boards: "Boards") -> None:
    terminal = rewrites_lines()
    told = -1
    while True:
        progress = boards.scan.get("scan")
        if progress is not None and progress.done < progress.total and progress.finished_at is None:
            step = progress.done if terminal else progress.done * _PLAIN_STEPS // progress.total
            if step != told:
                told = step
                line = _sentence(progress)
                sys.stderr.write(f"{CLEAR_LINE}{line}" if terminal else f"{line}\n")
                sys.stderr.flush()
        await asyncio.sleep(_LOOK_EVERY)


def _sentence(progress: "ScanProgress") -> str:
    words = f"scan {progress.done}/{progress.total}"
    if progress.failed:
        words += f", {progress.failed} without figures"
    return f"{words}: {progress.message}" if progress.message else words
