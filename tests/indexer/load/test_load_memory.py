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
