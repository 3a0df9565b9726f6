"""A program that asks the API, with or without a key."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.test import Client

from samspil.api.domain.keys import make_key
from samspil.kernel import clock
from tests.factories.agreements import AgreementCase


class Api:
    """Asks version 1, with or without a key."""

    def __init__(self, key: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self.client.get(
            path if path.startswith("/") else f"/api/v1/{path}",
            query,
            headers={**self.headers, **(headers or {})},
        )

    def json(self, path: str, **query: Any) -> Any:
        response = self.get(path, **query)
        assert response.status_code == 200, response.content
        return response.json()

    def send(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            data=b"" if data is None else json.dumps(data),
            content_type="application/json",
            headers={**self.headers, **headers},
        )


def key_for(kit: AgreementCase, *scopes: str, school: int | None = 0) -> Api:
    """A key of a school, or of the network when ``school`` is ``None``."""
    owner = kit.case.network if school is None else kit.case.schools[school]
    actor = kit.case.secretariat if school is None else kit.case.coordinator(school)
    made = make_key(
        actor=actor,
        now=clock.now(),
        owner=owner,
        name="Prøven",
        scopes=list(scopes),
        expires_on=clock.today() + timedelta(days=30),
    )
    return Api(made.text)
