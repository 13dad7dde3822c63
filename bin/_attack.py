"""Hostile input in its long form. Runs all parts, prints a summary, and exits with status 1 if a part failed.

    bin/attack               all parts
    bin/attack texts files   some of them: schema, texts, files, ledger, go, scanners

The test suite has the short form of schema, texts, files and ledger; that of go is among `interop`.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOSTILE = "tests/hostile"
SCANNERS = ROOT / ".venv-scanners"
LEDGER = ("mutations", "bundle_mutations", "javascript_agrees", "tampering_database")
PARTS = {
    "schema": [f"{HOSTILE}/test_schemathesis.py"],
    "texts": [f"{HOSTILE}/test_forms.py", f"{HOSTILE}/test_api.py", f"{HOSTILE}/test_addresses.py"],
    "files": [f"{HOSTILE}/test_whole_system.py", f"{HOSTILE}/test_files_in_the_browser.py"],
    "ledger": [f"tests/ledger/test_{name}.py" for name in LEDGER],
    "go": ["tests/ledger/interop/test_go_agrees.py"],
    "scanners": [f"{HOSTILE}/test_scanners.py"],
}
# Parts whose tests share no running system, and so run in parallel.
MANY = {"schema", "texts"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/attack", description="Hostile input in its long form.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}; none: all")
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    failed = []
    for name in chosen:
        started = time.monotonic()
        print(f"--- {name}", flush=True)
        if not attack(name):
            failed.append(name)
        print(f"    {'failed' if name in failed else 'passed'}, {time.monotonic() - started:.0f} s", flush=True)
    print(f"{len(failed)} of {len(chosen)} parts failed: {', '.join(failed)}" if failed else "All parts passed.")
    return 1 if failed else 0


def attack(name: str) -> bool:
    """Whether a part finds nothing. The scanners count as failed if they cannot run."""
    processes = ["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"] if name in MANY else ["-n", "0"]
    command = [sys.executable, "-m", "pytest", *processes, "-m", "attack", "-rA", "--show-capture=stdout", *PARTS[name]]
    if name == "scanners":
        if os.geteuid() != 0:
            print("Not run: the scanners need their own network namespace, which only root can make")
            return False
        install_scanners()
        alone = 'ip link set lo up && exec "$0" "$@"'
        command = ["unshare", "--net", "sh", "-c", alone, *command]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode == 0  # noqa: S603


def install_scanners() -> None:
    """Install the pinned sqlmap and wapiti into their own environment, as their dependencies conflict with ours."""
    pins = ROOT / HOSTILE / "scanners.txt"
    digest, mark = hashlib.sha256(pins.read_bytes()).hexdigest(), SCANNERS / "installed"
    if mark.exists() and mark.read_text() == digest:
        return
    print("Installing the scanners into .venv-scanners", flush=True)
    venv.create(SCANNERS, with_pip=True, clear=True)
    pip = [str(SCANNERS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes"]
    subprocess.run([*pip, "-r", str(pins)], cwd=ROOT, stdin=subprocess.DEVNULL, check=True)  # noqa: S603
    mark.write_text(digest)


if __name__ == "__main__":
    sys.exit(main())
