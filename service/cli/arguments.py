"""Options of the whole program, wherever on the command line they stand."""

from collections.abc import Sequence

FLAGS = ("--json",)
WITH_VALUE = ("--data-dir", "--config", "--profile")


def split_options(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options of the whole program, and all the rest; typer wants the former first, people type them last.

    Examples
    --------
    >>> split_options(["status", "--json", "--data-dir", "shop"])
    (['--json', '--data-dir', 'shop'], ['status'])
    >>> split_options(["load", "products", "--", "--json"])  # a file of that name
    ([], ['load', 'products', '--', '--json'])
    """
    options: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument in FLAGS or argument.startswith(tuple(f"{name}=" for name in WITH_VALUE)):
            options.append(argument)
        elif argument in WITH_VALUE:
            options += [argument, *[value for value in [next(remaining, None)] if value is not None]]
        else:
            rest.append(argument)
    # an option whose value is missing stands last: typer must find nothing behind it that it could take for the value
    return ([], [options[-1]]) if options and options[-1] in WITH_VALUE else (options, rest)
