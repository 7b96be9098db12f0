"""Which vector store a deployment uses: the server if it names one, the embedded engine otherwise."""

from pathlib import Path

from config.qdrant import QdrantParams
from service.store.vectors import VectorStore


def open_store(folder: Path, url: str | None, api_key: str | None, layout: QdrantParams | None = None) -> VectorStore:
    """Open the vector store.

    Parameters
    ----------
    folder : where the embedded engine keeps its files; unused with a server.
    url : address of a Qdrant server, ``http://host:6333``, or None for the embedded engine.
    api_key : the server's key, if it wants one.
    layout : of collections that will be made; None leaves it to the engine.

    Raises
    ------
    ConfigurationError : the folder is in use or cannot be written; the address or the key is wrong.
    DependencyUnavailable : the server does not answer.
    """
    if url:
        from service.store.server import ServerStore

        return ServerStore(url, api_key, layout=layout)
    from service.store.edge import EdgeStore

    return EdgeStore(folder, layout=layout)
