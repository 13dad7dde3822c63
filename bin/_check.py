"""Every check except the tests. Runs all of them, prints a summary, and exits with status 1 if a check failed.

    bin/check            checks
    bin/check --fast     only the checks that take seconds, as before a commit: format, lint, import rules, decisions,
                         template lint
    bin/check --write    first writes the generated files: format, state table, kinds of entries, API schema,
                         index of decisions, messages

The settings are those of a production machine; nothing connects to the servers that they name.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://second_source_app:secret@127.0.0.1:1/second_source",
    "DATABASE_OWNER_URL": "postgresql://second_source_owner:secret@127.0.0.1:1/second_source",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "only-here-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "PUBLIC_URL": "https://desk.example.org",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
VECTORS = ROOT / "docs" / "ledger-vectors" / "proofs.json"
SCHEMA = ROOT / "docs" / "openapi.yaml"
MESSAGES = ROOT / "config" / "locale" / "en" / "LC_MESSAGES" / "django.po"
EXTRACT = [
    *("makemessages", "--locale", "en", "--no-location", "--no-obsolete", "--no-wrap"),
    *("--ignore", ".venv", "--ignore", "var", "--ignore", "tests", "--ignore", "bin"),
]


def module(name: str, *arguments: str) -> bool:
    """Whether `python -m name` succeeds."""
    return run([sys.executable, "-m", name, *arguments])


def manage(*arguments: str) -> bool:
    # makemigrations warns that no database answers, which is intended here.
    return run([sys.executable, "-W", "ignore::RuntimeWarning", "manage.py", *arguments])


def run(command: list[str]) -> bool:
    sys.stdout.flush()
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode == 0  # noqa: S603


def schema_is_up_to_date() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "openapi.yaml"
        if not manage("spectacular", "--validate", "--fail-on-warn", "--file", str(made)):
            return False
        if SCHEMA.exists() and made.read_text() == SCHEMA.read_text():
            return True
    print("docs/openapi.yaml does not match the code: run bin/check --write and review the difference")
    return False


def messages_are_up_to_date() -> bool:
    if not MESSAGES.exists():
        print(f"{MESSAGES.relative_to(ROOT)} is missing: run bin/check --write")
        return False
    before = MESSAGES.read_text()
    try:
        if not extract_messages():
            return False
        if meaning(MESSAGES.read_text()) == meaning(before):
            return True
    finally:
        MESSAGES.write_text(before)
    print(f"{MESSAGES.relative_to(ROOT)} lacks texts or has old ones: run bin/check --write")
    return False


def extract_messages() -> bool:
    if not shutil.which("xgettext"):
        print("xgettext is missing: install gettext (Debian: apt-get install gettext)")
        return False
    MESSAGES.parent.mkdir(parents=True, exist_ok=True)
    return manage(*EXTRACT)


def meaning(text: str) -> list[str]:
    """The lines of a message file without its time of creation."""
    return [line for line in text.splitlines() if not line.startswith('"POT-Creation-Date')]


def static_files_collect() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STATIC_ROOT"] = folder
        try:
            return manage("collectstatic", "--no-input", "--verbosity", "0")
        finally:
            del os.environ["STATIC_ROOT"]


def deployment_is_right() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.json"
        policy.write_text(json.dumps(json.loads(VECTORS.read_bytes())["policy"]))
        os.environ["LEDGER_POLICY"] = str(policy)
        try:
            return manage("check", "--deploy", "--fail-level", "WARNING")
        finally:
            del os.environ["LEDGER_POLICY"]


def templates() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("*/templates"))]


def no_vulnerability_is_known() -> bool:
    """Whether pip-audit finds no known vulnerability in the pinned packages; some registries cannot tell."""
    files = [part for name in ("requirements.txt", "requirements-dev.txt") for part in ("-r", name)]
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print(done.stderr)
        return False
    for package in packages:
        for known in package.get("vulns", ()):
            fixed = ", ".join(known["fix_versions"]) or "no release yet"
            print(f"{package['name']} {package['version']}: {known['id']}, fixed in {fixed}")
    unknown = sum("skip_reason" in package for package in packages)
    if unknown:
        skipped.append("known vulnerabilities")
        print(f"SKIPPED: the registry has no data on {unknown} of {len(packages)} packages")
    return done.returncode == 0


skipped: list[str] = []
FAST = {"format", "lint", "house style", "import rules", "decisions", "template lint"}
CHECKS: dict[str, Callable[[], bool]] = {
    "format": lambda: module("ruff", "format", "--check", "."),
    "lint": lambda: module("ruff", "check", "."),
    "types": lambda: module("mypy", "."),
    "house style": lambda: run([sys.executable, "bin/_house_style.py"]),
    "dead code": lambda: run([sys.executable, "bin/_dead_code.py"]),
    "import rules": lambda: run([str(Path(sys.executable).with_name("lint-imports")), "--no-logo"]),
    "migrations": lambda: manage("makemigrations", "--check", "--dry-run"),
    "state table": lambda: manage("write_states_doc", "--check"),
    "kinds of entries": lambda: manage("write_kinds_doc", "--check"),
    "decisions": lambda: run([sys.executable, "bin/_decisions.py"]),
    "API schema": schema_is_up_to_date,
    "messages": messages_are_up_to_date,
    "template lint": lambda: module("djlint", "--lint", "--quiet", *templates()),
    "templates compile": lambda: manage("check_templates"),
    "static files": static_files_collect,
    "deployment": deployment_is_right,
    "known vulnerabilities": no_vulnerability_is_known,
}


def write() -> bool:
    done = [
        module("ruff", "format", "."),
        manage("write_states_doc"),
        manage("write_kinds_doc"),
        run([sys.executable, "bin/_decisions.py", "--write"]),
        manage("spectacular", "--file", str(SCHEMA)),
        extract_messages(),
    ]
    return all(done)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/check", description="Every check except the tests.")
    parser.add_argument("--write", action="store_true", help="first write the generated files")
    parser.add_argument("--fast", action="store_true", help="only the checks that take seconds")
    os.environ.update(ENVIRONMENT)
    options = parser.parse_args()
    if options.write and not write():
        return 1
    checks = {name: check for name, check in CHECKS.items() if name in FAST or not options.fast}
    failed = []
    for name, check in checks.items():
        started = time.monotonic()
        print(f"--- {name}", flush=True)
        if not check():
            failed.append(name)
        print(f"    {'failed' if name in failed else 'good'}, {time.monotonic() - started:.1f} s", flush=True)
    if skipped:
        print(f"SKIPPED, see above: {', '.join(skipped)}")
    good = "All other checks are good." if skipped else "All checks are good."
    print(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}" if failed else good)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
