"""On what kind of file system a folder is. SQLite's WAL needs shared memory and locks, which networks do not give."""

from pathlib import Path

from cockpit.errors import StorageError

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "fuse.davfs", "fuse.gvfsd-fuse"),
    }
)
_DOUBTFUL = frozenset({"9p", "drvfs", "virtiofs", "vboxsf", "fuse.vmhgfs-fuse", "fuse.grpcfuse"})
"""Folders of the host of a virtual machine."""


def mounted_as(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of the file system that holds a folder, by the longest mount point above it; None where the system does
    not tell.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    folder = folder.resolve()
    points = [(Path(words[1].replace("\\040", " ")), words[2]) for line in lines if len(words := line.split()) > 2]
    above = [(len(point.parts), number, kind) for number, (point, kind) in enumerate(points) if _holds(point, folder)]
    return max(above)[2] if above else None


def is_network(kind: str) -> bool:
    """True where files are on another machine."""
    return kind in _NETWORK


def is_doubtful(kind: str) -> bool:
    """True where locks might not be what they should."""
    return kind in _DOUBTFUL


def refuse_network(folder: Path, mounts: Path = _MOUNTS) -> None:
    """See to it that a database may live in this folder.

    Raises:
        StorageError: it is on a network file system.
    """
    kind = mounted_as(folder, mounts)
    if kind is not None and is_network(kind):
        raise StorageError(
            f"the data folder {folder} is on a network file system ({kind}), which would damage the database; choose a "
            "folder on a local disk with --data-dir or [paths] data_dir"
        )


def _holds(point: Path, folder: Path) -> bool:
    return folder.is_relative_to(point)
