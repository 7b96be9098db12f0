"""A shop that is served to the client, with a clock that can be turned."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.client import Vitrine
from service.runtime import Runtime

OPERATOR = {"email": "op@shop.example", "password": "correct horse"}
URL = "http://shop.example"


class InProcess(httpx.BaseTransport):
    """Sends what a waiting client asks to an app in this process; httpx itself does so for awaiting ones only."""

    def __init__(self, app: TestClient) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.BaseTransport`."""
        answer = self._app.request(
            request.method, str(request.url), content=request.read(), headers=dict(request.headers),
            follow_redirects=False,
        )  # fmt: skip
        headers = [(name, value) for name, value in answer.headers.items() if name != "content-encoding"]
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)


@dataclass
class Shop:
    """A served shop; `late` turns its clock."""

    runtime: Runtime
    app: FastAPI
    http: httpx.Client
    key: str
    late: list[timedelta] = field(default_factory=lambda: [timedelta()])

    def client(self, **changes: Any) -> Vitrine:
        """A client with the shop's own key, or what is given instead."""
        shown = changes if {"key", "token"} & changes.keys() else {"key": self.key, **changes}
        return Vitrine(URL, http=self.http, **shown)
