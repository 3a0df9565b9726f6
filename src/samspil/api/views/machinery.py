"""What every operation of the API has in common: who may, how it is answered, what is told of errors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from samspil.api.domain import keys
from samspil.api.domain.open_data import Place
from samspil.api.interfaces import paging
from samspil.api.interfaces.problems import CONTENT_TYPE, invalid, problem
from samspil.api.interfaces.schemas import Problem
from samspil.api.middleware import CHALLENGE, ApiRequest
from samspil.kernel import kept
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound, SamspilError
from samspil.kernel.http import PUBLIC, TOKEN

FRESH = "public, max-age=60"
Operation = Callable[..., HttpResponse]


class KeyRequest(ApiRequest):
    """A request that came with a key whose scope fits; ``actor`` is what the key stands for."""

    actor: Actor


class Key(HttpBearer):
    """Lets in who has a key with ``scope`` (any key, when it is empty)."""

    def __init__(self, scope: str = "") -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        key = getattr(request, "api_key", None)
        if key is None:
            raise AuthenticationError
        if self.scope:
            if self.scope not in key.scopes:
                raise Forbidden("")
            request.actor = keys.actor_of(key, self.scope)  # type: ignore[attr-defined]
        return key

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Not used: the door has read the key already."""
        raise NotImplementedError


class SamspilApi(NinjaAPI):
    """The API. An operation that does not say who may reach it is not served at all."""

    def public(self, path: str, response: Any, **more: Any) -> Callable[[Operation], Operation]:
        """A GET for everybody."""

        def declare(function: Operation) -> Operation:
            function.samspil_needs = PUBLIC  # type: ignore[attr-defined]
            return self.default_router.get(
                path,
                response=response,
                auth=None,
                url_name=function.__name__,
                operation_id=function.__name__,
                **more,
            )(function)

        return declare

    def keyed(
        self, method: str, path: str, response: Any, *, scope: str = "", **more: Any
    ) -> Callable[[Operation], Operation]:
        """An operation for those whose key has ``scope``."""

        def declare(function: Operation) -> Operation:
            function.samspil_needs = TOKEN  # type: ignore[attr-defined]
            tags = more.pop("tags", ["Med nøgle"])
            return self.default_router.api_operation(
                [method],
                path,
                response=response,
                auth=Key(scope),
                url_name=more.pop("url_name", function.__name__),
                operation_id=function.__name__,
                tags=tags,
                openapi_extra={"x-scope": scope} if scope else None,
                **more,
            )(function)

        return declare

    def served(self) -> list[URLPattern]:
        """The addresses, each marked for ``kernel.http``. Raises ``ImproperlyConfigured`` for an
        operation without a rule."""
        # The library makes one address per operation; all of a path are one view, so one is enough.
        by_path = {
            (str(p.pattern), p.name): p
            for p in reversed(self.urls[0])
            if isinstance(p, URLPattern) and p.name != "api-root"
        }
        patterns = list(reversed(by_path.values()))
        needs: dict[str, set[str]] = {}
        for router in self._get_bound_routers():
            for view in router.path_operations.values():
                for operation in view.operations:
                    needed = getattr(operation.view_func, "samspil_needs", None)
                    if needed is None or (needed == TOKEN) != bool(operation.auth_callbacks):
                        raise ImproperlyConfigured(f"{operation.path}: no rule says who may")
                    needs.setdefault(str(view.url_name), set()).add(needed)
        for pattern in patterns:
            kinds = needs[str(pattern.name)]
            marked: Any = pattern.callback
            marked.samspil_requires = TOKEN if TOKEN in kinds else PUBLIC
        return patterns

    def get_root_path(self, path_params: dict[str, Any]) -> str:
        """Where the addresses of the document begin."""
        return "/api/"

    def document(self) -> dict[str, Any]:
        """The OpenAPI document, with the errors that every operation has."""
        document: dict[str, Any] = json.loads(json.dumps(self.get_openapi_schema()))
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        faults = document["components"]["schemas"]["Problem"].pop("$defs", {})
        document["components"]["schemas"].update(faults)
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for operations in document["paths"].values():
            for operation in operations.values():
                for status, words in (("4XX", "Problem"), ("5XX", "Problem")):
                    operation["responses"][status] = {"description": words, "content": content}
                if "get" in operations and operation is operations["get"]:
                    operation["responses"].setdefault("304", {"description": "Not Modified"})
        return document


def told(_request: HttpRequest, error: Any) -> HttpResponse:
    """An error of Samspil as a problem."""
    if isinstance(error, Invalid):
        faults = [
            {
                "where": error.field,
                "da": error.message or "Værdien kan ikke læses.",
                "en": "The value cannot be used.",
            }
            for _once in (error.field,)
            if error.field
        ]
        return problem(422, detail=error.message, errors=faults)
    status = {Forbidden: 403, NotFound: 404, Conflict: 409}.get(type(error), 400)
    return problem(status, detail=error.message)


def _values(_request: HttpRequest, error: Any) -> HttpResponse:
    return invalid(error.errors)


def _http(_request: HttpRequest, error: Any) -> HttpResponse:
    headers = CHALLENGE if error.status_code == 401 else None
    return problem(error.status_code, headers=headers)


def _missing(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(404)


def install_errors(api: NinjaAPI) -> None:
    """Let every error that an operation raises be told as a problem; faults of ours stay faults."""
    api.add_exception_handler(SamspilError, told)
    api.add_exception_handler(ValidationError, _values)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(HttpError, _http)


# ---------------------------------------------------------------- answers


def written(data: Any) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _stamp(request: HttpRequest) -> str:
    return f'"{kept.stamp(parts=[request.get_full_path(), settings.BASE_URL])}"'


def public(
    request: HttpRequest,
    make: Callable[[], HttpResponse],
) -> HttpResponse:
    """An answer that everybody may have: 304 when nothing has changed, else what ``make`` makes."""
    etag, modified = _stamp(request), kept.moment().modified
    unchanged = get_conditional_response(request, etag=etag, last_modified=modified)
    response = unchanged if unchanged is not None else make()
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(modified)
    response.headers["Cache-Control"] = FRESH
    return kept.keep(response)


def private(request: HttpRequest, data: Any, *, status: int = 200) -> HttpResponse:
    """An answer for one key: kept nowhere but where it was fetched, 304 when it is the same."""
    content = written(data)
    etag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    response = HttpResponse(
        content, status=status, content_type="application/json", headers=headers
    )
    if request.method == "GET":
        return get_conditional_response(request, etag=etag, response=response) or response
    return response


def page(
    request: HttpRequest, items: list[Any], after: Place | None, **more: Any
) -> tuple[dict[str, Any], str]:
    """The body of a page of a list, and the address of the next one."""
    following = None
    if after is not None:
        query = request.GET.dict() | {"cursor": paging.written(after)}
        following = f"{settings.BASE_URL}{request.path}?{urlencode(query)}"
    return {"items": items, "next": following, **more}, following or ""


def listed(
    request: HttpRequest, items: list[Any], after: Place | None, **more: Any
) -> HttpResponse:
    """A page of a list that everybody may have, with the next page in the line ``Link`` (RFC 8288)."""
    body, following = page(request, items, after, **more)
    response = HttpResponse(written(body), content_type="application/json")
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def one(data: Any) -> HttpResponse:
    """A single thing that everybody may have."""
    return HttpResponse(written(data), content_type="application/json")
