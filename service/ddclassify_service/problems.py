"""Errors as problem JSON (RFC 9457), from a closed set of types."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ddclassify.errors import DDClassifyError

TITLES = {
    "invalid-body": (422, "The body is not what this route takes"),
    "too-large": (413, "The request is over a limit of this service"),
    "busy": (429, "Too many requests at once"),
    "not-found": (404, "There is no such route"),
    "method-not-allowed": (405, "The route does not take this method"),
    "internal": (500, "The service failed"),
}
MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """An error that is answered with a problem of one of the types in `TITLES`."""

    def __init__(self, kind: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers


def problem(kind: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response for a problem."""
    status, title = TITLES[kind]
    body = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem."""

    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return problem(error.kind, error.detail, error.headers)

    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return problem("invalid-body", f"{place}: {first['msg']}")

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kinds = {404: "not-found", 405: "method-not-allowed"}
        kind = kinds.get(error.status_code, "invalid-body")
        return problem(kind, f"{request.method} {request.url.path}", dict(error.headers or {}))

    async def on_failure(request: Request, error: Exception) -> JSONResponse:
        return problem("internal", "the request could not be answered; the log of the service says why")

    async def on_library(request: Request, error: Exception) -> JSONResponse:
        return problem("invalid-body", str(error))

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(DDClassifyError, on_library)
    app.add_exception_handler(Exception, on_failure)
