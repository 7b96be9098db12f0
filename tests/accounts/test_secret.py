"""A secret has no default, is long enough, and is seen by nobody."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config.settings import Settings
from service.accounts.secret import Keyring, check_secret, kept_secret_file, make_kept_secret
from service.core.errors import ConfigurationError

LONG = "0123456789abcdef" * 2


def settings(folder: Path, **values: Any) -> Settings:
    return Settings.model_construct(data_dir=folder, **values)


def test_behind_keys_nothing_is_served_without_a_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"VITRINE_SECRET.*openssl rand -hex 32"):
        check_secret(settings(tmp_path, access="keys"))
    check_secret(settings(tmp_path))
    check_secret(settings(tmp_path, access="keys", secret=SecretStr(LONG)))
    make_kept_secret(settings(tmp_path))  # by an open shop before: it is named, not used
    with pytest.raises(ConfigurationError, match=f"VITRINE_SECRET_FILE={tmp_path}/secret"):
        check_secret(settings(tmp_path, access="keys"))


@pytest.mark.parametrize("secret", ["", "   ", "short", LONG + ",short", "\n"])
def test_a_short_secret_is_refused_and_not_shown(tmp_path: Path, secret: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_secret(settings(tmp_path, secret=SecretStr(secret)))
    assert "short" not in caught.value.message.replace("shortest", "")
    assert LONG not in caught.value.message


def test_a_file_is_read_and_complained_of(tmp_path: Path) -> None:
    file = tmp_path / "given"
    with pytest.raises(ConfigurationError, match="given cannot be read"):
        check_secret(settings(tmp_path, secret_file=file))
    file.write_bytes(b"\xff" * 40)
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        check_secret(settings(tmp_path, secret_file=file))
    file.write_text(f"{LONG}\n{LONG[::-1]}, a pass phrase with blanks between words\n")
    check_secret(settings(tmp_path, secret_file=file))
    with pytest.raises(ConfigurationError, match="both set"):
        check_secret(settings(tmp_path, secret_file=file, secret=SecretStr(LONG)))


def test_the_secret_of_a_folder_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    shop = settings(tmp_path / "shop")
    assert Keyring(shop).reading() is None  # nothing can have been signed yet
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make_kept_secret(shop), range(16)))
    file = kept_secret_file(shop)
    assert all(one == made[0] for one in made)
    assert len(made[0][0]) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret"]
    assert Keyring(shop).reading() is not None


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"no secret can be kept in .*set VITRINE_SECRET"):
        make_kept_secret(settings(tmp_path / "file"))
