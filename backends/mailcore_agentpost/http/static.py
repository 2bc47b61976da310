"""The page: files of the package, read once and served from memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from mailcore_agentpost.http.exchange import Response
from mailcore_agentpost.http.problems import not_found
from mailcore_agentpost.http.routing import Call, Route

_INDEX: Final = "index.html"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Nothing but what is served here, and nothing inline.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    etag: str


def _load() -> Mapping[str, _File]:
    found: dict[str, _File] = {}
    for file in (files("mailcore_agentpost") / "web").iterdir():
        kind = _TYPES.get(file.name.rpartition(".")[2])
        if kind is not None:
            body = file.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
            found[file.name] = _File(body, kind, etag)
    return found


class StaticFiles:
    """Answers ``/`` and ``/web``."""

    def __init__(self) -> None:
        self._files = _load()

    async def index(self, call: Call[None]) -> Response:
        """Return the page."""
        return self._answer(call, _INDEX)

    async def file(self, call: Call[None]) -> Response:
        """Return what the page loads."""
        return self._answer(call, call.path["name"])

    def _answer(self, call: Call[None], name: str) -> Response:
        file = self._files.get(name)
        if file is None:
            raise not_found("file")
        headers = {
            "Content-Type": file.media_type,
            "ETag": file.etag,
            # Asked for each time: a page of one version never runs with the script of another.
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "no-referrer",
        }
        if call.request.header("if-none-match") == file.etag:
            return Response(status=304, headers=headers)
        return Response(body=file.body, headers=headers)


def routes(static: StaticFiles) -> Sequence[Route]:
    """Return the routes of the page."""
    return (
        Route(
            method="GET",
            path="/",
            handler=static.index,
            summary="The page",
            public=True,
            listed=False,
            media_type="text/html",
        ),
        Route(
            method="GET",
            path="/web/{name}",
            handler=static.file,
            summary="What the page loads",
            public=True,
            listed=False,
            media_type="text/javascript",
        ),
    )
