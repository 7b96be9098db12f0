"""``vitrine config``: the settings in force and where each came from."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from config.params import Params
    from config.settings import EffectiveSetting, Settings


@app.command()
def config(context: typer.Context) -> None:
    """Show the settings in force and where each came from; secrets are masked."""
    from config.params import load_params
    from config.settings import effective_settings
    from service.signals import SIGNALS

    ctx: Context = context.obj
    settings = ctx.settings()
    params = load_params(*settings.overlays, signals=frozenset(SIGNALS))
    rows = effective_settings(settings, ctx.given())
    shown = {row.name: _shown(row, settings) for row in rows}
    unknown = unknown_variables()
    changed = _changed(params)

    def people(console: "Console") -> None:
        for row in rows:
            console.print(f"{row.name} = {shown[row.name]}  ({row.source})", markup=False, soft_wrap=True)
            console.print(f"    {row.description}", markup=False, soft_wrap=True, style="dim")
        source = " + ".join(map(str, settings.overlays)) or "as packaged"
        console.print(
            f"\nBehaviour: {source}; all of it: {ctx.command('config', '--json')}", markup=False, soft_wrap=True
        )
        for name, value in changed.items():
            console.print(f"{name} = {value}", markup=False, soft_wrap=True)
        for name in unknown:
            console.print(f"note: {name} is set, but no such setting is known", markup=False, soft_wrap=True)

    ctx.show(
        {
            "settings": {row.name: {"value": shown[row.name], "source": row.source} for row in rows},
            "behaviour": params.model_dump(mode="json"),
            "behaviour_changed": changed,
            "unknown_variables": unknown,
        },
        people,
    )


def _shown(row: "EffectiveSetting", settings: "Settings") -> str:
    """The value; of an address everything but its password."""
    from service.core.masking import without_password

    if row.name == "VITRINE_DATABASE_URL" and settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        return without_password(url) if "://" in url else row.value
    return without_password(row.value) if row.name == "VITRINE_QDRANT_URL" else row.value


def unknown_variables() -> list[str]:
    """Variables that look like ours and are not: most likely misspelt."""
    import os
    from pathlib import Path

    from dotenv import dotenv_values

    from config.secret_files import SUFFIX
    from config.settings import DOTENV, Settings, is_secret

    known = {f"VITRINE_{name.upper()}" for name in Settings.model_fields}
    known |= {
        f"VITRINE_{name.upper()}{SUFFIX}" for name, info in Settings.model_fields.items() if is_secret(name, info)
    }
    present = {*os.environ, *(dotenv_values(DOTENV) if Path(DOTENV).is_file() else ())}
    return sorted(name for name in present if name.startswith("VITRINE_") and name not in known)


def _changed(params: "Params") -> dict[str, Any]:
    """Behaviour that is not as packaged: dotted name -> value in force."""
    from config.params import load_params

    packaged = dict(_leaves(load_params().model_dump(mode="json")))
    return {name: value for name, value in _leaves(params.model_dump(mode="json")) if packaged.get(name) != value}


def _leaves(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
