"""``/v1/rules`` over HTTP: rules count at once, warnings say what looks wrong, a dry run tells what would change."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

BAGS = {"must": [{"field": "category", "match": "Bags"}]}
MUGS = {"must": [{"field": "category", "match": "Home > Kitchen"}]}
ALBA = {"must": [{"field": "brand", "match": "Alba"}]}
NOTHING = {"must": [{"field": "price", "range": {"lt": 0}}]}
EVERYTHING = {"must": [{"field": "price", "range": {"gte": 0}}]}
EXCLUDE = {"kind": "exclude"}


@pytest.fixture
def client(writing: TestClient) -> Iterator[TestClient]:
    """A shop without rules, before and after."""
    yield writing
    for rule in writing.get("/v1/rules").json()["rules"]:
        assert writing.delete(f"/v1/rules/{rule['id']}").status_code == 204


def make(client: TestClient, **rule: object) -> dict:
    answer = client.post("/v1/rules", json=rule)
    assert answer.status_code == 201, answer.text
    body: dict = answer.json()
    return body


def search(client: TestClient, **wanted: object) -> dict:
    answer = client.post("/v1/search", json={"query": "a red or blue mug", "n": 10, "explain": True} | wanted)
    assert answer.status_code == 200, answer.text
    body: dict = answer.json()
    return body


def shown(body: dict) -> list[str]:
    return [item["id"] for item in body["items"]]


def codes(answer: dict) -> list[str]:
    return [warning["code"] for warning in answer["warnings"]]


def test_a_rule_counts_in_the_very_next_answer_and_is_named_there(client: TestClient) -> None:
    made = make(client, id="no-bags", condition=BAGS, consequence=EXCLUDE)
    assert (made["rule"]["status"], made["warnings"]) == ("active", [])
    body = search(client)
    assert not any(name.startswith("bag") for name in shown(body))
    assert body["rules"] == [{"rule": "no-bags", "kind": "exclude", "products": [], "why_not": []}]
    assert client.patch("/v1/rules/no-bags", json={"enabled": False}).json()["rule"]["status"] == "disabled"
    assert any(name.startswith("bag") for name in shown(search(client)))
    client.put("/v1/rules/no-bags", json={"condition": MUGS, "consequence": {"kind": "boost", "weight": 9}})
    boosted = search(client)["items"]
    assert [item["contributions"].get("rule:no-bags") for item in boosted[:4]] == [9, 9, 9, None]
    assert sum(boosted[0]["contributions"].values()) == pytest.approx(boosted[0]["score"], abs=1e-9)
    assert client.delete("/v1/rules/no-bags").status_code == 204
    assert search(client)["rules"] == []


def test_a_rule_comes_back_as_it_was_given(client: TestClient) -> None:
    given = {
        "id": "summer",
        "name": "Summer",
        "scope": {
            "surfaces": ["home"], "categories": ["Bags"], "who": "known",
            "audience": {"must": [{"field": "features.age", "range": {"gte": 18}}]},
        },
        "condition": None,
        "consequence": {"kind": "pin", "products": [{"id": "bag-1", "position": 2}]},
        "priority": 3,
        "start": "2020-01-01T00:00:00Z",
        "end": "2099-01-01T00:00:00Z",
        "enabled": True,
    }  # fmt: skip
    make(client, **given)
    got = client.get("/v1/rules/summer").json()
    assert {name: got[name] for name in given} == given
    assert client.get("/v1/rules").json()["rules"] == [got]


def test_an_id_is_made_or_must_be_new(client: TestClient) -> None:
    assert make(client, condition=BAGS, consequence=EXCLUDE)["rule"]["id"].startswith("r-")
    make(client, id="a", condition=BAGS, consequence=EXCLUDE)
    again = client.post("/v1/rules", json={"id": "a", "condition": BAGS, "consequence": EXCLUDE})
    assert (again.status_code, again.json()["code"]) == (409, "rule_exists")
    for method in ("get", "delete"):
        assert getattr(client, method)("/v1/rules/nope").json()["code"] == "rule_not_found"


def test_what_is_excluded_is_on_no_list_of_the_shop(client: TestClient) -> None:
    client.put("/v1/rules/no-bags", json={"condition": BAGS, "consequence": EXCLUDE})
    deadline = time.monotonic() + 20
    while (trending := client.get("/v1/trending", params={"kind": "newest"})).status_code == 503:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    page = client.post("/v1/home", json={"shelves": "all"}).json()
    bundle = client.post("/v1/bundle", json={"products": ["mug-1"]}).json()
    lists = [trending.json()["items"], bundle["items"], *(shelf["items"] for shelf in page["shelves"])]
    names = [item["id"] for one in lists for item in one]
    assert names
    assert not any(name.startswith("bag") for name in names)


def test_a_request_brings_its_own_boosts(client: TestClient) -> None:
    body = search(client, boost=[{"filter": BAGS, "weight": 9}, {"filter": ALBA, "weight": -0.5}], n=4)
    assert all(name.startswith("bag") for name in shown(body))
    assert {name for item in body["items"] for name in item["contributions"]} >= {"boost:1", "boost:2"}


def test_warnings_say_what_looks_wrong(client: TestClient) -> None:
    assert codes(make(client, id="dead", condition=NOTHING, consequence=EXCLUDE)) == ["dead"]
    only = make(client, id="only", condition=NOTHING, consequence={"kind": "include_only"})
    assert codes(only) == ["dead", "excludes_everything"]
    client.delete("/v1/rules/only")
    old = make(client, id="old", condition=BAGS, consequence=EXCLUDE, end="2020-01-01T00:00:00Z")
    assert (codes(old), old["rule"]["status"]) == (["expired"], "expired")
    make(client, id="up", condition=BAGS, consequence={"kind": "boost", "weight": 1})
    down = make(client, id="down", condition=ALBA, consequence={"kind": "bury", "weight": 1})
    assert [(w["code"], set(w["rules"])) for w in down["warnings"]] == [("contradiction", {"up", "down"})]
    pins = [{"id": name, "position": at} for at, name in enumerate(("nope", "lamp-4", "mug-4", "bag-1"), 1)]
    pinned = make(client, id="pins", consequence={"kind": "pin", "products": pins})
    assert codes(pinned) == ["pin_unknown", "pin_hidden", "pin_sold_out"]
    same = make(client, id="same", consequence={"kind": "pin", "products": [{"id": "bag-2", "position": 4}]})
    assert codes(same) == ["pin_slot_shared"]
    make(client, id="half", condition=BAGS, consequence={"kind": "quota", "min_percent": 60})
    assert "quota_sum" in codes(
        make(client, id="most", condition=MUGS, consequence={"kind": "quota", "min_percent": 60})
    )
    none = make(client, id="none", condition=EVERYTHING, consequence=EXCLUDE)
    assert {"excludes_everything", "pin_excluded", "dead"} <= set(codes(none))
    linted = client.post("/v1/rules/lint").json()
    assert linted["checked"] == 9
    assert {"dead", "expired", "contradiction", "pin_unknown", "quota_sum"} <= set(codes(linted))


def test_rules_can_be_linted_before_they_are_made(client: TestClient) -> None:
    draft = {"condition": NOTHING, "consequence": EXCLUDE}
    assert codes(client.post("/v1/rules/lint", json={"rules": [draft]}).json()) == ["dead"]
    assert client.get("/v1/rules").json()["rules"] == []


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"consequence": EXCLUDE}, "exclude needs a `condition`"),
        (
            {"condition": {"must": [{"field": "smell", "match": "x"}]}, "consequence": EXCLUDE},
            "'smell' is not filterable",
        ),
        ({"condition": BAGS, "consequence": EXCLUDE, "scope": {"surfaces": ["moon"]}}, "there is no surface 'moon'"),
        ({"condition": BAGS, "consequence": {"kind": "boost", "weight": -1}}, "greater than 0"),
        ({"condition": BAGS, "consequence": {"kind": "boost", "weight": 1e9}}, "less than or equal to 1000"),
        ({"condition": BAGS, "consequence": {"kind": "explode"}}, "boost"),
        ({"condition": BAGS, "consequence": {"kind": "quota"}}, "min_percent, max_percent or both"),
        ({"condition": BAGS, "consequence": {"kind": "quota", "min_percent": 101}}, "less than or equal to 100"),
        ({"condition": BAGS, "consequence": {"kind": "quota", "min_percent": 9, "max_percent": 8}}, "is above max"),
        ({"condition": BAGS, "consequence": {"kind": "pin", "products": [{"id": "a", "position": 1}]}}, "leave `cond"),
        ({"consequence": {"kind": "pin", "products": [{"id": "a", "position": 0}]}}, "greater than or equal to 1"),
        ({"consequence": {"kind": "pin", "products": [{"id": "a", "position": 10_000}]}}, "outside 1 to 100"),
        (
            {"consequence": {"kind": "pin", "products": [{"id": "a", "position": 1}, {"id": "b", "position": 1}]}},
            "position 1 is named twice",
        ),
        ({"condition": BAGS, "consequence": EXCLUDE, "start": "2026-02-01", "end": "2026-01-01"}, "before it starts"),
        ({"condition": BAGS, "consequence": EXCLUDE, "start": "soon"}, "start"),
        ({"condition": BAGS, "consequence": EXCLUDE, "scope": {"who": "martians"}}, "newcomer"),
        (
            {"condition": BAGS, "consequence": EXCLUDE, "scope": {"audience": {"must": [{"field": "x", "match": 1}]}}},
            "scope.audience: 'x' is not filterable",
        ),
        ({"condition": BAGS, "consequence": EXCLUDE, "id": "a b"}, "pattern"),
        ({"condition": BAGS, "consequence": EXCLUDE, "colour": "red"}, "colour"),
        ({"condition": {"must": "x"}, "consequence": EXCLUDE}, "filter.must must be a list"),
    ],
)
def test_an_impossible_rule_is_refused_with_what_is_allowed(client: TestClient, rule: dict, says: str) -> None:
    answer = client.post("/v1/rules", json=rule)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert says in answer.json()["detail"]
    assert client.get("/v1/rules").json()["rules"] == []


def test_numbers_that_are_none_and_conditions_too_deep_are_refused(client: TestClient) -> None:
    deep = '{"must": [' * 40 + "{}" + "]}" * 40
    for body in (
        '{"condition": {}, "consequence": {"kind": "boost", "weight": NaN}}',
        f'{{"condition": {deep}, "consequence": {{"kind": "exclude"}}}}',
        f'{{"condition": {deep}, "scope": {{"audience": {deep}}}, "consequence": {{"kind": "exclude"}}}}',
    ):
        answer = client.post("/v1/rules", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422, answer.text


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["must", "should", "field", "match", "range", "kind", "weight", "products", "gte"]), inner
    ),
    max_leaves=8,
)  # fmt: skip
NAMES = ["id", "name", "scope", "condition", "consequence", "priority", "start", "end", "enabled", "rules", "limit"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from(NAMES), ANY | st.sampled_from([BAGS, EXCLUDE])))
def test_whatever_is_sent_the_answer_is_never_an_internal_error(client: TestClient, body: dict) -> None:
    for method, path in (
        ("POST", "/v1/rules"), ("PUT", "/v1/rules/x"), ("PATCH", "/v1/rules/x"), ("POST", "/v1/rules/lint"),
        ("POST", "/v1/rules/dry-run"), ("POST", "/v1/search"),
    ):  # fmt: skip
        sent = body if path != "/v1/search" else {"query": "mug", "boost": body.get("scope")}
        assert client.request(method, path, json=sent).status_code < 500, (method, path)


def test_a_patch_is_checked_as_a_whole(client: TestClient) -> None:
    make(client, id="a", condition=BAGS, consequence=EXCLUDE, end="2030-01-01T00:00:00Z")
    for change in ({}, {"start": "2031-01-01"}, {"condition": None}, {"enabled": None}, {"id": "b"}):
        assert client.patch("/v1/rules/a", json=change).status_code == 422, change
    changed = client.patch("/v1/rules/a", json={"end": None, "priority": 7}).json()["rule"]
    assert (changed["end"], changed["priority"], changed["condition"]) == (None, 7, BAGS)


def test_rules_that_leave_nothing_make_an_empty_feed_that_says_why(client: TestClient) -> None:
    make(client, id="oops", condition=EVERYTHING, consequence=EXCLUDE)
    for body in (search(client), client.get("/v1/home", params={"explain": True}).json()):
        assert body["items"] == []
        assert "left out by rule:oops" in body["shortfall"]


def test_a_dry_run_tells_what_comes_what_leaves_and_what_it_costs(client: TestClient) -> None:
    ids = {search(client, n=4)["request_id"] for _ in range(3)}
    assert len(ids) == 3
    rule = {"id": "try", "condition": MUGS, "consequence": EXCLUDE, "enabled": False}
    log = client.app.state.vitrine.runtime.impressions  # type: ignore[attr-defined]
    deadline = time.monotonic() + 10
    while log.state.waiting:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = client.post("/v1/rules/dry-run", json={"rules": [rule], "limit": 3}).json()
    assert found["requests"] == 3
    assert (found["changed"], found["acted"], found["skipped"]) == (3, {"try": 3}, {})
    assert all(one["id"].startswith("mug") for one in found["leaves"])
    assert {one["slates"] for one in found["comes"]} == {3}
    assert 0 < found["relevance_lost"] < 1
    assert client.get("/v1/rules").json()["rules"] == []
    assert client.post("/v1/rules/dry-run", json={"ids": ["nope"]}).status_code == 404
    assert client.post("/v1/rules/dry-run", json={}).status_code == 422
    assert client.post("/v1/rules/dry-run", json={"rules": [rule], "surface": "moon"}).status_code == 422


@pytest.mark.parametrize("text", [r"\ud800", r"\u0000"])
def test_text_that_no_database_holds_is_refused_or_matches_nothing(client: TestClient, text: str) -> None:
    condition = f'{{"must": [{{"field": "brand", "match": "{text}"}}]}}'
    rule = f'{{"condition": {condition}, "consequence": {{"kind": "exclude"}}}}'
    pin = f'{{"consequence": {{"kind": "pin", "products": [{{"id": "{text}", "position": 1}}]}}}}'
    for path, body, status in (
        ("/v1/rules", rule, 422),
        ("/v1/rules", pin, 422),
        ("/v1/rules/lint", f'{{"rules": [{rule}]}}', 422),
        ("/v1/rules/dry-run", f'{{"rules": [{rule}]}}', 422),
        ("/v1/search", f'{{"query": "mug", "boost": [{{"filter": {condition}, "weight": 1}}]}}', 200),
    ):
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == status, (path, answer.text)
