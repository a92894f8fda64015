"""The rules of the house that a machine can check: layers, scope, docstrings, what is committed."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accounting.models import CallRecord

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("callanalytics", "accounting", "budget", "alarms", "phonelock", "reports", "xmlservices", "desktop/src")
MODULES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
LONGEST = 500
PHYSICAL = re.compile(
    r"(?:margin|padding|border|inset)-(?:left|right)\b|^\s*(?:left|right)\s*:|text-align:\s*(?:left|right)\b",
    re.MULTILINE,
)


def test_layers_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_call_records_know_who_may_see_them() -> None:
    assert hasattr(CallRecord.objects.all(), "visible_to")


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_module_says_what_it_is_for_and_stays_short(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    tree = ast.parse(text)
    if tree.body:
        assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name not in {"Meta", "Media"}:
            assert ast.get_docstring(node), f"{path}: class {node.name} has no docstring"
    assert text.count("\n") <= LONGEST, f"{path} is longer than {LONGEST} lines"


def test_styles_know_no_left_and_right() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group().strip()}"
        for path in (ROOT / "static" / "css").rglob("*.css")
        for match in PHYSICAL.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


PAPER = {"reports/document.html"}
"""Templates of PDF files, which no browser reads."""


def test_templates_keep_the_content_security_policy() -> None:
    inline = re.compile(
        r"<style\b|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\b(?:src|nonce)=)(?![^>]*application/json)", re.IGNORECASE
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group().strip()}"
        for path in (ROOT / "templates").rglob("*.html")
        if path.relative_to(ROOT / "templates").as_posix() not in PAPER
        for match in inline.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
