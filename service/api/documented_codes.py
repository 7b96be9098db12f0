"""The codes of problems, with what each says and where it may be met: examples of answers in the OpenAPI document.

Programs may switch on a code; it stays when its sentence is worded better. A test compares the list with what is sent.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import FastAPI

from service.api.problems import problem
from service.api.scopes import PUBLIC_WRITES, NeedsAccount, needs_of

PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Code:
    """One code.

    Attributes
    ----------
    says : a `detail` as it may be sent. on : beginnings of paths, or of "METHOD path"; none: wherever its status is.
    """

    status: int
    code: str
    says: str
    on: tuple[str, ...] = ()

    def is_met(self, method: str, path: str) -> bool:
        """Whether an operation may answer with it.

        Examples
        --------
        >>> taken = Code(409, "rule_exists", "there is a rule of this id", ("POST /v1/rules",))
        >>> taken.is_met("POST", "/v1/rules"), taken.is_met("PUT", "/v1/rules/{id}")
        (True, False)
        """
        if not self.on:
            return self.status not in (401, 403) or _asks_who(method, path)
        return any(name.startswith(start) for start in self.on for name in (path, f"{method} {path}"))

    def example(self) -> dict[str, Any]:
        """The problem it comes with, as the document has it."""
        sent = problem(self.status, self.code, self.says, "303ddfef1f8d41139c0b2d06e21544a7")
        return {"summary": self.code, "value": orjson.loads(sent.body)}


def _asks_who(method: str, path: str) -> bool:
    needs = needs_of(method, path)
    return needs.scope is not None or needs.account is not NeedsAccount.NO or path in PUBLIC_WRITES


_LISTS = ("/v1/home", "/v1/search", "/v1/similar", "/v1/explain")
_FILTERED = (*_LISTS, "/v1/bundle", "GET /v1/products")
_ONE_PRODUCT = ("/v1/products/{id}", "/v1/similar", "/v1/search", "/v1/explain", "/v1/bundle")
_RULE = ("POST /v1/rules", "PUT /v1/rules", "PATCH /v1/rules")

CODES = (
    Code(400, "http_error", "POST /v1/home: There was an error parsing the body. The routes are listed at /docs"),
    Code(401, "not_authenticated", "show a key or a token: `Authorization: Bearer …` or `X-API-Key: …`"),
    Code(401, "invalid_key", "the API key is not valid: it is unknown, revoked or expired"),
    Code(401, "invalid_token", "the access token is not valid; sign in again"),
    Code(401, "token_expired", "the access token has expired; get the next at /v1/auth/refresh"),
    Code(401, "token_revoked", "the access token was taken back; sign in again"),
    Code(401, "invalid_credentials", "several keys or tokens were sent with one request; send one"),
    Code(401, "invalid_refresh_token", "the refresh token is not valid: it was used, has expired, or was taken back",
         ("/v1/auth/refresh",)),
    Code(401, "no_account", "this key or token has no account; sign in at /v1/auth/sign-in",
         ("/v1/me", "/v1/auth/password")),
    Code(401, "wrong_credentials", "the e-mail address or the password is wrong",
         ("/v1/auth/sign-in", "/v1/auth/password", "DELETE /v1/me")),
    Code(401, "confirmation_needed", "send the password: you signed in more than five minutes ago",
         ("DELETE /v1/me",)),
    Code(403, "missing_scope", "this needs the scope catalogue, and this key or token has read"),
    Code(403, "foreign_user", "this key or token may not speak for other users", (*_LISTS, "/v1/users")),
    Code(403, "not_sent_by_us", "send the header X-Vitrine-Act: yes, from a page of this service or from a program",
         ("POST /v1/admin",)),
    Code(403, "not_your_service", "this is about the service as a whole; ask who runs it", ("/v1/admin", "/metrics")),
    Code(403, "foreign_origin", "pages of this origin may send nothing here; see [cors]", ("POST /v1",)),
    Code(403, "sign_up_closed", "nobody can sign up here by themselves; ask the shop", ("/v1/auth/sign-up",)),
    Code(404, "product_not_found", "there is no product with id 'mug-99'", _ONE_PRODUCT),
    Code(404, "user_not_found", "there is no user 'ann'", ("/v1/users", "/v1/me")),
    Code(404, "rule_not_found", "there is no rule 'sale-first'", ("/v1/rules/{id}", "/v1/rules/dry-run")),
    Code(404, "release_not_found", "there is no release '20260301-1'", ("/v1/admin/releases/{id}",)),
    Code(404, "receipt_not_found", "there is no receipt of this id", ("/v1/privacy/receipts",)),
    Code(404, "request_not_found", "no answer with this request_id was kept", ("/v1/explain/words",)),
    Code(404, "key_not_found", "there is no API key 7", ("/v1/keys/{id}",)),
    Code(404, "account_not_found", "there is no account of this token any more", ("/v1/me", "/v1/auth/password")),
    Code(404, "no_picture", "product 'mug-1' has no picture here; see its `image`", ("/v1/products/{id}/image",)),
    Code(404, "no_such_category", "nothing trends in 'Boats'; there is Bags, Home", ("/v1/trending",)),
    Code(404, "no_such_list", "'newest' is not kept per category; leave `category` out", ("/v1/trending",)),
    Code(409, "rule_exists", "there is a rule 'sale-first' already; PUT replaces it", ("POST /v1/rules",)),
    Code(409, "too_many_rules", "there are 1,000 rules, as many as there can be; delete some",
         ("POST /v1/rules", "PUT /v1/rules")),
    Code(409, "user_erased", "whoever had this id was erased", ("/v1/users", "/v1/me", "/v1/auth/sign-in")),
    Code(409, "other_release_live", "the release that answers is 20260301-2, not 20260301-1; look again",
         ("/v1/admin/releases",)),
    Code(409, "wrong_release_status", "this release failed its checks and cannot answer",
         ("/v1/admin/releases/{id}/promote",)),
    Code(409, "no_live_release", "no release answers, so there is none to roll back", ("/v1/admin/releases/rollback",)),
    Code(409, "no_previous_release", "the release that answers replaced none", ("/v1/admin/releases/rollback",)),
    Code(413, "payload_too_large", "the body has more than 16,777,216 bytes; send less at once"),
    Code(413, "too_many_events", "5000 events in one body; at most 1000 are accepted: send them in several requests",
         ("/v1/events",)),
    Code(422, "invalid_request", "query.n: Input should be greater than or equal to 1 (got '0')"),
    Code(422, "invalid_query", "language: there is no 'xx'; there are de, en", ("/v1",)),
    Code(422, "invalid_filter", "filter is not JSON (Expecting value: line 1 column 1 (char 0))", _FILTERED),
    Code(422, "unknown_filter_field", "there is no field 'colur'; did you mean attributes.colour?", _FILTERED),
    Code(422, "invalid_n", "products asked for must be between 1 and 100, got 500", _LISTS),
    Code(422, "unknown_signal", "weights: unknown signals ['cff']; this surface has cf, text", _LISTS),
    Code(422, "invalid_weights", "weights: all are 0, so nothing can be found; set at least one above 0", _LISTS),
    Code(422, "unknown_experiment", "there is no experiment 'ranker'; there are: lambda", _LISTS),
    Code(422, "unknown_variant", "variant must be experiment:variant, got 'b'", _LISTS),
    Code(422, "unknown_mode", "there is no mode 'alike'; choose one of: similar, visual",
         ("/v1/similar", "/v1/explain")),
    Code(422, "invalid_terms", "terms say only what is not wanted; give one of them a weight above 0",
         ("/v1/search", "/v1/explain")),
    Code(422, "no_image_model", "pictures cannot be searched for: this service runs without an image model",
         ("/v1/search",)),
    Code(422, "invalid_sort", "sort must be one of id, newest, price, -price, got 'cheap'",
         ("/v1/search", "GET /v1/products")),
    Code(422, "invalid_cursor", "the cursor is of another list; begin without one", ("/v1/search", "GET /v1/products")),
    Code(422, "unknown_facet", "there is no facet 'colur'; did you mean attributes.colour?", ("/v1/search",)),
    Code(422, "too_many", "at most 20 facets can be counted at once, got 30", ("/v1/search",)),
    Code(422, "invalid_explain", "search needs a `query`, `terms` or an `anchor`", ("/v1/explain",)),
    Code(422, "invalid_product", "price: at most two digits after the point, got 12.999",
         ("PUT /v1/products", "PATCH /v1/products")),
    Code(422, "empty_patch", "nothing to change: send at least one field, such as price or stock",
         ("PATCH /v1/products", "PATCH /v1/rules")),
    Code(422, "malformed_body", 'the body holds no events; send one event object, a list of them, or {"events": [...]}',
         ("/v1/events",)),
    Code(422, "invalid_user", "features are larger than 64 KB together", ("PUT /v1/users", "PUT /v1/me")),
    Code(422, "invalid_rule", "condition: a rule with a pin has none", _RULE),
    Code(422, "unknown_surface", "there is no surface 'front'; there are: home, search, similar", _RULE),
    Code(422, "invalid_synonyms", "line 3: a synonym needs two words or more", ("PUT /v1/synonyms",)),
    Code(422, "invalid_password", "a password has at least 8 characters", ("/v1/auth",)),
    Code(422, "unknown_scope", "a key needs scopes of read, events, users, catalogue, rules, admin; got 'all'",
         ("POST /v1/keys",)),
    Code(422, "not_scheduled", "training is not scheduled here: [schedule] in the configuration gives it 0 s",
         ("POST /v1/admin/jobs",)),
    Code(429, "too_many_requests", "more than 100 requests in a minute; go on in 60 s"),
    Code(429, "too_many_wrong", "10 wrong passwords were tried for this address; try again in an hour",
         ("/v1/auth/sign-in", "/v1/auth/password", "DELETE /v1/me")),
    Code(503, "dependency_unavailable", "the database does not answer; try again shortly"),
    Code(503, "index_not_ready", "the index is being built; try again in a moment", (*_LISTS, "/v1/trending")),
    Code(503, "timed_out", "the answer took longer than 10 s; try again"),
    Code(503, "too_busy", "more requests wait than can be answered in time; try again in 2 s"),
    Code(503, "disk_full", "there is no space left to write to", ("PUT", "PATCH", "POST", "DELETE")),
    Code(503, "not_ready", "cannot answer yet or any more: vectors: the folder is in use", ("/health/ready",)),
)  # fmt: skip


def document_codes(app: FastAPI) -> None:
    """Add to each answer that is a problem those that an operation may answer with."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        document = plain()
        if is_new:
            examples = {one.code: one.example() for one in CODES}
            document.setdefault("components", {})["examples"] = examples
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _show(operation["responses"], [one for one in CODES if one.is_met(method.upper(), path)])
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _show(answers: dict[str, Any], met: list[Code]) -> None:
    for status, answer in answers.items():
        codes = [one.code for one in met if str(one.status) == status]
        if codes and PROBLEM in answer.get("content", {}):
            # each operation its own: FastAPI hands the same answer to all
            shown = {"examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes}}
            content = {PROBLEM: {**answer["content"][PROBLEM], **shown}}
            answers[status] = {**answer, "content": content, "x-codes": codes}
