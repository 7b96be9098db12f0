"""Whatever a search is sent: an answer or a problem that says what to do, soon, in little memory, never a crash."""

import base64
import io
import resource
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.app import create_app
from service.runtime import open_runtime
from service.store.catalog import upsert_products

MIB = 2**20


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> Iterator[TestClient]:
    """A client of the small shop with an image model."""
    settings = settings_for(tmp_path_factory.mktemp("bad")).model_copy(
        update={"image_model": "bundled", "background": "off"}
    )
    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, small_shop())
        index_stale(runtime.outbox)
        with TestClient(create_app(runtime), raise_server_exceptions=False) as client:
            client.post("/v1/search", json={"image": data_url(picture("PNG"))})  # models are warm from here on
            yield client


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Every one of these is over within seconds and takes no more memory than a photo does."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    yield
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert time.perf_counter() - start < 20
    assert grown_mib < 400, f"{grown_mib:.0f} MiB"


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A file of one kind of picture."""
    file = io.BytesIO()
    Image.new(mode, size, 90).save(file, kind, **options)
    return file.getvalue()


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(MIB))) + chunk(b"IEND", b"")
    )


def refused(answer: object, status: int = 422, says: str = "") -> dict:
    """The problem, which is one with everything a caller needs."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert problem["code"]
    assert "Traceback" not in answer.text
    assert says in problem["detail"]
    return problem


def upload(shop: TestClient, data: bytes, name: str = "a.jpg", kind: str = "image/jpeg") -> object:
    return shop.post("/v1/search", files={"image": (name, data, kind)})


@pytest.mark.parametrize(
    "words",
    [
        "🔥👟 💯",
        "قميص أحمر",
        "תיק כחול \u202e desrever \u202c",
        "'; DROP TABLE product; --",
        '" OR 1=1 /* ',
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "%00 %s %d {0} ${jndi:ldap://x}",
        "\ud7ff\ufffe\uffff \u0301\u0301\u0301",
        "*&^%$#@!()[]{}\\/|~`",
        "mug " * 240,
        "a" * 1000,
        "1" * 999,
    ],
)
def test_any_words_are_answered_in_every_way(shop: TestClient, words: str) -> None:
    for answer in (
        shop.get("/v1/search", params={"q": words}),
        shop.post("/v1/search", json={"query": words, "facets": ["brand"], "sort": "price"}),
        shop.post("/v1/search", json={"terms": {words[:200]: 1, "mug": -1}, "explain": True}),
    ):
        assert answer.status_code == 200, answer.text
    found = shop.get("/v1/products", params={"limit": 50}).json()
    assert found["total"] == 12


@pytest.mark.parametrize("sent", [{"query": ""}, {}, {"query": "   "}, {"query": "x" * 10_000}, {"query": "a\0b"}])
def test_no_words_and_too_many_are_refused(shop: TestClient, sent: dict) -> None:
    refused(shop.post("/v1/search", json=sent))
    refused(shop.get("/v1/search", params={"q": sent.get("query", "")}))


@pytest.mark.parametrize(
    "sent",
    [
        {"query": "mug", "sort": "magic"},
        {"query": "mug", "n": -1},
        {"query": "mug", "n": 0},
        {"query": "mug", "n": 10**30},
        {"query": "mug", "affinity": -1},
        {"query": "mug", "cursor": "x" * 100, "sort": "price"},
        {"query": "mug", "terms": []},
        {"query": ["mug"]},
        {"query": "mug", "image": 7},
        {"query": "mug", "image": "x" * 14_000_001},
        {"query": "mug", "product": ""},
    ],
)
def test_impossible_wishes_are_refused(shop: TestClient, sent: dict) -> None:
    refused(shop.post("/v1/search", json=sent))


def test_a_cursor_of_another_query_is_refused(shop: TestClient) -> None:
    first = shop.post("/v1/search", json={"query": "mug", "facets": ["brand"], "n": 1}).json()
    sent = {"query": "lamp", "facets": ["brand"], "n": 1, "cursor": first["next_cursor"]}
    assert refused(shop.post("/v1/search", json=sent))["code"] == "invalid_cursor"
    sent = {"query": "mug", "terms": {"lamp": -1}, "facets": ["brand"], "n": 1, "cursor": first["next_cursor"]}
    assert refused(shop.post("/v1/search", json=sent))["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!doctype html><p>hello", "web page"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "header is broken"),
        (picture("JPEG", size=(400, 300))[:-900], "truncated"),
        (bomb(50_000, 50_000), "far more than the 40,000,000 pixels"),
        (bomb(9_000, 9_000), "9000 x 9000"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(shop: TestClient, data: bytes, says: str) -> None:
    refused(upload(shop, data), says=says)
    if data:
        refused(shop.post("/v1/search", json={"image": data_url(data, "image/jpeg"), "query": "mug"}), says=says)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_searched_by_its_first_frame(shop: TestClient, kind: str) -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue", "green")]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    assert upload(shop, file.getvalue(), "a.gif", "image/gif").status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        picture("JPEG", "CMYK"),
        picture("JPEG", "L"),
        picture("PNG", "RGBA"),
        picture("PNG", "P"),
        picture("PNG", "I;16"),
        picture("TIFF", "CMYK"),
        picture("BMP", "1"),
        picture("PNG", size=(1, 1)),
        picture("PNG", size=(4000, 1)),
        picture("JPEG", size=(8000, 4900)),
    ],
)
def test_odd_pictures_are_pictures(shop: TestClient, data: bytes) -> None:
    assert upload(shop, data).status_code == 200


@pytest.mark.parametrize("sends_length", [True, False])
def test_thirty_megabytes_are_refused_before_they_are_read(shop: TestClient, sends_length: bool) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield head
        for _ in range(30):
            sent += MIB
            yield bytes(MIB)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    content = head + bytes(30 * MIB) if sends_length else body()
    refused(shop.post("/v1/search", content=content, headers=headers), 413)
    json = b'{"image": "' + b"A" * 30 * MIB + b'"}'
    refused(shop.post("/v1/search", content=json, headers={"content-type": "application/json"}), 413)


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"content-type": "multipart/form-data"}, b"x"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"not a form"),
        (
            {"content-type": "multipart/form-data; boundary=x"},
            b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--",
        ),
        ({"content-type": "application/x-www-form-urlencoded"}, b"query=mug"),
        ({"content-type": "image/png"}, picture("PNG")),
        ({}, b""),
    ],
)
def test_broken_forms_and_other_bodies_are_refused(shop: TestClient, headers: dict, content: bytes) -> None:
    answer = shop.post("/v1/search", content=content, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_form_with_two_pictures_an_unknown_file_or_a_field_twice_is_refused(shop: TestClient) -> None:
    sound = ("a.png", picture("PNG"), "image/png")
    two = shop.post("/v1/search", files=[("image", sound), ("image", sound)])
    assert (two.status_code, two.headers["content-type"]) == (400, "application/problem+json")
    refused(shop.post("/v1/search", files={"photo": sound}), says="'photo'")
    refused(shop.post("/v1/search", files={"image": sound}, data={"image": "data:,"}), says="twice")
    refused(shop.post("/v1/search", files={"image": sound}, data={"n": ["1", "2"]}), says="2 times")
    refused(shop.post("/v1/search", files={"image": sound}, data={"filter": "[" * 100_000}))
    refused(shop.post("/v1/search", files={"image": sound}, data={"terms": '{"a": NaN}'}))


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,!!!!",
        "data:image/png;base64,",
        "data:text/html,<p>hello",
        "data:image/png",
        "data:",
        "/etc/passwd",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "ftp://127.0.0.1/a.png",
        "http://",
        "http://user:secret@example.com/a.png",
        "http://127.0.0.1:8000/v1/products",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/a.png",
        "http://[::ffff:127.0.0.1]/a.png",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/a.png",
        "http://10.0.0.1/a.png",
        "http://0.0.0.0/a.png",
        "http://localhost/a.png",
        "no picture at all",
    ],
)
def test_pictures_from_inside_broken_urls_and_files_are_refused(shop: TestClient, url: str) -> None:
    code = refused(shop.post("/v1/search", json={"image": url}))["code"]
    assert code in ("bad_picture", "picture_unreachable")
    refused(shop.get("/v1/search", params={"image": url, "q": "mug"}))


@pytest.fixture
def host() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback with a picture, a way to elsewhere, and more than anybody wants; and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path.startswith("/to/"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/to/"))
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            try:
                self.wfile.write(picture("PNG") if self.path == "/a.png" else bytes(30 * MIB))
            except OSError:
                asked.append("hung up")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_inside_is_never_even_asked(shop: TestClient, host: tuple[str, list[str]]) -> None:
    refused(shop.post("/v1/search", json={"image": f"{host[0]}/a.png"}), says="private address")
    assert host[1] == []


def test_a_public_host_must_not_lead_inside_or_send_without_end(
    shop: TestClient, host: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.encode import picture_fetch

    monkeypatch.setattr(picture_fetch, "is_public", lambda address: address == "127.0.0.1")
    url, asked = host
    assert shop.post("/v1/search", json={"image": f"{url}/a.png"}).status_code == 200
    for inside in ("http://127.0.0.2/", "http://169.254.169.254/latest/", "http://[::1]/", "file:///etc/passwd"):
        refused(shop.post("/v1/search", json={"image": f"{url}/to/{inside}"}))
    refused(shop.post("/v1/search", json={"image": f"{url}/to/{url}/to/{url}/to/{url}/to/{url}/a.png"}))
    refused(shop.post("/v1/search", json={"image": f"{url}/endless"}), says="bytes")
    assert "/latest/" not in asked
