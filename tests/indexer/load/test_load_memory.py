"""Memory does not grow with the file: a child process with little address space loads a larger one."""

import subprocess
import sys

import pytest

CHILD = """
import resource, sys
from pathlib import Path
from indexer.load import load_products

load_products(Path(sys.argv[1]), lambda products: ["created"] * len(products))  # everything is imported now
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = load_products(Path(sys.argv[2]), lambda products: ["created"] * len(products))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stdout.write(f"{report.rows} {report.loaded} {(after - before) // 1024}")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts other units elsewhere")
def test_forty_megabytes_load_in_a_fraction_of_them(tmp_path):
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_text("id,name,description\n1,Mug,warm\n")
    description = "warm soft cotton " * 150
    with large.open("w") as file:
        file.write("id,name,description\n")
        file.writelines(f"{number},Mug,{description}\n" for number in range(12_000))
        file.write(f'huge,Cup,"{description * 4_000}"\nlast,Pot,ok\n')
    assert large.stat().st_size > 40_000_000
    done = subprocess.run([sys.executable, "-c", CHILD, small, large], capture_output=True, text=True, check=True)
    rows, loaded, grown_mb = map(int, done.stdout.split())
    assert (rows, loaded) == (12_002, 12_001)
    assert grown_mb < 30, f"peak memory grew by {grown_mb} MB on a file of 41 MB"


EVENTS_CHILD = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from indexer.load import load_events

recorded = SimpleNamespace(status="recorded")
write = lambda events: [recorded] * len(events)
load_events(Path(sys.argv[1]), write, now=datetime.now(UTC))  # everything is imported now
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = load_events(Path(sys.argv[2]), write, now=datetime.now(UTC))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stdout.write(f"{report.rows} {report.loaded} {(after - before) // 1024}")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts other units elsewhere")
def test_events_without_ids_take_a_few_bytes_each(tmp_path):
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_text("user,type,product,query,at\nu,click,P1,lamp,2025-01-01\n")
    with large.open("w") as file:
        file.write("user,type,product,query,at\n")
        file.writelines(f"u{n},click,P{n},{'lamp ' * 80},2025-01-01\n" for n in range(100_000))
    assert large.stat().st_size > 40_000_000
    command = [sys.executable, "-c", EVENTS_CHILD, small, large]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, loaded, grown_mb = map(int, done.stdout.split())
    assert rows == loaded == 100_000
    assert grown_mb < 15, f"peak memory grew by {grown_mb} MB on a file of 42 MB"
