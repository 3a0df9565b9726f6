"""The secret of a second factor is sealed in the database, and can be read when the key is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from cryptography.fernet import InvalidToken

from samspil.config.accounts import SecondFactorAdapter
from tests.factories.board import make_round

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.mark.django_db
def test_the_secret_does_not_stand_in_the_database() -> None:
    person = make_round(fkb="9222").secretariat_person
    TOTP.activate(person, SECRET)
    row = Authenticator.objects.get(user=person, type="totp")
    assert SECRET not in json.dumps(row.data)
    counter = 1
    code = format_hotp_value(hotp_value(SECRET, counter))
    read = SecondFactorAdapter().decrypt(row.data["secret"])
    assert format_hotp_value(hotp_value(read, counter)) == code


def test_a_new_key_reads_what_the_old_one_sealed(settings: Any) -> None:
    adapter = SecondFactorAdapter()
    sealed = adapter.encrypt(SECRET)
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another key " * 5
    with pytest.raises(InvalidToken):
        adapter.decrypt(sealed)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert adapter.decrypt(sealed) == SECRET


def test_what_was_stored_before_is_still_read() -> None:
    assert SecondFactorAdapter().decrypt(SECRET) == SECRET
