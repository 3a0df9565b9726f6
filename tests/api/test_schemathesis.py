"""The whole API against its own description: schemathesis makes up requests and checks the answers.

In this process over WSGI, with a fixed seed and a bounded number of examples.
"""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from samspil.api.domain.feed import look
from samspil.api.enums import Scope
from samspil.api.urls import served as declared
from samspil.kernel import clock
from tests.factories.agreements import AgreementCase
from tests.factories.api import Api, key_for

pytestmark = [pytest.mark.django_db]

EXAMPLES = 12


def operations() -> list[tuple[str, str]]:
    """Every operation of the document."""
    document = declared.document()
    return [(method, path) for path, ops in document["paths"].items() for method in ops]


class _InThisTransaction(WSGIHandler):
    """Does not close the connection at the end of a request: it is the test's."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        from django.core.signals import request_finished, request_started
        from django.db import close_old_connections

        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)
        try:
            response = super().__call__(environ, start_response)
            content = list(response)
            response.close()
            return content
        finally:
            request_started.connect(close_old_connections)
            request_finished.connect(close_old_connections)


@pytest.mark.parametrize(("method", "path"), operations())
def test_every_operation_answers_as_it_is_described(
    kit: AgreementCase, method: str, path: str
) -> None:
    document = declared.document()
    kit.freeze()
    look(now=clock.now())
    key = key_for(kit, *Scope.values)
    # this way of asking does not unpack what is packed
    headers = {**key.headers, "Accept-Encoding": "identity"}
    app = _InThisTransaction()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    operation = schema[path][method.upper()]

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def right(case: Any) -> None:
        # What is written must keep rules that no schema says: days in the future, a minimum below the
        # seats. So a well-formed run may be refused; a well-formed question never.
        left_out = [positive_data_acceptance] if method in {"post", "patch"} else []
        case.call_and_validate(headers=headers, excluded_checks=left_out)

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def wrong(case: Any) -> None:
        # A wrong request for what needs a key may be one without the key, which is put right here; what
        # else is refused with a key is tested in test_keys and test_rest.
        is_keyed = "security" in document["paths"][path][method]
        left_out = [negative_data_rejection] if is_keyed else []
        case.call_and_validate(headers=headers, excluded_checks=left_out)

    right()
    if method != "get" or "{" in path or document["paths"][path][method]["parameters"]:
        wrong()


def test_the_document_is_valid_openapi(api: Api) -> None:
    document = api.json("openapi.json")
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()
    ids = [op["operationId"] for ops in document["paths"].values() for op in ops.values()]
    assert len(ids) == len(set(ids)) > 30
