"""The tree tells the truth: imports point one way, heavy libraries have one owner, README and TOML name what exists."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from config.params import packaged_defaults
from service.signals import SIGNALS

ROOT = Path(__file__).parent.parent
PACKAGES = ("config", "service", "indexer", "eval")

# a layer may import itself and the layers named here
LAYERS: dict[str, set[str]] = {
    "service.core": set(),
    "service.clients": set(),
    "service.client": {"service.clients"},
    "config": {"service.core"},
    "service.ranking": {"service.core"},
    "service.explain": {"config", "service.core"},
    "service.store": {"config", "service.core"},
    "service.accounts": {"config", "service.core", "service.store"},
    "service.encode": {"config", "service.core"},
    "service.live": {"config", "service.core"},
    "service.backup": {"config", "service.core", "service.store"},
    "service.signals": {"config", "service.core", "service.store", "service.encode"},
    "service.pipeline": {
        "config", "service.core", "service.ranking", "service.store", "service.encode", "service.signals",
    },
    "indexer": {"config", "service.core", "service.store", "service.encode"},
    "service.loading": {"config", "service.core", "service.encode", "service.pipeline", "indexer"},
    "service.runtime": {
        "config", "service.core", "service.store", "service.encode", "service.signals", "service.pipeline",
        "service.loading", "indexer",
    },
    "service.api": {
        "config", "service.core", "service.explain", "service.store", "service.accounts", "service.encode",
        "service.pipeline", "service.runtime", "service.live", "service.privacy", "indexer",
    },
    "service.storefront": {
        "config", "service.core", "service.store", "service.accounts", "service.pipeline", "service.runtime",
        "service.api",
    },
    "service.privacy": {
        "config", "service.core", "service.store", "service.pipeline", "service.runtime", "indexer",
    },
    "service.background": {"config", "service.core", "service.runtime", "service.privacy", "indexer"},
    "service.app": {
        "config", "service.core", "service.api", "service.pipeline", "service.runtime", "service.background", "indexer",
        "service.storefront",
    },
    "eval": {
        "config", "service.core", "service.ranking", "service.store", "service.encode", "service.signals",
        "service.pipeline", "service.loading", "service.runtime", "service.app", "service.client", "service.clients",
        "indexer",
    },
    "service.cli": {
        "config", "service.core", "service.store", "service.accounts", "service.encode", "service.signals",
        "service.pipeline", "service.runtime", "service.live", "service.background", "service.app", "indexer", "eval",
        "service.privacy", "service.backup", "service.loading",
    },
}  # fmt: skip

PIPELINE = (
    "pipeline",
    "stand_in",
    "experiments",
    "hydrate",
    "retrieve",
    "complete",
    "candidates",
    "variants",
    "modes",
    "rank",
    "variety",
    "look",
    "counted",
    "slate",
    "stopwatch",
    "observed",
    "metrics",
    "measured",
    "lately",
    "traces",
    "context",
    "past",
    "evidence",
    "why_not",
    "habits",
    "adjusted",
    "affinity",
    "popularity",
    "cross",
    "terms",
    "warm",
    "impressions",
    "shelves",
    "shelf_lists",
    "served_popular",
    "served_release",
    "served_rules",
    "rules_for",
    "pins",
    "steer",
    "rule_lint",
    "rule_trial",
    "rule_acts",
    "asked",
    "words",
    "matching",
    "listed",
    "suggest",
    "searched",
    "refreshed",
    "served_chosen",
    "sessions",
    "told",
    "arms",
    "liked_words",
)

OWNERS: dict[str, set[str]] = {
    "sentence_transformers": {"service/encode/text.py", "service/encode/cross.py"},
    "open_clip": {"service/encode/image.py"},
    "qdrant_client": {"service/store/server"},
    "qdrant_edge": {"service/store/edge", "service/encode/lexical.py"},
    "alembic": {"service/store/migrations"},
    "lightfm": {"indexer/train/cf.py"},
    "implicit": {"indexer/train/als.py", "indexer/train/covisit.py"},
    "sklearn": {"indexer/train/svd.py", "indexer/train/nmf.py"},
    "mlxtend": {"indexer/train/association.py"},
    "polars": {"indexer/load/parquet_rows.py"},
    "apscheduler": {"indexer/schedule.py"},
    "optuna": {"eval/tune/search.py"},
    "ray": {"indexer/ray_index.py"},
    "uvicorn": {"service/cli/serving.py"},
    "prometheus_client": {"service/metrics.py"},
    "opentelemetry": {"service/traces.py"},
    "rapidfuzz": {"service/words/nearest.py"},
    "redis": {"service/store/redis"},
    "limits": {"service/api/rate_limit.py", "service/api/bounded_counts.py", "service/api/shared_rate.py"},
    "ftfy": {"indexer/load/text.py"},
    "pwdlib": {"service/accounts/passwords.py"},
    "jwt": {"service/accounts/tokens.py"},
    "cryptography": {"service/accounts/tokens.py"},
    "plotly": {"eval/plots.py"},
    "openai": {"service/explain/llm/openai_chat.py"},
    "anthropic": {"service/explain/llm/anthropic_messages.py"},
}


@cache
def sources() -> dict[str, ast.Module]:
    """Path below the root -> its syntax tree."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in files}


def imported(tree: ast.AST) -> set[str]:
    """Names of all modules a file imports, at the top or inside functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer_of(module: str) -> str | None:
    """The layer a module belongs to."""
    parts = module.split(".")
    if parts[0] == "service" and len(parts) > 1:
        return "service.pipeline" if parts[1] in PIPELINE else f"service.{parts[1]}"
    return parts[0] if parts[0] in ("config", "indexer", "eval") else None


def module_name(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def test_imports_point_one_way() -> None:
    wrong = []
    for path, tree in sources().items():
        layer = layer_of(module_name(path))
        if layer is None:
            continue
        wanted = {layer_of(name) for name in imported(tree)} - {layer, None, "service.__init__"}
        if bad := wanted - LAYERS[layer]:
            wrong.append(f"{path} ({layer}) imports {sorted(bad)}")
    assert not wrong, "\n".join(wrong)


def test_the_layers_have_no_cycle() -> None:
    open_ = dict(LAYERS)
    while open_:
        free = [layer for layer, needs in open_.items() if not needs & set(open_)]
        assert free, f"a cycle among {sorted(open_)}"
        for layer in free:
            del open_[layer]


def test_no_module_is_in_an_import_cycle() -> None:
    names = {module_name(path) for path in sources()}
    edges = {module_name(path): imported(tree) & names - {module_name(path)} for path, tree in sources().items()}
    while edges:
        free = {name for name, needs in edges.items() if not needs & set(edges)}
        assert free, f"import cycles among {sorted(edges)}"
        edges = {name: needs for name, needs in edges.items() if name not in free}


@pytest.mark.parametrize("library", sorted(OWNERS))
def test_a_heavy_library_has_one_owner(library: str) -> None:
    users = {path for path, tree in sources().items() if any(name.split(".")[0] == library for name in imported(tree))}
    assert users
    assert all(any(user.startswith(owner) for owner in OWNERS[library]) for user in users), users


def test_the_command_starts_without_heavy_libraries() -> None:
    heavy = ["torch", "sqlalchemy", "qdrant_client", "qdrant_edge", "polars", "pydantic", "fastapi", "numpy"]
    code = f"import service.cli.main, sys; print([m for m in {heavy!r} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert answer.stdout.strip() == "[]"


Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(body: list[ast.stmt]) -> Iterator[Documented]:
    """Public functions, public classes and their public methods; what a method overrides documents it."""
    for node in body:
        if not isinstance(node, Documented) or node.name.startswith("_"):
            continue
        if not any(isinstance(mark, ast.Name) and mark.id == "override" for mark in node.decorator_list):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from public(node.body)


def test_every_public_name_is_documented() -> None:
    bare = [
        f"{path}: {node.name}"
        for path, tree in sources().items()
        for node in public(tree.body)
        if not ast.get_docstring(node)
    ]
    assert not bare, "\n".join(bare)
    assert all(ast.get_docstring(tree) for tree in sources().values())


def test_signals_with_a_weight_exist() -> None:
    for name, surface in packaged_defaults()["surfaces"].items():
        assert set(surface["weights"]) <= set(SIGNALS), name


def test_paths_the_readme_names_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"`((?:service|indexer|eval|config|tests)/[\w./*-]*)`", text))
    assert named
    missing = [path for path in named if not list(ROOT.glob(path.rstrip("/")))]
    assert not missing


def test_settings_the_readme_names_exist() -> None:
    from config.settings import Settings

    text = (ROOT / "README.md").read_text("utf-8")
    known = {f"VITRINE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"VITRINE_[A-Z_]+", text)) <= known


def test_toml_keys_the_readme_names_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for section in re.findall(r"`\[([a-z_.]+)\]`", text):
        table = packaged_defaults()
        for part in section.split("."):
            assert part in table, section
            table = table[part]
