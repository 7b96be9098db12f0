"""The pages over HTTP: their policy, their text, their files."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from service.app import create_app
from service.runtime import Runtime
from service.storefront.guest import PROOF, SESSION, SHOPPER, THEME
from service.storefront.library import library

MARKUP = '<script>alert("hello")</script><img src=x onerror=alert(1)> & "mug"'
EMOJI = "/product/" + quote("émoji/1 2?", safe="")
PATHS = (
    "/", "/explore", "/explore?category=Home&sort=price", "/search", "/search?q=mug", "/cart", "/profile",
    "/sign-in", "/sign-up", "/product/mug-1", "/product/markup", "/product/endless", EMOJI,
)  # fmt: skip


class Tags(HTMLParser):
    """All tags of a page, with their attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_html_under_a_strict_policy(pages: TestClient, path: str) -> None:
    answer = pages.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", PATHS)
def test_nothing_runs_or_is_styled_inside_a_page_and_everything_is_named(pages: TestClient, path: str) -> None:
    found = Tags(pages.get(path).text).tags
    for tag, attributes in found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        assert tag != "style"
        if tag == "script":
            assert (attributes.get("src") or "").startswith("/static/")
        if tag == "img":
            assert {"alt", "width", "height"} <= set(attributes)
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [tag for tag, _ in found].count("h1") == 1
    assert "main" in dict(found)
    assert ("html", {"lang": "en"}) in found


def test_what_a_merchant_wrote_is_shown_as_it_was_written(pages: TestClient) -> None:
    text = pages.get("/product/markup").text
    assert "<script>alert" not in text
    assert "onerror=alert(1)>" not in text
    read = Tags(text)
    assert read.text.count(MARKUP) >= 2
    assert "−50 %" in read.text
    assert "Only 3 left" in read.text
    assert "Price on request" in Tags(pages.get("/product/endless").text).text
    assert "Sold out" in Tags(pages.get(EMOJI).text).text


def test_what_is_searched_for_is_shown_as_it_was_typed(pages: TestClient) -> None:
    text = pages.get("/search", params={"q": MARKUP}).text
    assert "<script>alert" not in text
    assert f"“{MARKUP}”" in Tags(text).text


@pytest.mark.parametrize("id", ["nothing", "hidden", "%00", "x" * 2000])
def test_a_product_that_cannot_be_seen_has_a_page_that_says_so(pages: TestClient, id: str) -> None:
    answer = pages.get(f"/product/{id}")
    assert answer.status_code == 404
    assert "This product is not here" in answer.text
    assert "Secret" not in answer.text


def test_all_files_a_page_names_are_there_and_kept_for_good(pages: TestClient) -> None:
    tags = [tag for path in PATHS for tag in Tags(pages.get(path).text).tags]
    urls = {found.get(name) or "" for _, found in tags for name in ("href", "src")}
    named = {url for url in urls if url.startswith("/static/")}
    assert len(named) > 10
    for url in named:
        answer = pages.get(url)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")


def test_every_module_that_another_one_imports_exists() -> None:
    files = library().files
    scripts = {path: one.body.decode() for path, one in files.items() if path.endswith(".js")}
    assert scripts
    for path, text in scripts.items():
        for wanted in re.findall(r"""(?:from|import) ?\(?"(\./[^"]+)"\)?""", text):
            assert str(PurePosixPath(path).parent / wanted) in files, (path, wanted)
        assert "innerHTML" not in text
        assert "https://" not in text


def test_a_file_of_yesterday_s_address_is_today_s_and_not_kept(pages: TestClient) -> None:
    old = pages.get("/static/000000000000/css/base.css")
    assert old.status_code == 200
    assert old.headers["cache-control"] == "no-cache"
    assert pages.get(f"/static/{library().tag}/css/nothing.css").status_code == 404
    assert pages.get(f"/static/{library().tag}/../routes.py").status_code == 404


def test_files_travel_packed_where_a_browser_takes_that_and_are_small(pages: TestClient) -> None:
    url = library().url("js/dom.js")
    packed = pages.get(url, headers={"Accept-Encoding": "gzip"})
    plain = pages.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert sum(len(one.packed) for one in library().files.values()) < 100_000


def test_a_visitor_gets_a_session_once_and_a_strange_one_is_replaced(shop: Runtime) -> None:
    with TestClient(create_app(shop)) as client:
        first = client.get("/")
        session = first.cookies[SESSION]
        assert f'data-session="{session}"' in first.text
        assert SESSION not in client.get("/explore").cookies
        strange = client.get("/", headers={"Cookie": f'{SESSION}="><script>'})
        assert strange.cookies[SESSION] != session
        assert "<script>" not in strange.text.replace('<script type="module"', "")


def test_a_visitor_of_the_demo_may_be_one_of_its_shoppers_and_nobody_elsewhere(
    pages: TestClient, runtime: Runtime
) -> None:
    cookie = {"Cookie": f"{SESSION}=w-1; {SHOPPER}=U0001; {THEME}=dark"}
    text = pages.get("/", headers=cookie).text
    assert 'data-user="U0001"' in text
    assert 'data-theme="dark"' in text
    assert "likes Bags, &lt;b&gt;Shoes&lt;/b&gt;" in text
    with TestClient(create_app(runtime)) as other:
        text = other.get("/", headers=cookie).text
        assert "U0001" not in text
        assert 'id="switch"' not in text


def test_another_system_s_api_keeps_its_paths_and_the_api_keeps_its_own(pages: TestClient) -> None:
    assert pages.get("/v1/home").headers["content-type"] == "application/json"
    assert pages.get("/nowhere").json()["code"] == "no_such_route"


def test_a_shop_that_is_not_open_shows_its_products_to_who_signed_in(shop: Runtime) -> None:
    closed = replace(shop, settings=shop.settings.model_copy(update={"access": "keys", "secret": SecretStr("s" * 40)}))
    with TestClient(create_app(closed)) as client:
        assert client.get("/").status_code == 200
        assert "Home</a></li>" not in client.get("/").text
        assert client.get("/product/mug-1").status_code == 401
        assert "Red Mug" not in client.get("/product/mug-1").text
        person = {"email": "bea@example.com", "password": "correct horse battery"}
        assert client.post("/v1/auth/sign-up", json=person).status_code == 202
        token = client.post("/v1/auth/sign-in", json=person).json()["access_token"]
        assert "Red Mug" in client.get("/product/mug-1", headers={"Cookie": f"{PROOF}={token}"}).text
        assert client.get("/product/mug-1", headers={"Cookie": f"{PROOF}={token}x"}).status_code == 401
