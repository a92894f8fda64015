"""Settings and system checks, as an operator meets them: by environment variables and `manage.py check`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": "0123456789abcdef" * 4,
    "HTTPS": "1",
    "ALLOWED_HOSTS": "portal.example.com",
    "DATABASE_URL": "postgres://portal@localhost/portal",
    "REDIS_URL": "redis://localhost/0",
}


def manage(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a management command as an operator does, with only these variables set."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), **variables}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_embedded_portal_passes_all_checks(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--fail-level", "ERROR")
    assert done.returncode == 0, done.stderr


def test_production_portal_has_no_warning(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("variables", "identity"),
    [
        ({"INBOX_DIR": "/etc/hostname/inbox"}, "callanalytics.E001"),
        ({"REDIS_URL": "redis://localhost/0", "CACHE_URL": "redis://localhost:6379"}, "callanalytics.E002"),
        ({"LDAP_SERVER_URI": "ldaps://directory.example.com"}, "callanalytics.E003"),
        ({"LDAP_SERVER_URI": "ldap://directory.example.com", "LDAP_USER_BASE": "dc=example"}, "callanalytics.W001"),
    ],
)
def test_wrong_set_up_is_named_with_a_hint(tmp_path: Path, variables: dict[str, str], identity: str) -> None:
    done = manage(tmp_path, "check", "--fail-level", "WARNING", **variables)
    assert done.returncode == 1
    assert identity in done.stderr
    assert "HINT:" in done.stderr


def test_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-the-mounted-file\n", encoding="utf-8")
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    done = manage(tmp_path, "shell", "--no-imports", "-c", code, SECRET_KEY_FILE=str(tmp_path / "key"))
    assert done.stdout.strip() == "from-the-mounted-file"


def test_embedded_key_is_random_and_kept(tmp_path: Path) -> None:
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    first, second = (manage(tmp_path, "shell", "--no-imports", "-c", code).stdout for _ in range(2))
    other = manage(tmp_path / "other", "shell", "--no-imports", "-c", code).stdout
    assert first == second != other
    assert len(first.strip()) == 96
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
