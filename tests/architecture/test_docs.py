"""Documents are tested: the reference is the code's, decisions are listed, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "samspil"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/README.md")])

_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")


def test_the_reference_is_what_the_code_says() -> None:
    call_command("write_reference", "--check")


def test_every_action_and_setting_stands_in_the_reference() -> None:
    from samspil.kernel.actions import ACTIONS
    from samspil.web.management.commands.write_reference import pages

    written = pages()
    assert all(f"`{name}`" in written["actions.md"] for name in ACTIONS)
    assert written["settings.md"].count("`SAMSPIL_") > 20


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(p.name for p in folder.glob("0*.md"))
    assert [p[:4] for p in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    assert not [p for p in pages if f"({p})" not in listed]


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith(("#", "mailto:")):
            continue
        if not (page.parent / target.split("#")[0]).exists():
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("context", ["kernel", "ui", "network", "catalogue", "coordination", "web"])
def test_a_context_says_what_it_is(context: str) -> None:
    readme = SOURCE / context / "README.md"
    assert readme.exists(), "fifteen lines: its words, states, who may write, events out and in"
    lines = readme.read_text(encoding="utf-8").splitlines()
    assert 5 <= len(lines) <= 80


def test_nothing_names_what_only_this_machine_has() -> None:
    """No path of a machine and no package host stands in what we hand on."""
    forbidden = re.compile(r"/work/(main|shared|\.library)|/tmp/samspil|pypi\.org|files\.pythonhosted|"
                           r"registry\.npmjs|deb\.debian\.org")  # fmt: skip
    wrong = []
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts)
        if hidden or not path.is_file() or {"var", "vendor", "output"} & set(parts):
            continue
        if path == Path(__file__) or path.suffix not in {
            ".py", ".md", ".txt", ".in", ".toml", ".sh", ".html", ".js", ".css", ".typ", ".po", "",
        }:  # fmt: skip
            continue
        if found := forbidden.search(path.read_text(encoding="utf-8", errors="replace")):
            wrong.append(f"{path.relative_to(ROOT)}: {found.group()}")
    assert not wrong
