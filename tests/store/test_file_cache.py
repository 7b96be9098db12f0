"""A folder of small files: what is kept, what goes, and what happens without a disk."""

import os
import time
from pathlib import Path

from service.store.file_cache import FileCache


def test_what_was_put_is_read_by_another_process_too(tmp_path: Path) -> None:
    FileCache(tmp_path, 1000).put("abcd", b"one")
    assert FileCache(tmp_path, 1000).get("abcd") == b"one"
    assert FileCache(tmp_path, 1000).get("other") is None


def test_what_is_older_than_asked_for_is_not_given(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 1000)
    cache.put("abcd", b"one")
    os.utime(tmp_path / "ab" / "abcd", (time.time() - 100, time.time() - 100))
    assert cache.get("abcd", max_age_s=50) is None
    assert cache.get("abcd", max_age_s=200) == b"one"
    assert cache.get("abcd") == b"one"


def test_the_folder_stays_below_its_limit_and_the_longest_unused_go_first(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 1000)
    for number in range(10):
        cache.put(f"n{number}", bytes(100))
        age = 100_000 - number * 1000
        os.utime(tmp_path / f"n{number}" / f"n{number}", (time.time() - age, time.time() - age))
    assert cache.get("n0") is not None  # used just now
    cache.put("new", bytes(100))  # 1100 bytes: down to 800
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"n0", "n4", "n5", "n6", "n7", "n8", "n9", "new"}


def test_a_folder_that_cannot_be_written_keeps_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = FileCache(tmp_path / "file", 1000)
    cache.put("abcd", b"one")
    assert cache.get("abcd") is None
