"""What was done and how fast, in progress bars and in the line that stands for them in a log."""

from rich.progress import ProgressColumn, Task
from rich.text import Text


class AmountColumn(ProgressColumn):
    """``1,024/2,000``; megabytes with one decimal."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """What is done of the whole, if the whole is known."""
        total = "?" if task.total is None else amount(task.total, self._unit)
        return Text(f"{amount(task.completed, self._unit)}/{total}", style="progress.download")


class RateColumn(ProgressColumn):
    """``1,234 products/s``."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The speed so far; before there is one, just the unit."""
        speed = task.finished_speed or task.speed
        text = self._unit if speed is None else f"{amount(speed, self._unit)} {self._unit}/s"
        return Text(text, style="progress.data.speed")


def amount(number: float, unit: str) -> str:
    """A number as people read it.

    Examples
    --------
    >>> amount(1234.4, "products"), amount(0.44, "MB")
    ('1,234', '0.4')
    """
    return f"{number:,.1f}" if unit == "MB" else f"{number:,.0f}"


def summary(what: str, done: float, unit: str, seconds: float) -> str:
    """A finished bar as one line.

    Examples
    --------
    >>> summary("Indexing", 2000, "products", 8.0)
    'Indexing: 2,000 products in 8 s (250 products/s)'
    """
    return f"{what}: {amount(done, unit)} {unit} in {seconds:.0f} s ({amount(done / seconds, unit)} {unit}/s)"
