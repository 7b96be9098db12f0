"""``/v1/products/{id}/picture``: thumbnails of what merchants have, and what is shown where they have nothing."""

import base64
import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from config.settings import Settings
from service.app import create_app
from service.core.types import Product
from service.runtime import open_runtime
from service.store.catalog import patch_product, upsert_products

WEBP = {"Accept": "image/avif,image/webp,image/*;q=0.8"}
BOMB = Image.new("1", (30_000, 30_000))  # 900 million pixels in a file of some kilobytes


def encoded(picture: Image.Image, format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format)
    return buffer.getvalue()


class Host(BaseHTTPRequestHandler):
    """A merchant's server of pictures that counts what it is asked for, slowly."""

    def do_GET(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        time.sleep(0.2)
        self.send_response(200)
        self.send_header("content-type", "image/png")
        self.end_headers()
        self.wfile.write(encoded(Image.new("RGB", (800, 1200), "green")))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def host() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.asked = 0  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "photo.jpg").write_bytes(encoded(Image.new("RGB", (1166, 1750), (200, 30, 30)), "JPEG"))
    (folder / "tiny.png").write_bytes(encoded(Image.new("RGBA", (60, 80), (0, 0, 255, 128))))
    (folder / "bomb.png").write_bytes(encoded(BOMB))
    (folder / "words.txt").write_text("a secret that is no picture")
    return folder


def client_of(folder: Path, host: Any, *, private: bool) -> Iterator[TestClient]:
    settings = Settings.model_construct(
        data_dir=folder / f"shop-{private}", image_model="none", log_level="warning", background="off",
        image_private_hosts=private,
    )  # fmt: skip
    address = f"http://127.0.0.1:{host.server_address[1]}"
    data = "data:image/png;base64," + base64.b64encode(encoded(Image.new("RGB", (400, 200), "blue"))).decode()
    images = {
        "photo": str(folder / "photo.jpg"), "tiny": str(folder / "tiny.png"), "bomb": str(folder / "bomb.png"),
        "words": str(folder / "words.txt"), "gone": str(folder / "gone.jpg"), "data": data, "none": None,
        "url": f"{address}/one.png", "relative": "photo.jpg", "a/b": str(folder / "photo.jpg"),
    }  # fmt: skip
    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, [Product(id, f"Product {id}", image=image) for id, image in images.items()])
        with TestClient(create_app(runtime), raise_server_exceptions=False) as client:
            client.shop = runtime  # type: ignore[attr-defined]
            yield client


@pytest.fixture(scope="module")
def client(shop: Path, host: Any) -> Iterator[TestClient]:
    yield from client_of(shop, host, private=True)


@pytest.fixture(scope="module")
def careful(shop: Path, host: Any) -> Iterator[TestClient]:
    yield from client_of(shop, host, private=False)


def opened(answer: Any) -> Image.Image:
    assert answer.status_code == 200, answer.text
    picture = Image.open(io.BytesIO(answer.content))
    picture.load()
    assert answer.headers["content-type"] == Image.MIME[picture.format]
    assert answer.headers["x-content-type-options"] == "nosniff"
    return picture


@pytest.mark.parametrize(("width", "size"), [(160, (160, 240)), (320, (320, 480)), (640, (640, 960))])
def test_a_large_photo_is_served_as_small_as_asked(client: TestClient, width: int, size: tuple[int, int]) -> None:
    picture = opened(client.get("/v1/products/photo/picture", params={"width": width}, headers=WEBP))
    assert (picture.format, picture.size) == ("WEBP", size)
    red, green, blue = picture.convert("RGB").getpixel((10, 10))
    assert abs(red - 200) < 8
    assert abs(green - 30) < 8
    assert abs(blue - 30) < 8


@pytest.mark.parametrize(("id", "size"), [("tiny", (60, 80)), ("data", (320, 160)), ("url", (320, 480)),
                                          ("a%2Fb", (320, 480))])  # fmt: skip
def test_files_data_and_urls_are_served_and_small_ones_keep_their_size(
    client: TestClient, id: str, size: tuple[int, int]
) -> None:
    answer = client.get(f"/v1/products/{id}/picture")
    assert opened(answer).format == "JPEG"  # who does not say that it takes WebP gets what everything takes
    assert opened(answer).size == size
    assert answer.headers["x-picture"] == "own"
    assert answer.headers["vary"] == "Accept"
    assert "max-age=3600" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("id", "why"),
    [("none", "no_picture"), ("gone", "no_picture"), ("bomb", "bad_picture"), ("words", "bad_picture"),
     ("relative", "no_picture")],
)  # fmt: skip
def test_what_cannot_be_shown_is_a_neutral_picture_that_says_so(client: TestClient, id: str, why: str) -> None:
    for _ in range(2):  # the second time it is remembered
        answer = client.get(f"/v1/products/{id}/picture", params={"width": 160}, headers=WEBP)
        assert opened(answer).size == (160, 160)
        assert answer.headers["x-picture"] == f"placeholder; {why}"
        assert answer.headers["cache-control"] == "public, max-age=60"
    assert b"secret" not in answer.content


def test_a_private_host_is_not_asked_unless_the_shop_says_so(careful: TestClient, host: Any) -> None:
    before = host.asked
    answer = careful.get("/v1/products/url/picture")
    assert answer.headers["x-picture"] == "placeholder; bad_picture"
    assert host.asked == before


def test_an_unknown_product_is_404_and_a_wrong_width_422(client: TestClient) -> None:
    assert client.get("/v1/products/nothing/picture").status_code == 404
    for width in ("100", "0", "-1", "abc", "1e9", ""):
        assert client.get("/v1/products/photo/picture", params={"width": width}).status_code == 422, width


def test_who_has_the_picture_is_told_so_without_sending_it(client: TestClient) -> None:
    first = client.get("/v1/products/photo/picture", headers=WEBP)
    again = client.get("/v1/products/photo/picture", headers=WEBP | {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get("/v1/products/photo/picture", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200  # a JPEG is another picture


def test_a_changed_file_or_another_picture_shows_at_once(client: TestClient, shop: Path) -> None:
    (shop / "changing.png").write_bytes(encoded(Image.new("RGB", (100, 100), "white")))
    runtime = client.shop  # type: ignore[attr-defined]
    with runtime.database.session() as session:
        upsert_products(session, [Product("changing", "Changing", image=str(shop / "changing.png"))])
    assert opened(client.get("/v1/products/changing/picture")).size == (100, 100)
    (shop / "changing.png").write_bytes(encoded(Image.new("RGB", (50, 50), "black")))
    assert opened(client.get("/v1/products/changing/picture")).size == (50, 50)
    with runtime.database.session() as session:
        patch_product(session, "default", "changing", {"image": str(shop / "tiny.png")})
    assert opened(client.get("/v1/products/changing/picture")).size == (60, 80)


def test_a_hundred_who_ask_at_once_have_it_fetched_once_and_keep_nobody_waiting(client: TestClient, host: Any) -> None:
    runtime = client.shop  # type: ignore[attr-defined]
    with runtime.database.session() as session:
        url = f"http://127.0.0.1:{host.server_address[1]}/crowd.png"
        upsert_products(session, [Product("crowd", "Crowd", image=url)])
    before, sizes = host.asked, []

    def ask() -> None:
        sizes.append(opened(client.get("/v1/products/crowd/picture")).size)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    assert client.get("/v1/products/photo").status_code == 200
    other_s = time.perf_counter() - start
    for thread in threads:
        thread.join()
    assert sizes == [(320, 480)] * 20
    assert host.asked == before + 1
    assert other_s < 0.2  # less than the merchant's server takes


def test_the_service_is_not_held_up_by_what_is_kept(client: TestClient, shop: Path) -> None:
    client.get("/v1/products/photo/picture")
    start = time.perf_counter()
    for _ in range(20):
        opened(client.get("/v1/products/photo/picture"))
    assert (time.perf_counter() - start) / 20 < 0.1
    assert any((shop / "shop-True" / "thumbnails").rglob("*"))
