"""Whether vectors are searched in a smaller form than they were stored in, as the engine's own configuration says."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from config.settings import Settings
from service.core.errors import DependencyUnavailable

NONE = "none"
_TIMEOUT_S = 10.0


def quantisation(settings: Settings, collections: Sequence[str]) -> dict[str, str]:
    """Collection -> kind of quantisation, or none; Vitrine makes none by itself, an operator of a server may.

    Raises
    ------
    DependencyUnavailable : the Qdrant server does not answer.
    """
    read = _of_folder if settings.qdrant_url is None else _of_server
    return {name: kind_of(read(settings, name)) for name in collections}


def kind_of(config: Mapping[str, Any]) -> str:
    """What a collection's configuration says, of all its vectors or of single slots.

    Examples
    --------
    >>> kind_of({"quantization_config": {"scalar": {"type": "int8"}}, "vectors": {"text": {"size": 384}}})
    'scalar'
    >>> kind_of({"vectors": {"text": {"size": 384, "quantization_config": {"binary": {}}}}})
    'text: binary'
    >>> kind_of({"vectors": {"text": {"size": 384}}})
    'none'
    """
    if whole := config.get("quantization_config"):
        return ", ".join(whole)
    slots = {slot: about.get("quantization_config") for slot, about in (config.get("vectors") or {}).items()}
    return "; ".join(f"{slot}: {', '.join(kind)}" for slot, kind in slots.items() if kind) or NONE


def _of_folder(settings: Settings, name: str) -> Mapping[str, Any]:
    files = sorted((settings.vectors_dir / name).glob("shard-*/edge_config.json"))
    config: Mapping[str, Any] = json.loads(files[-1].read_text("utf-8")) if files else {}
    return config


def _of_server(settings: Settings, name: str) -> Mapping[str, Any]:
    import httpx

    key = settings.qdrant_api_key
    headers = {"api-key": key.get_secret_value()} if key else {}
    try:
        answer = httpx.get(f"{settings.qdrant_url}/collections/{name}", headers=headers, timeout=_TIMEOUT_S)
        config = answer.raise_for_status().json()["result"]["config"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise DependencyUnavailable(f"Qdrant does not tell how {name} is configured ({error})") from error
    return {"quantization_config": config.get("quantization_config"), "vectors": config["params"].get("vectors")}
