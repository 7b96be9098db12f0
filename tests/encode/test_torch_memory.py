"""What the libraries below torch keep between texts, in a process of its own: they read their bounds once."""

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import pytest

from service.encode.torch_threads import KERNELS

ROOT = Path(__file__).parent.parent.parent
SCRIPT = """
import ctypes, json
from pathlib import Path
from threading import Event, Thread
from service.encode.text import load_text_encoder

class Given(ctypes.Structure):  # struct mallinfo2 of malloc.h
    _fields_ = [(name, ctypes.c_size_t) for name in
        ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

def given_kb():
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = Given
    given = library.mallinfo2()
    return (given.uordblks + given.hblkhd) / 1024

def code_kb():
    lines = Path("/proc/self/maps").read_text().splitlines()
    own = [line.split()[0].split("-") for line in lines if "x" in line.split()[1] and len(line.split()) == 5]
    return sum(int(end, 16) - int(start, 16) for start, end in own) / 1024

encoder = load_text_encoder(threads=2, query_cache=0)
encoder.encode(["mug " * 60] * 2)
code = code_kb()
for length in range(1, 41):
    encoder.encode(["mug " * length] * 2)
code = code_kb() - code

asked, go_home = Event(), Event()

def ask():
    encoder.encode_query("a mug of many colours " * 12)
    asked.set()
    go_home.wait(60)

threads, given = [], []
for _ in range(9):
    asked.clear()
    threads.append(Thread(target=ask))
    threads[-1].start()
    assert asked.wait(60)
    given.append(given_kb())
go_home.set()
for thread in threads:
    thread.join()
print(json.dumps([code, given[-1] - given[0]]))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc 2.33 and later tells what it gave out")
def test_neither_texts_of_many_lengths_nor_queries_in_many_threads_leave_much_behind() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    code_kb, by_threads_kb = json.loads(done.stdout)
    assert code_kb <= 256 * KERNELS  # all 40 shapes: 10 MB
    assert by_threads_kb < 4_000  # 35 MB if each of the nine kept its own
