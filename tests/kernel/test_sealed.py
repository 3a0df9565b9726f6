"""Short secrets: readable with old keys, unreadable with others; mails that get their link last."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail as sent_mail

from samspil.kernel import mail, outbox
from samspil.kernel.models import MailMessage
from samspil.kernel.sealed import derived, seal, unseal


def test_what_an_older_key_sealed_is_still_read(settings: Any) -> None:
    kept = seal("010203-0405", "cpr")
    assert "010203" not in kept
    old, settings.SECRET_KEY = settings.SECRET_KEY, "a new key " * 6
    with pytest.raises(ValueError, match="not known"):
        unseal(kept, "cpr")
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(kept, "cpr") == "010203-0405"


def test_a_purpose_does_not_open_another() -> None:
    with pytest.raises(ValueError, match="not known"):
        unseal(seal("x", "cpr"), "other")


def test_a_token_is_made_again_from_its_nonce_and_by_nobody_else(settings: Any) -> None:
    (made,) = derived("abc", "link")
    assert derived("abc", "link") == [made]
    assert derived("abd", "link") != [made] != derived("abc", "other")
    assert len(made) == 43
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "new " * 12
    assert derived("abc", "link")[1] == made


def test_a_mail_gets_its_link_when_it_leaves(
    db: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mail.LATE, "prøve", lambda message: {"[link]": f"/l/{message.to}/"})
    rows = [(MailMessage(category="prøve", to="a@x.dk"), "Hej\n du", "Se [link]")]
    mail.queue_all(rows, now=now)
    (kept,) = MailMessage.objects.all()
    assert (kept.subject, kept.text) == ("Hej du", "Se [link]")
    assert outbox.run_due(now) == 1
    assert "Se /l/a@x.dk/" in sent_mail.outbox[0].body
    kept.refresh_from_db()
    assert (kept.state, kept.text) == ("sent", "Se [link]")
