"""Load the scoring service: real photographs, many clients at once. Prints what it did and the memory over time.

    python benchmarks/service_load.py examples/photos --clients 64 --requests 2000

Starts a server of its own on a free port with the shipped networks and ends it, or uses the one at --url.
Fails (status 1) on any answer but 200, or where memory grew by more than a tenth over the second half.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from itertools import cycle, islice
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = (".jpg", ".png", ".tif", ".webp")


class Tally:
    """What the clients saw."""

    def __init__(self, total):
        self.lock = threading.Lock()
        self.left = total
        self.seconds = []
        self.failures = []
        self.memory = []

    def next(self):
        """Whether one more request is to be made."""
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def note(self, seconds, answer, resident_mb):
        """Keep what one request took and got."""
        with self.lock:
            self.seconds.append(seconds)
            if answer.status_code != 200:
                self.failures.append(f"{answer.status_code}: {answer.text[:200]}")
            if resident_mb:
                self.memory.append(resident_mb)


def client(url, pictures, tally):
    """One client: request after request, on one connection."""
    with requests.Session() as session:
        for data in cycle(pictures):
            if not tally.next():
                return
            began = time.monotonic()
            answer = session.post(f"{url}/infer", data=data, timeout=600)
            seconds = time.monotonic() - began
            sample = tally.left % 50 == 0
            memory = session.get(f"{url}/health", timeout=600).json()["memory"]["resident_mb"] if sample else None
            tally.note(seconds, answer, memory)


def started(max_side):
    """A server with the shipped networks, and its address."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "iqa_service.py"), "--port=0", f"--max-side={max_side}"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            url = next(line.split()[-1] for line in process.stderr if "listening on" in line)
            threading.Thread(target=lambda: [None for _ in process.stderr], daemon=True).start()
            while requests.get(f"{url}/health", timeout=60).status_code != 200:
                time.sleep(0.2)
            yield url
            requests.post(f"{url}/shutdown", timeout=60)
            process.wait(60)
        finally:
            process.kill()


def main():
    """Load the service and print what happened; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="?", default=ROOT / "examples" / "photos")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--max-side", type=int, default=1024)
    parser.add_argument("--url", help="a service that runs already")
    arguments = parser.parse_args()
    files = sorted(path for path in arguments.photos.rglob("*") if path.suffix.lower() in SUFFIXES)
    pictures = [path.read_bytes() for path in files]
    servers = iter([arguments.url]) if arguments.url else started(arguments.max_side)
    url = next(servers)
    tally = Tally(arguments.requests)
    began = time.monotonic()
    # each client begins with another picture
    threads = [
        threading.Thread(
            target=client, args=(url, list(islice(cycle(pictures), number, number + len(pictures))), tally)
        )
        for number in range(arguments.clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    health = requests.get(f"{url}/health", timeout=60).json()
    next(servers, None)
    quarter = max(1, len(tally.memory) // 4)
    middle, last = max(tally.memory[quarter : 2 * quarter] or tally.memory), max(tally.memory[-quarter:])
    ordered = sorted(tally.seconds)
    print(f"{len(pictures)} photographs, {arguments.clients} clients, {os.cpu_count()} cores, {health['device']}")
    print(f"{len(ordered)} requests in {took:.0f} s: {len(ordered) / took:.1f}/s, errors: {len(tally.failures)}")
    print(f"seconds an answer: median {ordered[len(ordered) // 2]:.2f}, 99 % {ordered[len(ordered) * 99 // 100]:.2f}")
    print(
        f"memory of the server, MB: {[round(one) for one in tally.memory]}; "
        f"second quarter {middle:.0f}, last {last:.0f}"
    )
    print(*tally.failures[:5], sep="\n")
    return 1 if tally.failures or last > 1.1 * middle else 0


if __name__ == "__main__":
    sys.exit(main())
