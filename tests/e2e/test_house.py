"""The house itself in a browser: the server answers, and its policy stops foreign script."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


def test_sign_in_page_answers_with_the_strict_policy(page: Page, axe: Any) -> None:
    response = page.goto("/konto/login/")
    assert response is not None
    assert response.status == 200
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    axe(page)


def test_a_foreign_script_does_not_run(page: Page, complaints: list[str]) -> None:
    page.goto("/konto/login/")
    page.evaluate(
        """() => { const s = document.createElement('script');
                   s.textContent = 'window.broken = 1'; document.body.append(s); }"""
    )
    assert page.evaluate("window.broken") is None
    assert any("Content Security Policy" in text for text in complaints)
    complaints.clear()
