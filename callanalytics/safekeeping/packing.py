"""The file of a backup: a compressed tar of the database and call files that ends with a manifest as its seal."""

import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Protocol

FORMAT = 1
DATABASE = "database"
FILES = "files"
MANIFEST = "manifest.json"
DAMAGED = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, KeyError, TypeError)


class DamagedBackupError(Exception):
    """The file is no backup, or not as it was written; the text tells an operator why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    version: str
    made_at: str
    """ISO 8601, UTC."""
    database: str
    """`sqlite` or `postgresql`."""
    migrations: list[str]
    counts: dict[str, int]
    """Rows by table."""
    files: int
    """Call files that came along."""
    sha256: str
    """Of names and contents of everything before the manifest."""


class Digest(Protocol):
    """A running checksum."""

    def update(self, data: bytes, /) -> None:
        """Take more content."""


@dataclass
class Watched(io.RawIOBase):
    """A readable file whose content goes through a checksum on its way."""

    source: IO[bytes]
    digest: Digest

    def read(self, size: int = -1) -> bytes:
        """Return the next content."""
        content = self.source.read(size)
        self.digest.update(content)
        return content


def pack(target: Path, database: Path, folders: Mapping[str, Path], about: Mapping[str, object]) -> Manifest:
    """Write a backup, readable by its owner only; it appears under its name when it is complete.

    Folders are call file folders by their names in the backup, in the order in which files move through them: a file
    that moves on meanwhile is met at least once.
    """
    partial = target.with_name(f".{target.name}.partial")
    digest = hashlib.sha256()
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            # Most of it is compressed already, or compresses well at any level.
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
                with database.open("rb") as source:
                    _add(tar, DATABASE, database.stat().st_size, source, digest)
                files = sum(_add_folder(tar, f"{FILES}/{name}", path, digest) for name, path in folders.items())
                manifest = Manifest(format=FORMAT, files=files, sha256=digest.hexdigest(), **about)  # type: ignore[arg-type]
                content = json.dumps(asdict(manifest), indent=1).encode()
                _add(tar, MANIFEST, len(content), io.BytesIO(content), hashlib.sha256())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def unpack(backup: Path, database: Path) -> Manifest:
    """Read a whole backup, write its database into a new file and return the manifest.

    Raises DamagedBackupError when anything is missing or has changed.
    """
    digest, manifest = hashlib.sha256(), None
    try:
        with tarfile.open(backup, "r|gz") as tar:
            for member, content in _contents(tar):
                if member.name == MANIFEST:
                    manifest = Manifest(**json.loads(content.read()))
                    continue
                _note(digest, member.name, member.size)
                with (database if member.name == DATABASE else Path(os.devnull)).open("wb") as copy:
                    shutil.copyfileobj(Watched(content, digest), copy)
    except DAMAGED as error:
        raise DamagedBackupError(f"{backup} is damaged or no backup: {error}") from error
    if manifest is None:
        raise DamagedBackupError(f"{backup} is incomplete: it has no manifest at its end.")
    if manifest.format != FORMAT:
        raise DamagedBackupError(f"{backup} has format {manifest.format}; this version reads format {FORMAT}.")
    if manifest.sha256 != digest.hexdigest():
        raise DamagedBackupError(f"{backup} is damaged: its checksum is not the one that it was written with.")
    return manifest


def put_back_files(backup: Path, folders: Mapping[str, Path]) -> int:
    """Write the call files of a verified backup into their folders and return how many were missing there.

    Files that are there already are left alone.
    """
    written = 0
    with tarfile.open(backup, "r|gz") as tar:
        for member, content in _contents(tar):
            kind, _, rest = member.name.partition("/")
            name, _, path = rest.partition("/")
            if kind != FILES or name not in folders:
                continue
            folder = folders[name].resolve()
            target = (folder / path).resolve()
            if not target.is_relative_to(folder) or target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as copy:
                shutil.copyfileobj(content, copy)
            os.utime(target, (member.mtime, member.mtime))
            written += 1
    return written


def _contents(tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for member in tar:
        content = tar.extractfile(member)
        if content is None:
            raise DamagedBackupError(f"{member.name} is no file.")
        yield member, content


def _add_folder(tar: tarfile.TarFile, name: str, folder: Path, digest: Digest) -> int:
    """Add all files of a folder and return their number; one that disappears meanwhile has moved on."""
    added = 0
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        try:
            if path.is_symlink() or not path.is_file():
                continue
            content, changed_at = path.read_bytes(), path.stat().st_mtime
        except FileNotFoundError:
            continue
        inside = path.relative_to(folder).as_posix()
        _add(tar, f"{name}/{inside}", len(content), io.BytesIO(content), digest, changed_at)
        added += 1
    return added


def _add(tar: tarfile.TarFile, name: str, size: int, source: IO[bytes], digest: Digest, changed_at: float = 0) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(changed_at)
    _note(digest, name, size)
    tar.addfile(member, Watched(source, digest))


def _note(digest: Digest, name: str, size: int) -> None:
    digest.update(f"{name}\n{size}\n".encode())
