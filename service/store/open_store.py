"""Which vector store a deployment uses: the server if it names one, the embedded engine otherwise."""

from pathlib import Path

from service.store.vectors import VectorStore


def open_store(folder: Path, url: str | None, api_key: str | None) -> VectorStore:
    """Open the vector store.

    Parameters
    ----------
    folder : where the embedded engine keeps its files; unused with a server.
    url : address of a Qdrant server, ``http://host:6333``, or None for the embedded engine.
    api_key : the server's key, if it wants one.

    Raises
    ------
    ConfigurationError : the folder is in use or cannot be written; the address or the key is wrong.
    DependencyUnavailable : the server does not answer.
    """
    if url:
        from service.store.server import ServerStore

        return ServerStore(url, api_key)
    from service.store.edge import EdgeStore

    return EdgeStore(folder)
