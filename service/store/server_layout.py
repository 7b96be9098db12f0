"""How collections are laid out on a Qdrant server: shards, copies, short vectors, and what is kept on disk."""

from typing import Any

from qdrant_client import models

from config.qdrant import QdrantParams
from service.store import server_types as types
from service.store.vectors import Space


def collection_options(space: Space, layout: QdrantParams | None) -> dict[str, Any]:
    """What a collection is made with, for `QdrantClient.create_collection`.

    Parameters
    ----------
    layout : None leaves it to the server.
    """
    dense, sparse = types.dense_slots(space), types.sparse_slots(space)
    if layout is None:
        return {"vectors_config": dense, "sparse_vectors_config": sparse}
    for slot in dense.values():
        slot.on_disk = layout.vectors_on_disk
        slot.hnsw_config = models.HnswConfigDiff(on_disk=layout.graph_on_disk)
        slot.quantization_config = _quantization(slot.size, layout)
    for words in sparse.values():
        words.index = models.SparseIndexParams(on_disk=layout.vectors_on_disk)
    return {
        "vectors_config": dense,
        "sparse_vectors_config": sparse,
        "shard_number": layout.shard_number or None,
        "replication_factor": layout.replication_factor,
        "write_consistency_factor": layout.write_consistency_factor,
        "on_disk_payload": layout.payload_on_disk,
    }


def differing(info: models.CollectionInfo, layout: QdrantParams | None) -> list[str]:
    """What of a collection that is there already is not as the configuration says.

    Returns
    -------
    list : ``replication_factor is 1, wanted 2``, for people to read.
    """
    if layout is None:
        return []
    params = info.config.params
    found: dict[str, tuple[Any, Any]] = {
        "replication_factor": (params.replication_factor or 1, layout.replication_factor),
        "write_consistency_factor": (params.write_consistency_factor or 1, layout.write_consistency_factor),
        "payload_on_disk": (bool(params.on_disk_payload), layout.payload_on_disk),
    }
    if layout.shard_number:
        found["shard_number"] = (params.shard_number, layout.shard_number)
    dense = params.vectors if isinstance(params.vectors, dict) else {}
    for name, slot in dense.items():
        wanted = layout.quantization if layout.quantizes(slot.size) else "none"
        found[f"quantization of {name}"] = (_quantized_by(slot.quantization_config), wanted)
        found[f"vectors_on_disk of {name}"] = (bool(slot.on_disk), layout.vectors_on_disk)
        graph_on_disk = slot.hnsw_config is not None and bool(slot.hnsw_config.on_disk)
        found[f"graph_on_disk of {name}"] = (graph_on_disk, layout.graph_on_disk)
    return [f"{name} is {is_so}, wanted {wanted}" for name, (is_so, wanted) in found.items() if is_so != wanted]


def _quantization(dimensions: int, layout: QdrantParams) -> Any:
    if not layout.quantizes(dimensions):
        return None
    in_memory = layout.quantized_in_memory
    if layout.quantization == "binary":
        return models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=in_memory))
    # the outermost hundredth of values is cut off: they would coarsen all others
    scalar = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=in_memory)
    return models.ScalarQuantization(scalar=scalar)


def _quantized_by(config: Any) -> str:
    known = {models.ScalarQuantization: "scalar", models.BinaryQuantization: "binary", type(None): "none"}
    return known.get(type(config), type(config).__name__)
