"""Broken, hostile and unusual picture bytes."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from service.encode.pictures import BadPicture, PictureLimits, decode_picture


def encoded(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def half_red_half_blue(size=(40, 20)):
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    return picture


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_becomes_eight_bit_rgb(mode):
    kind = {"CMYK": "JPEG", "F": "TIFF", "I": "TIFF"}.get(mode, "PNG")
    got = decode_picture(encoded(Image.new(mode, (5, 4)), kind))
    assert (got.mode, got.size) == ("RGB", (5, 4))


def test_sixteen_bit_grey_keeps_its_shades():
    half = Image.fromarray(np.full((2, 2), 32768, dtype=np.uint16))
    assert decode_picture(encoded(half)).getpixel((0, 0)) == (127, 127, 127)


def test_transparent_pixels_become_white():
    assert decode_picture(encoded(Image.new("RGBA", (2, 2), (0, 0, 0, 0)))).getpixel((1, 1)) == (255, 255, 255)


def test_an_animation_becomes_its_first_frame():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_picture(data).getpixel((0, 0)) == (255, 0, 0)


def test_a_photo_taken_sideways_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left edge as stored is the top
    got = decode_picture(encoded(half_red_half_blue(), "JPEG", exif=exif, quality=95))
    assert got.size == (20, 40)
    assert got.getpixel((10, 5))[0] > 200
    assert got.getpixel((10, 35))[2] > 200


def test_a_large_photo_is_shrunk_to_the_side_limit():
    got = decode_picture(encoded(half_red_half_blue((3000, 1500)), "JPEG"), PictureLimits(max_side=300))
    assert got.size == (300, 150)


def test_a_decompression_bomb_is_refused_before_decoding():
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 50_000, 40_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )
    with pytest.raises(BadPicture):
        decode_picture(bomb)
    with pytest.raises(BadPicture, match="9 x 9 pixels; at most 80 pixels"):
        decode_picture(encoded(Image.new("RGB", (9, 9))), PictureLimits(max_pixels=80))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 and so on", "is a PDF document"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"),
        (b"<!doctype html><title>Not found</title>", "is a web page"),
        (b"\0" * 64, "is not a picture"),
    ],
)
def test_what_is_no_picture_is_named(data, says):
    with pytest.raises(BadPicture, match=says) as caught:
        decode_picture(data, source="shoe.jpg")
    assert "'shoe.jpg'" in caught.value.message
    assert "JPEG, PNG" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_truncated_photo_is_refused():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encoded(noise, kind)
        with pytest.raises(BadPicture):
            decode_picture(data[: len(data) // 2])


def test_too_many_bytes_are_refused():
    with pytest.raises(BadPicture, match="has 11 bytes; at most 10"):
        decode_picture(b"x" * 11, PictureLimits(max_bytes=10))


# numbers, not bytes: a failing example prints short
_SOUND = [encoded(half_red_half_blue(), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 5), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_bytes_give_a_picture_or_a_refusal_and_nothing_else(which, damage):
    spoilt = bytearray(_SOUND[which])
    for place, value in damage:
        spoilt[place % len(spoilt)] = value
    with contextlib.suppress(BadPicture):
        assert decode_picture(bytes(spoilt)).mode == "RGB"
