"""Changes the pure modules one place at a time, and says which changes no test notices (docs/mutation.md).

    bin/mutate                     all of them
    bin/mutate tree bits           some of them: see TESTS
    bin/mutate tree --line 56 57   the changes of these lines, to try a new test

Each mutant is one process of pytest that imports the changed module (tests/mutant.py) and stops at the first failure.
Tests that need no server come first, in a fork of this process, which has pytest loaded. What they miss goes to those
that need servers: started once for all, with one migrated database to copy. A mutant with which the tests take many
times as long (PATIENCE, LONGEST) counts as noticed, and is listed: it does not end.
"""

import argparse
import ast
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from pathlib import Path

# Loaded here once: each fork has them already. Nothing of ours is, or it would not be the changed one.
import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 300  # s, of the tests that need servers
PATIENCE = 5  # times the processor time that the tests take without any change, of those that need none
LEAST_PATIENCE = 10  # s
MOST_MEMORY = 2 << 30  # bytes
INDEPENDENCE = [
    "tests/sources/test_independence_parts.py",
    "tests/sources/test_independence.py",
    "tests/sources/test_independence_laws.py",
]


class Outcome(StrEnum):
    """The answer of the tests to one mutant."""

    NOTICED = "noticed"
    ENDLESS = "does not end"
    UNNOTICED = "unnoticed"


@dataclass(frozen=True)
class MutationTarget:
    """A module that is changed, and the tests about it: those that need no server, then those that do."""

    path: str
    alone: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)


TESTS: dict[str, MutationTarget] = {
    "states": MutationTarget(
        "claims/states.py",
        alone=["tests/claims/test_policy.py"],
        served=["tests/claims/test_states_doc.py", "tests/claims/test_transition_matrix.py"],
    ),
    "policy": MutationTarget("claims/verdicts/policy.py", alone=["tests/claims/test_policy.py"]),
    "permissions": MutationTarget(
        "claims/access/permissions.py",
        served=[
            "tests/claims/test_permissions.py",
            "tests/claims/test_claim_actions.py",
            "tests/claims/test_conflicts.py",
            "tests/claims/test_evidence_actions.py",
        ],
    ),
    "tree": MutationTarget("ledger/tree.py", alone=["tests/ledger/test_tree.py"]),
    **{
        name: MutationTarget(f"sources/independence/{name}.py", alone=INDEPENDENCE)
        for name in ("bits", "chains", "count", "graph", "net", "search")
    },
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


class Mutation(ast.NodeTransformer):
    """Makes the change of one number at the place of that number; counts the places on its way."""

    def __init__(self, wanted: int | None) -> None:
        self.wanted, self.seen, self.line, self.said = wanted, 0, 0, ""

    def _changes(self, node: ast.AST, what: str) -> bool:
        self.seen += 1
        if self.seen - 1 != self.wanted:
            return False
        self.line, self.said = getattr(node, "lineno", 0), what
        return True

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        for number, operator in enumerate(node.ops):
            other = COMPARISONS[type(operator)]
            if self._changes(node, f"{type(operator).__name__} becomes {other.__name__}"):
                node.ops[number] = other()
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        if self._changes(node, "'and' and 'or' change places"):
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return node.operand if isinstance(node.op, ast.Not) and self._changes(node, "'not' is left out") else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        other = OPERATORS.get(type(node.op))
        if other and self._changes(node, f"{type(node.op).__name__} becomes {other.__name__}"):
            node.op = other()
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool) and self._changes(node, f"{node.value} becomes {not node.value}"):
            return ast.copy_location(ast.Constant(not node.value), node)
        if type(node.value) is int and self._changes(node, f"{node.value} becomes {node.value + 1}"):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None and self._changes(node, "returns None"):
            return ast.copy_location(ast.Return(ast.copy_location(ast.Constant(None), node)), node)
        return self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return ast.copy_location(ast.Break(), node) if self._changes(node, "continue becomes break") else node

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return ast.copy_location(ast.Continue(), node) if self._changes(node, "break becomes continue") else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        returns, node.returns = node.returns, None  # `X & None` breaks at import, which no test needs to notice
        self.generic_visit(node)
        node.returns = returns
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:  # an annotation is no behaviour
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """The line, the change, and the changed source, one place after the other."""
    whole = Mutation(None)
    whole.visit(ast.parse(source))
    for number in range(whole.seen):
        one = Mutation(number)
        tree = ast.fix_missing_locations(one.visit(ast.parse(source)))
        yield one.line, one.said, ast.unparse(tree)


def notices_alone(tests: list[str], module: str, file: Path | None, output: Path, most: int) -> tuple[Outcome, float]:
    """What the tests make of it in a fork of this process, with no fixture of ours; and their processor time, in s.

    Ends them after `most` seconds of it. Exits where pytest cannot run.
    """
    child = os.fork()
    if child == 0:
        _run_alone(tests, module, file, output, most)
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    outcome = Outcome.ENDLESS if code in (-signal.SIGXCPU, -signal.SIGKILL) else _outcome(code, output)
    return outcome, usage.ru_utime + usage.ru_stime


def _run_alone(tests: list[str], module: str, file: Path | None, output: Path, most: int) -> None:
    """Runs the tests and ends this process with pytest's exit code, 70 where pytest itself breaks."""
    code = 70
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # Processor time, since a busy machine makes the clock say nothing.
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
        # A mutant that gathers for ever fails for want of memory, before the machine does.
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        to = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(to, 1)
        os.dup2(to, 2)
        os.chdir(ROOT)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        if file:
            os.environ |= {"MUTANT_MODULE": module, "MUTANT_FILE": str(file)}
        code = int(pytest.main(["-x", "-q", "--noconftest", "-p", "no:cacheprovider", "-p", "tests.mutant", *tests]))
    finally:
        sys.stdout.flush()
        os._exit(code)


def notices(tests: list[str], environment: dict[str, str], output: Path) -> Outcome:
    """What tests that need servers make of it. Exits where pytest itself cannot run: then nothing would be known."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", "-p", "tests.mutant"]
    try:
        with output.open("wb") as to:
            done = subprocess.run(  # noqa: S603
                [*command, *tests], cwd=ROOT, env=environment, stdout=to, stderr=to, timeout=LONGEST, check=False
            )
    except subprocess.TimeoutExpired:
        return Outcome.ENDLESS
    return _outcome(done.returncode, output)


def _outcome(code: int, output: Path) -> Outcome:
    if code > 2:  # passed, failed, broken at import; below 0: ended by a signal
        sys.exit(output.read_text(errors="replace"))
    return Outcome.NOTICED if code else Outcome.UNNOTICED


def mutate(name: str, environment: dict[str, str], folder: Path, lines: list[int]) -> Counter[Outcome]:
    """How many mutants of a module were noticed and how many not; of these lines, or where there are none, of all."""
    target, output, changed = TESTS[name], folder / "output.txt", folder / "mutant.py"
    module = target.path.removesuffix(".py").replace("/", ".")
    outcome, most = Outcome.UNNOTICED, LONGEST
    if target.alone:
        outcome, taken = notices_alone(target.alone, module, None, output, LONGEST)
        most = max(LEAST_PATIENCE, ceil(PATIENCE * taken))
    if target.served and outcome == Outcome.UNNOTICED:
        outcome = notices(target.served, environment, output)
    if outcome != Outcome.UNNOTICED:
        sys.exit(f"{output.read_text(errors='replace')}\n{name}: its tests fail without any change; mend that first")
    mutant = environment | {"MUTANT_MODULE": module, "MUTANT_FILE": str(changed)}
    counts: Counter[Outcome] = Counter()
    for line, said, source in mutants((ROOT / target.path).read_text()):
        if lines and line not in lines:
            continue
        changed.write_text(source)
        outcome = Outcome.UNNOTICED
        if target.alone:
            outcome, _ = notices_alone(target.alone, module, changed, output, most)
        if target.served and outcome == Outcome.UNNOTICED:
            outcome = notices(target.served, mutant, output)
        counts[outcome] += 1
        if outcome != Outcome.NOTICED:
            print(f"    {outcome}: {target.path} line {line}: {said}", flush=True)
    return counts


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Servers for the tests, with a migrated database that each run copies. Yields the environment that names them."""
    from config.data_folder import DataFolder
    from config.embedded import start_servers
    from tests import migrated

    servers = start_servers(DataFolder(folder), os.environ, durable=False)
    try:
        owner = servers.superuser_url or os.environ["DATABASE_OWNER_URL"]
        os.environ |= {**servers.environment, "DATABASE_OWNER_URL": owner, "TEST_SUPERUSER_URL": owner}
        os.environ.pop("DATABASE_SEQUENCER_URL", None)
        end = migrated.start()
        try:
            migrated.is_made()
            yield dict(os.environ)
        finally:
            end()
    finally:
        servers.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/mutate", description="Mutation tests of the pure modules.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"some of {', '.join(TESTS)}; none: all")
    parser.add_argument("--line", nargs="+", type=int, default=[], help="change these lines of one module only")
    given = parser.parse_args()
    chosen = given.modules or list(TESTS)
    if unknown := set(chosen) - set(TESTS):
        parser.error(f"no such module: {', '.join(unknown)}; there are {', '.join(TESTS)}")
    if given.line and len(chosen) != 1:
        parser.error("--line needs one module")
    sys.path.insert(0, str(ROOT))
    # Ends the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="second-source-mutants-") as name, ExitStack() as stack:
        folder = Path(name)
        needed = any(TESTS[one].served for one in chosen)
        environment = stack.enter_context(served(folder)) if needed else {}
        for one in chosen:
            started = time.monotonic()
            print(f"--- {one}", flush=True)
            counts = mutate(one, environment, folder, given.line)
            noticed, taken = counts.total() - counts[Outcome.UNNOTICED], time.monotonic() - started
            print(
                f"    {noticed} of {counts.total()} noticed, {counts[Outcome.ENDLESS]} of them because it does not end;"
                f" {taken:.0f} s",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
