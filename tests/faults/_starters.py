"""Several cockpits open one fresh folder at the same instant: ``python -m tests.faults._starters HOW COUNT FOLDER``.

Forks from one process that has loaded everything, so that they really race. Prints one word for each: ``owner``,
``guest``, or ``failed`` with the reason; and what each found applied.
"""

import asyncio
import os
import sys
from pathlib import Path

from cockpit.errors import CockpitError
from cockpit.paths import Paths
from cockpit.storage.database import open_database
from cockpit.storage.migrations import migrate_up, migration_status


async def _open(paths: Paths, told: int, release: int) -> None:
    """As a cockpit does: the owner migrates, the others wait for it and look. Open until all are."""
    async with open_database(paths) as database:
        state = "guest" if database.read_only else "owner"
        applied = sum(one.applied_at is not None for one in migration_status(paths))
        os.write(told, f"{state} {applied}\n".encode())
        await asyncio.to_thread(os.read, release, 1)


def _start(how: str, paths: Paths, told: int, go: int, release: int) -> None:
    os.read(go, 1)
    try:
        if how == "open":
            asyncio.run(_open(paths, told, release))
        else:
            os.write(told, f"migrate {len(migrate_up(paths))}\n".encode())
    except CockpitError as error:
        os.write(told, f"failed {error}\n".encode())


def race(how: str, count: int, paths: Paths) -> list[str]:
    """Start so many at once; what each said."""
    hear, told = os.pipe()
    go, gun = os.pipe()
    release, let_go = os.pipe()
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            os.close(gun)
            os.close(let_go)
            os.close(hear)
            try:
                _start(how, paths, told, go, release)
            finally:
                os._exit(0)
        children.append(child)
    for end in (told, go, release):
        os.close(end)
    os.close(gun)
    said = b""
    while said.count(b"\n") < count and (more := os.read(hear, 65536)):
        said += more
    os.close(let_go)
    for child in children:
        os.waitpid(child, 0)
    os.close(hear)
    return said.decode().splitlines()


if __name__ == "__main__":
    folder = Path(sys.argv[3])
    print("\n".join(race(sys.argv[1], int(sys.argv[2]), Paths(folder, folder))))
