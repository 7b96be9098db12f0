"""`vitrine backup`, `restore` and `migrate` on a shop with everything in it: products, events, accounts, a release."""

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import text

from config.settings import Settings
from indexer.sync import index_stale
from service.accounts.key_desk import make_key
from service.app import create_app
from service.backup.rows import TableReader, all_tables
from service.backup.sync import reading
from service.cli.main import main
from service.core.masking import without_password
from service.runtime import Runtime, open_runtime
from service.store.database import open_database
from service.store.edge import EdgeStore
from service.store.lag import index_lag
from service.store.migrations.upgrade import FOLDER, known_revisions
from service.store.spaces import PRODUCTS

Vitrine = Callable[..., Any]
QUICK = """
[retrieval]
deadline_ms = 60000
[training]
dimensions = 4
lightfm = { epochs = 3 }
checks = { sample = 5 }
[search]
synonyms_file = "words.txt"
"""
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder in memory where there is room."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    with tempfile.TemporaryDirectory(prefix="backup-", dir=memory if roomy else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def shop_settings(place: Path, settings_for: Callable[[Path], Settings]) -> Callable[[Path], Settings]:
    """Settings of a shop in a folder."""
    update = {"background": "off", "config_file": place / "quick.toml"}
    return lambda folder: settings_for(folder).model_copy(update=update)


@pytest.fixture(scope="module")
def made(place: Path, shop_settings: Callable[[Path], Settings]) -> Path:
    """The shop, indexed and trained, with every kind of thing that a shop keeps."""
    folder = place / "shop"
    (place / "quick.toml").write_text(QUICK)
    random = np.random.default_rng(3)
    names = ("Red mug", "Desk lamp", "Leather bag")
    rows = [f"p{n},{names[n % 3]} {n},Brand {n % 3},{n + 1},EUR" for n in range(30)]
    (place / "products.csv").write_text("\n".join(["id,name,brand,price,currency", *rows]))
    events = [
        {"type": "view", "user": f"u{user}", "product": f"p{3 * number + user % 3}", "at": 1750000000 + user * 100 + n}
        for user in range(30)
        for n, number in enumerate(random.permutation(10)[:7].tolist())
    ]
    (place / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
    options = ["--json", "--config", str(place / "quick.toml"), "--data-dir", str(folder)]
    assert main([*options, "load", "products", str(place / "products.csv")]) == 0
    assert main([*options, "load", "events", str(place / "events.jsonl")]) == 0
    (folder / "words.txt").write_text("beaker => mug\n")
    (folder / "secret").write_text(SECRET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRINE_IMAGE_MODEL", "none")
        assert main([*options, "train"]) == 0
    with open_runtime(shop_settings(folder)) as runtime:
        index_stale(runtime.outbox)
        with runtime.database.session() as session:
            make_key(session, "default", "till", ["read"], days=None, now=datetime.now(UTC))
        with TestClient(create_app(runtime)) as client:
            account = {"email": "ann@example.com", "password": "a long enough password", "name": "Ann"}
            assert client.post("/v1/auth/sign-up", json=account).status_code == 202
            assert client.get("/v1/search", params={"q": "mug"}).status_code == 200
        (place / "answers.json").write_text(json.dumps(answers(runtime)))
    return folder


@pytest.fixture(scope="module")
def expected(made: Path, place: Path) -> Any:
    """What shoppers see in that shop."""
    return json.loads((place / "answers.json").read_text())


def rows_of(url: str) -> dict[str, list[Any]]:
    database = open_database(url)
    with reading(database) as connection:
        found = {
            str(table.name): [row for page in TableReader.of(table).pages(connection) for row in page]
            for table in all_tables()
        }
    database.close()
    return found


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder}/vitrine.db"


def answers(runtime: Runtime) -> list[Any]:
    """What shoppers see: a search by a synonym, similar products, and the releases answers come from."""
    with TestClient(create_app(runtime)) as client:
        found = [
            client.get("/v1/search", params={"q": "beaker", "n": 10}),
            client.get("/v1/similar/p4", params={"n": 10}),
            client.get("/v1/home", params={"user": "u3", "n": 10}),
        ]
    assert [answer.status_code for answer in found] == [200, 200, 200]
    lists = [answer.json() for answer in found]
    assert all(len(one["items"]) >= 5 for one in lists)
    return [[one["release"], one["degraded"], [item["id"] for item in one["items"]]] for one in lists[:2]] + [
        [lists[2]["release"], lists[2]["degraded"]]
    ]


@contextmanager
def busy(runtime: Runtime) -> Iterator[list[int]]:
    """Somebody sends events all the time, the first before anything else happens."""
    stop, begun, sent = Event(), Event(), [0]

    def send() -> None:
        while not stop.wait(0.002):
            event = {"type": "view", "user": f"late{sent[0]}", "product": "p1", "event_id": f"e{sent[0]}"}
            assert client.post("/v1/events", json={"events": [event]}).status_code < 300
            sent[0] += 1
            begun.set()

    with TestClient(create_app(runtime)) as client:
        thread = Thread(target=send)
        thread.start()
        try:
            assert begun.wait(60)
            yield sent
        finally:
            stop.set()
            thread.join()


def test_a_backup_beside_a_running_service_is_restored_with_every_row_and_answer(
    made: Path, place: Path, vitrine: Vitrine, shop_settings: Callable[[Path], Settings], expected: Any
) -> None:
    shop = place / "busy"
    shutil.copytree(made, shop)
    backup, folder = place / "beside", place / "restored"
    with open_runtime(shop_settings(shop)) as runtime, busy(runtime) as sent:
        outcome = vitrine("--config", place / "quick.toml", "--data-dir", shop, "backup", backup, "--json")
        assert outcome.code == 0, outcome.err
        assert sent[0] > 0
    result = outcome.json
    assert result["releases"]
    assert result["collections"] == {}
    assert not result["holds_secret"]
    assert any("the secret" in note.lower() for note in result["notes"])
    assert vitrine("restore", backup, "--check").code == 0

    restored = vitrine("--config", place / "quick.toml", "--data-dir", folder, "restore", backup, "--json")
    assert restored.code == 0, restored.err
    assert {table: len(rows) for table, rows in rows_of(sqlite(folder)).items()} == result["tables"]
    assert rows_of(sqlite(folder)) == rows_of(sqlite(backup))
    assert (folder / "words.txt").read_text() == "beaker => mug\n"
    assert not (folder / "secret").exists()
    assert not list(folder.glob(".restore-*"))
    with open_runtime(shop_settings(folder)) as runtime:
        index_stale(runtime.outbox)
        assert answers(runtime) == expected


def test_with_vectors_nothing_is_embedded_again(
    made: Path, place: Path, vitrine: Vitrine, shop_settings: Callable[[Path], Settings], expected: Any
) -> None:
    options = ("--config", place / "quick.toml", "--data-dir")
    packed, folder = place / "all.tar.gz", place / "with-vectors"
    with closing(EdgeStore(made / "vectors")):
        refused = vitrine(*options, made, "backup", packed, "--with-vectors")
    assert refused.code == 1
    assert "is in use by another process" in refused.complaint
    assert not packed.exists()
    outcome = vitrine(*options, made, "backup", packed, "--with-vectors", "--with-secret", "--json")
    assert outcome.code == 0, outcome.err
    assert packed.stat().st_mode & 0o077 == 0
    (release,) = outcome.json["releases"]
    assert outcome.json["collections"] == {PRODUCTS: 30, f"behaviour__{release}": 30, f"users__{release}": 30}
    restored = vitrine(*options, folder, "restore", packed, "--json")
    assert restored.code == 0, restored.err
    assert not any("embedded" in note for note in restored.json["notes"])
    assert rows_of(sqlite(folder)) == rows_of(sqlite(made))
    assert (folder / "secret").read_text() == SECRET
    with open_runtime(shop_settings(folder)) as runtime:
        with runtime.database.session() as session:
            assert index_lag(session).waiting == 0
        assert answers(runtime) == expected


def test_a_filled_shop_is_only_replaced_when_told_to(made: Path, place: Path, vitrine: Vitrine) -> None:
    options = ("--config", place / "quick.toml", "--data-dir", place / "other")
    (place / "one.csv").write_text("id,name\nx,Another shop's only product\n")
    assert vitrine("--data-dir", made, "backup", place / "plain").code == 0
    assert vitrine(*options, "load", "products", place / "one.csv").code == 0
    kept = rows_of(sqlite(place / "other"))
    outcome = vitrine(*options, "restore", place / "plain")
    assert outcome.code == 1
    assert "is not empty" in outcome.complaint
    assert "--force" in outcome.complaint
    assert rows_of(sqlite(place / "other")) == kept
    assert vitrine(*options, "restore", place / "plain", "--force").code == 0
    assert rows_of(sqlite(place / "other")) == rows_of(sqlite(made))


def test_a_shop_that_is_being_served_is_not_replaced_under_its_feet(made: Path, place: Path, vitrine: Vitrine) -> None:
    folder = place / "served"
    assert vitrine("--data-dir", made, "backup", place / "for-served").code == 0
    with closing(EdgeStore(folder / "vectors")):
        outcome = vitrine("--data-dir", folder, "restore", place / "for-served", "--force")
    assert outcome.code == 1
    assert "is in use by another process" in outcome.complaint
    assert not (folder / "vitrine.db").exists()


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "damage", "says"),
    [
        ("vitrine.db", altered, "vitrine.db was altered"),
        ("vitrine.db", shortened, r"vitrine.db has [\d,]+ bytes of [\d,]+"),
        ("vitrine.db", Path.unlink, "vitrine.db is missing"),
        ("arrays.npz", altered, "arrays.npz was altered"),
        ("manifest.json", altered, "manifest.json (was altered|is damaged)"),
        ("manifest.json", shortened, "manifest.json is damaged"),
        ("manifest.json", Path.unlink, "is no backup"),
        ("packed.tar.gz", shortened, "is cut off"),
        ("packed.tar.gz", altered, "is no backup, or is cut off or altered|was altered|is damaged"),
        ("packed.tar", shortened, "is cut off"),
        ("packed.tar", lambda path: path.write_bytes(path.read_bytes()[: 2**16]), "is no backup|is missing"),
        ("packed.tar", lambda path: path.write_bytes(b"hello"), "is no backup, or is cut off"),
    ],
)  # fmt: skip
def test_a_damaged_backup_is_refused_in_one_line(
    made: Path, place: Path, tmp_path: Path, vitrine: Vitrine, name: str, damage: Callable[[Path], None], says: str
) -> None:
    kind = name if name.startswith("packed") else "folder"
    good = place / f"good-{kind}"
    if not good.exists():
        assert vitrine("--data-dir", made, "backup", good).code == 0
    copy = tmp_path / good.name
    (shutil.copytree if good.is_dir() else shutil.copyfile)(good, copy)
    damage(copy if copy.is_file() else next(copy.rglob(name)))
    outcome = vitrine("--data-dir", tmp_path / "new", "restore", copy)
    assert outcome.code == 1
    assert re.search(says, outcome.complaint), outcome.complaint
    assert not (tmp_path / "new" / "vitrine.db").exists()


def test_a_backup_is_there_as_a_whole_or_not_at_all(made: Path, tmp_path: Path, vitrine: Vitrine) -> None:
    left = tmp_path / "b.unfinished"
    left.mkdir()
    (left / "vitrine.db").write_text("of a backup that was killed")
    assert vitrine("--data-dir", made, "backup", tmp_path / "b").code == 0
    assert not left.exists()
    again = vitrine("--data-dir", made, "backup", tmp_path / "b")
    assert again.code == 1
    assert "exists already" in again.complaint
    nothing = vitrine("--data-dir", tmp_path / "nothing", "backup", tmp_path / "c")
    assert "there is no shop" in nothing.complaint
    assert not (tmp_path / "nothing").exists()


def schema_of(url: str, revision: str, then: str) -> None:
    """Make an empty database of an earlier schema and run a statement there."""
    database = open_database(url, migrate=False)
    with database.engine.connect() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(FOLDER))
        command.upgrade(config, revision)
        connection.execute(text(then))
        connection.commit()
    database.close()


def test_the_backup_of_an_older_schema_is_migrated_and_of_a_newer_one_refused(tmp_path: Path, vitrine: Vitrine) -> None:
    rule = "INSERT INTO rule VALUES ('default', 'r1', '2025-01-31 12:00:00.000001', '2025-01-31 12:00:00', '{}')"
    schema_of(sqlite(tmp_path), "0006", rule)
    outcome = vitrine("--data-dir", tmp_path, "backup", tmp_path / "old", "--json")
    assert outcome.json["schema"] == "0006"
    assert "search" not in outcome.json["tables"]
    assert vitrine("--data-dir", tmp_path / "new", "restore", tmp_path / "old").code == 0
    rows = rows_of(sqlite(tmp_path / "new"))
    assert rows["rule"] == [
        ("default", "r1", datetime(2025, 1, 31, 12, 0, 0, 1, UTC), datetime(2025, 1, 31, 12, tzinfo=UTC), "{}")
    ]
    database = open_database(sqlite(tmp_path / "new"), migrate=False)
    with reading(database) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == known_revisions()[-1]
    database.close()

    schema_of(sqlite(tmp_path / "newer"), "head", "UPDATE alembic_version SET version_num = '9999'")
    assert vitrine("--data-dir", tmp_path / "newer", "backup", tmp_path / "future").code == 0
    refused = vitrine("--data-dir", tmp_path / "new2", "restore", tmp_path / "future")
    assert "the backup has schema 9999" in refused.complaint


def test_from_the_embedded_engine_to_postgresql_and_back_through_migrate_and_backup(
    made: Path, place: Path, vitrine: Vitrine, shop_settings: Callable[[Path], Settings],
    fresh_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch, expected: Any,
) -> None:  # fmt: skip
    url = fresh_postgres()
    config = ("--config", place / "quick.toml")
    before = rows_of(sqlite(made))
    outcome = vitrine(*config, "--data-dir", made, "migrate", "--to-database", url, "--json")
    assert outcome.code == 0, outcome.err + outcome.out
    assert {name: one["rows"] for name, one in outcome.json["tables"].items()} == {k: len(v) for k, v in before.items()}
    assert outcome.json["next"] == "Set DATABASE_URL, then serve."
    assert rows_of(sqlite(made)) == before
    again = vitrine(*config, "--data-dir", made, "migrate", "--to-database", url)
    assert "is not empty" in again.complaint
    (made / "migration.json").write_text(json.dumps([without_password(url), str(made / "vectors")]))  # it was killed
    assert vitrine(*config, "--data-dir", made, "migrate", "--to-database", url).code == 0
    assert not (made / "migration.json").exists()

    settings = shop_settings(made)
    with open_runtime(settings.model_copy(update={"database_url": SecretStr(url)})) as runtime:
        with runtime.database.session() as session:
            assert index_lag(session).waiting == 0
        assert answers(runtime) == expected
    moved = numbers(rows_of(url))

    monkeypatch.setenv("DATABASE_URL", url)
    with closing(EdgeStore(made / "vectors")):
        in_use = vitrine(*config, "--data-dir", made, "migrate", "--to-folder", place / "back")
    assert "is in use by another process" in in_use.complaint
    back = vitrine(*config, "--data-dir", made, "migrate", "--to-folder", place / "back", "--json")
    assert back.code == 0, back.err + back.out
    assert back.json["files"] == ["releases", "words.txt"]
    assert numbers(rows_of(sqlite(place / "back"))) == moved
    assert (
        vitrine(*config, "--data-dir", made, "backup", place / "of-postgresql", "--json").json["database"]
        == "postgresql"
    )
    fresh_postgres()
    restored = vitrine(*config, "--data-dir", place / "pg", "restore", place / "of-postgresql")
    assert restored.code == 0, restored.err
    assert numbers(rows_of(url)) == moved
    monkeypatch.delenv("DATABASE_URL")
    with open_runtime(shop_settings(place / "back")) as runtime:
        with runtime.database.session() as session:
            assert index_lag(session).waiting == 0
        assert answers(runtime) == expected


def numbers(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Rows whose JSON is compared as what it means; what was looked for and shown meanwhile is left out."""
    left = {"search", "impression"}
    return {
        table: [tuple(_meaning(value) for value in row) for row in found]
        for table, found in rows.items()
        if table not in left
    }


def _meaning(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "say where to: --to-database, --to-qdrant, or --to-folder"),
        (("--to-folder", "x", "--to-qdrant", "http://localhost:1"), "leave out --to-database and --to-qdrant"),
        (("--to-database", "mysql://x"), "write sqlite:///folder/file.db or postgresql://"),
        (("--to-qdrant", "http://127.0.0.1:9"), "does not answer"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused_in_one_line(
    tmp_path: Path, feed: Path, vitrine: Vitrine, options: tuple[str, ...], says: str
) -> None:
    assert vitrine("--data-dir", tmp_path / "a", "load", "products", feed).code == 0
    outcome = vitrine("--data-dir", tmp_path / "a", "migrate", *options)
    assert outcome.code in (1, 2)
    assert says in outcome.complaint
    assert vitrine("--data-dir", tmp_path / "a", "migrate", "--to-folder", tmp_path / "a").code == 1
