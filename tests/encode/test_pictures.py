"""Pictures from files, ``data:`` URLs and a real local web server."""

import base64
import contextlib
import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote_from_bytes

import pytest
from PIL import Image

from service.encode import picture_fetch
from service.encode.pictures import BadPicture, PictureLimits, load_picture


def png(size=(3, 2)):
    buffer = io.BytesIO()
    Image.new("RGB", size, "green").save(buffer, "PNG")
    return buffer.getvalue()


class Shop(BaseHTTPRequestHandler):
    """A web server with good, wrong, slow, endless and redirecting pictures."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("host")))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, "give_" + self.path[1:].split("/")[0])()

    def answer(self, body=b"", kind="image/png", status=200, **headers):
        self.send_response(status)
        self.send_header("content-type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def give_good(self):
        self.answer(png())

    def give_bytes(self):
        self.answer(png(), "application/octet-stream")

    def give_page(self):
        self.answer(b"<html>", "text/html; charset=utf-8")

    def give_lie(self):
        self.answer(b"%PDF-1.4", "image/jpeg")

    def give_missing(self):
        self.answer(b"", status=404)

    def give_zipped(self):
        self.answer(png(), content_encoding="gzip")

    def give_declared(self):
        self.answer(b"", content_length="99999999999")

    def give_endless(self):
        self.answer()
        for _ in range(10_000):
            self.wfile.write(b"x" * 65_536)

    def give_drip(self):
        self.answer()
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def give_dripheader(self):
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def give_silence(self):
        time.sleep(2)

    def give_hop(self):
        left = int(self.path.rsplit("/", 1)[1])
        self.answer(status=302, location="/good" if left == 1 else f"/hop/{left - 1}")

    def give_loop(self):
        self.answer(status=301, location="/loop")

    def give_file(self):
        self.answer(status=302, location="file:///etc/passwd")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def shop():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    server.asked = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def fetch(shop, path, **limits):
    return load_picture(
        f"http://127.0.0.1:{shop.server_port}/{path}", limits=PictureLimits(**limits), allow_private=True
    )


@pytest.mark.parametrize("path", ["good", "bytes", "hop/1", "hop/3"])
def test_a_picture_is_fetched_also_after_three_redirects(shop, path):
    assert fetch(shop, path).size == (3, 2)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("page", "is 'text/html'"),
        ("lie", "is a PDF document"),
        ("missing", "status 404"),
        ("zipped", "compressed once more"),
        ("declared", "has 99,999,999,999 bytes"),
        ("endless", "more than the 10,000,000 bytes"),
        ("hop/4", "redirects more than 3 times"),
        ("loop", "redirects more than 3 times"),
        ("file", "only http and https"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_in_one_line(shop, path, says):
    with pytest.raises(BadPicture, match=says) as caught:
        fetch(shop, path)
    assert f"/{path.split('/')[0]}" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("path", ["drip", "dripheader", "silence"])
def test_a_slow_server_costs_no_more_than_the_deadline(shop, path):
    began = time.monotonic()
    with pytest.raises(BadPicture, match="did not answer in time"):
        fetch(shop, path, deadline_s=0.3)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "192.168.0.1", "0.0.0.0",
     "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "100.64.0.1", "224.0.0.1", "[fe80::1]", "[64:ff9b::7f00:1]"],
)  # fmt: skip
def test_a_private_address_is_refused_however_it_is_written(host):
    with pytest.raises(BadPicture, match=r"private address|Invalid IPv4"):
        load_picture(f"http://{host}:9/x.png")


def test_a_redirect_to_a_private_address_is_refused(shop, monkeypatch):
    asked = []

    def public_then_private(address):
        asked.append(address)
        return len(asked) == 1

    monkeypatch.setattr(picture_fetch, "is_public", public_then_private)
    with pytest.raises(BadPicture, match="private address"):
        load_picture(f"http://127.0.0.1:{shop.server_port}/hop/1".replace("127.0.0.1", "localhost"))


def test_the_connection_goes_to_the_address_that_was_checked(shop, monkeypatch):
    # the name answers once with the shop's address; a second question would lead elsewhere
    answers = iter([["127.0.0.1"]])
    monkeypatch.setattr(picture_fetch, "_resolve", lambda host, port, timeout: next(answers))
    picture = load_picture(f"http://shop.example:{shop.server_port}/good", allow_private=True)
    assert picture.size == (3, 2)
    assert shop.asked[-1] == ("/good", f"shop.example:{shop.server_port}")


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    monkeypatch.setattr(picture_fetch, "_resolve", lambda *_: ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(BadPicture, match=r"private address 127\.0\.0\.1"):
        load_picture("https://shop.example/x.png")


@pytest.mark.parametrize(
    "url",
    ["http://nobody.invalid/x.png", "http://", "http:///x", "https://user:secret@example.com/x", "http://[", "http://a:b/",
     "ftp://example.com/x.png", "http://127.0.0.1:1/x.png"],
)  # fmt: skip
def test_an_unusable_url_is_one_clear_line(url):
    with pytest.raises(BadPicture) as caught:
        load_picture(url, allow_private=True)
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message


def test_a_relative_path_starts_from_the_base_and_stays_there(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "shoe.png").write_bytes(png())
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "secret.png")
    assert load_picture("shoe.png", base=tmp_path / "in").size == (3, 2)
    assert load_picture(str(tmp_path / "secret.png")).size == (3, 2)
    for escape in ("../secret.png", "link.png", "a/../../secret.png"):
        with pytest.raises(BadPicture, match="leads out of the picture folder"):
            load_picture(escape, base=tmp_path / "in")


@pytest.mark.parametrize("path", ["", "missing.png", ".", "a\0b.png", "x" * 5000, "/dev/zero"])
def test_a_path_without_a_picture_is_one_clear_line(tmp_path, path):
    with pytest.raises(BadPicture) as caught:
        load_picture(path, base=tmp_path)
    assert len(caught.value.message) < 400


def test_a_strangers_request_cannot_name_a_file(tmp_path):
    (tmp_path / "shoe.png").write_bytes(png())
    with pytest.raises(BadPicture, match="is a file path"):
        load_picture(str(tmp_path / "shoe.png"), allow_files=False)


def test_a_large_file_is_refused_without_reading_it(tmp_path):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(BadPicture, match="1,000,000,000,000 bytes"):
        load_picture("huge.png", base=tmp_path)


def test_data_urls_come_in_base64_url_safe_base64_and_percent_form():
    plain = base64.b64encode(png()).decode()
    for url in (
        f"data:image/png;base64,{plain}",
        f"data:;base64,{plain.rstrip('=')}",
        f"DATA:image/png;charset=x;BASE64,{base64.urlsafe_b64encode(png()).decode()}",
        f"data:image/png,{quote_from_bytes(png())}",
    ):
        assert load_picture(url).size == (3, 2)


@pytest.mark.parametrize(
    "url",
    ["data:image/png;base64,§§", "data:text/html,<p>", "data:image/svg+xml,<svg/>", "data:", "data:image/png;base64"],
)
def test_a_bad_data_url_is_refused_and_not_repeated_in_full(url):
    with pytest.raises(BadPicture) as caught:
        load_picture(url + "A" * 5000)
    assert len(caught.value.message) < 300
