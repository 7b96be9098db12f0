"""The table of recommender.toml about how collections are laid out."""

from typing import Literal

from pydantic import Field, model_validator

from config.frozen import Frozen


class QdrantParams(Frozen):
    """How collections are spread, copied and kept; counts for those that are made from now on."""

    shard_number: int = Field(ge=0, le=10_000)
    replication_factor: int = Field(ge=1, le=100)
    write_consistency_factor: int = Field(ge=1, le=100)
    quantization: Literal["none", "scalar", "binary"]
    quantize_from: int = Field(ge=1, le=65_536)
    quantized_in_memory: bool
    oversampling: float = Field(ge=1, le=100)
    vectors_on_disk: bool
    graph_on_disk: bool
    payload_on_disk: bool

    @model_validator(mode="after")
    def _can_be_written(self) -> "QdrantParams":
        if self.write_consistency_factor > self.replication_factor:
            raise ValueError(
                f"write_consistency_factor = {self.write_consistency_factor} copies can never confirm a write "
                f"where there are {self.replication_factor} (replication_factor)"
            )
        return self

    def quantizes(self, dimensions: int) -> bool:
        """Whether a slot of so many dimensions is quantised."""
        return self.quantization != "none" and dimensions >= self.quantize_from
