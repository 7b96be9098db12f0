"""Which backend is opened, and that neither library is loaded for the other."""

import subprocess
import sys
from pathlib import Path

from service.store.edge import EdgeStore
from service.store.open_store import open_store

ROOT = Path(__file__).parents[2]


def test_without_an_address_the_embedded_engine_is_used(tmp_path: Path) -> None:
    store = open_store(tmp_path / "vectors", None, None)
    assert isinstance(store, EdgeStore)
    assert store.names() == []
    store.close()


def test_the_embedded_engine_does_not_load_the_client_of_the_server(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from service.store.open_store import open_store; "
        "assert 'qdrant_edge' not in sys.modules; open_store(Path(sys.argv[1]), None, None).close(); "
        "assert 'qdrant_client' not in sys.modules and 'grpc' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=True)
