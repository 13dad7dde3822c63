"""Makes .venv from pinned, hashed requirements if it is missing or outdated, then runs a program in it.

    _venv.py REQUIREMENTS... -- ARGUMENTS OF PYTHON...

Standard library only, as it runs before anything is installed.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main() -> None:
    split = sys.argv.index("--")
    requirements, arguments = sys.argv[1:split], sys.argv[split + 1 :]
    # Two concurrent first starts must not install into the same folder.
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not works():
            make()
        if not all(is_installed(name) for name in requirements):
            install(requirements)
    os.execv(PYTHON, [str(PYTHON), *arguments])  # noqa: S606


def works() -> bool:
    """Whether .venv has a working Python: the one that it was made from may be gone."""
    if not PYTHON.exists():
        return False
    probe = subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False)  # noqa: S603
    return probe.returncode == 0


def make() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    done = run([sys.executable, "-m", "venv", str(VENV)], stdout=subprocess.DEVNULL)
    if done != 0:
        sys.exit("Making .venv failed (see above). On Debian, install the package python3-venv")


def mark(name: str) -> Path:
    return VENV / f"installed-{name}"


def digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def is_installed(name: str) -> bool:
    return mark(name).exists() and mark(name).read_text() == digest(name)


def install(names: list[str]) -> None:
    print(f"Installing {' and '.join(names)} into .venv", file=sys.stderr, flush=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
    files = [part for name in names for part in ("-r", name)]
    if run([str(PYTHON), "-m", "pip", "install", *options, *files]) != 0:
        sys.exit("Installing failed (see above); check the network and start again")
    for name in names:
        mark(name).write_text(digest(name))


def run(command: list[str], stdout: "int | None" = None) -> int:
    """The exit status of `command`, which ends when this program does."""
    child = subprocess.Popen(command, cwd=ROOT, stdout=stdout, stdin=subprocess.DEVNULL)  # noqa: S603

    def end(number: int, frame: object) -> None:
        child.terminate()
        child.wait()
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    status = child.wait()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    return status


if __name__ == "__main__":
    main()
