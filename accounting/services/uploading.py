"""Call files that an administrator uploads: stored beside the inbox, then imported like collected ones."""

import errno
import gzip
import hashlib
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, FileState, ImportFile, Job, PhoneSystem, User
from accounting.services import jobs
from accounting.services.auditing import record
from accounting.services.collecting import arrival_order, move
from accounting.services.importing import ImportSummary, import_batches
from accounting.services.jobs import JobFailed, Progress
from accounting.sources.files import LARGEST_FILE
from callanalytics.lib.disk import is_full

UPLOAD = "upload"
MOST_FILES = 2000
LARGEST_WHOLE = 2 << 30
"""Bytes of all files of one upload, unpacked."""
PIECE = 1 << 20
LONGEST_NAME = 150
"""Bytes: file systems take 255, and an archived file may get a longer name."""
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, NotImplementedError)
"""What broken, cut off and encrypted archives raise."""
NO_ARCHIVE = (None, errno.EINVAL)
"""Of the OSErrors, those that tell of the archive and not of the server."""


class UploadRefused(ValueError):  # noqa: N818  (what people read)
    """The files cannot be taken; the text says why."""


@dataclass(slots=True)
class Store:
    """The folder of one upload: takes files piece by piece and refuses what is too much."""

    folder: Path
    names: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    size: int = 0

    def take(self, name: str, content: IO[bytes]) -> None:
        """Write one file; raises UploadRefused when it is too large, so that no archive can fill the disk."""
        if len(self.names) >= MOST_FILES:
            raise UploadRefused(_("These are more than %(count)s files.") % {"count": MOST_FILES})
        name = self.free_name(name)
        digest, size = hashlib.sha256(), 0
        with (self.folder / name).open("xb") as target:
            while piece := content.read(PIECE):
                size += len(piece)
                self.size += len(piece)
                if size > LARGEST_FILE or self.size > LARGEST_WHOLE:
                    raise UploadRefused(_("“%(name)s” is too large.") % {"name": name})
                digest.update(piece)
                target.write(piece)
        self.names.append(name)
        self.hashes.append(digest.hexdigest())

    def free_name(self, name: str) -> str:
        """Return a name that the folder has not yet."""
        name = "".join(sign if sign.isprintable() and sign not in "/\\" else "_" for sign in name)
        name = name.encode()[-LONGEST_NAME:].decode(errors="ignore").lstrip(".") or "file"
        return name if not (self.folder / name).exists() else f"{len(self.names)}-{name}"

    def unpack(self, name: str, content: IO[bytes]) -> None:
        """Take a file; of .gz and .zip what is inside. Raises UploadRefused for damaged archives and a full disk."""
        try:
            if name.lower().endswith(".gz"):
                with gzip.open(content) as inside:
                    self.take(name[:-3], inside)  # type: ignore[arg-type]
            elif name.lower().endswith(".zip"):
                self.unpack_zip(content)
            else:
                self.take(name, content)
        except DAMAGED as error:
            if is_full(error):
                raise UploadRefused(_("The server has no room left for “%(name)s”.") % {"name": name}) from error
            if isinstance(error, OSError) and error.errno not in NO_ARCHIVE:
                raise
            raise UploadRefused(_("“%(name)s” is damaged or encrypted.") % {"name": name}) from error

    def unpack_zip(self, content: IO[bytes]) -> None:
        """Take the files of a ZIP archive, without what macOS adds."""
        with zipfile.ZipFile(content) as archive:
            for member in archive.infolist():
                path = PurePosixPath(member.filename)
                if member.is_dir() or not path.name or path.name.startswith(".") or path.parts[0] == "__MACOSX":
                    continue
                with archive.open(member) as inside:
                    self.take(path.name, inside)

    @property
    def key(self) -> str:
        """What tells this upload from others: names and contents."""
        pairs = sorted(zip(self.names, self.hashes, strict=True))
        return hashlib.sha256(repr(pairs).encode()).hexdigest()[:40]


@contextmanager
def new_store() -> Iterator[Store]:
    """Yield an empty folder for an upload; it is removed again when the upload is refused."""
    folder = uploads() / uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield Store(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def uploads() -> Path:
    """Return where uploads wait for their import."""
    return Path(settings.DATA_DIR) / "uploads"


def accept(phone_system: PhoneSystem, files: Iterable["UploadedFile[Any]"], user: User) -> Job:
    """Store uploaded files and return the job that imports them; the one under way when it has the same files.

    Raises UploadRefused.
    """
    with new_store() as store:
        for file in files:
            store.unpack(file.name or "file", file)
        if not store.names:
            raise UploadRefused(_("There is no file in it."))
        title = f"{phone_system.name}: {store.names[0]}" + (f" (+{more})" if (more := len(store.names) - 1) else "")
        job = jobs.start(
            UPLOAD, user, title=title, unique_key=f"upload-{phone_system.pk}-{store.key}", system=phone_system.pk,
            folder=store.folder.name, names=store.names, hashes=store.hashes,
        )  # fmt: skip
    if job.parameters["folder"] == store.folder.name:
        record(AuditedAction.IMPORTED, UPLOAD, title, files=len(store.names), phone_system=phone_system.name)
    else:
        shutil.rmtree(store.folder, ignore_errors=True)
    return job


def import_upload(progress: Progress) -> dict[str, Any]:
    """Import the files of an upload batch by batch and archive them like collected ones."""
    phone_system = PhoneSystem.objects.filter(pk=progress.parameters["system"]).first()
    if phone_system is None:
        raise JobFailed(_("The phone system has been deleted."))
    folder = uploads() / progress.parameters["folder"]
    paths = sorted(folder.iterdir(), key=arrival_order) if folder.exists() else []
    total = len(progress.parameters["names"])
    summary = ImportSummary(files=total - len(paths))
    today = timezone.now().strftime("%Y-%m-%d")
    for outcome in import_batches(phone_system, paths):
        summary.add(outcome.summary)
        for file in outcome.imported:
            move(file, Path(settings.ARCHIVE_DIR) / phone_system.name / today)
        for file in outcome.set_aside:
            move(file, Path(settings.SET_ASIDE_DIR) / phone_system.name)
        progress.step(summary.files, total)
    shutil.rmtree(folder, ignore_errors=True)
    return {"files": summary.files}


def files_of(job: Job) -> QuerySet[ImportFile]:
    """Return what the ledger knows about the files of an upload."""
    found = ImportFile.objects.filter(
        phone_system_id=job.parameters["system"], sha256__in=job.parameters["hashes"], name__in=job.parameters["names"]
    )
    return found.order_by("name")


def summary_of(job: Job, files: Iterable[ImportFile]) -> ImportSummary:
    """Return what became of the rows of an upload; files that were imported before are all duplicates."""
    summary = ImportSummary()
    for file in files:
        summary.files += 1
        summary.records += file.records
        if is_known(job, file):
            summary.duplicates += file.records
            continue
        summary.call_records += file.call_records
        summary.duplicates += file.duplicates
        summary.rejected += file.rejected
        summary.set_aside += file.state == FileState.SET_ASIDE
    return summary


def is_known(job: Job, file: ImportFile) -> bool:
    """Return whether a file was imported before this upload."""
    return file.imported_at < job.created_at
