"""Changes the pure modules one place at a time, and lists the changes that no test notices (docs/mutation.md).

    bin/mutate             all of them
    bin/mutate tree bits   some of them: see TESTS

Each mutant runs in a pytest process that imports the changed module (tests/mutant.py) and stops at the first failure.
All share one set of servers. A mutant that runs longer than LONGEST counts as noticed, as it does not end.
"""

import argparse
import ast
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 300  # seconds
INDEPENDENCE = ["tests/sources/test_independence.py", "tests/sources/test_independence_laws.py"]
# The file of each module, and its tests.
TESTS: dict[str, tuple[str, list[str]]] = {
    "states": (
        "claims/states.py",
        ["tests/claims/test_states_doc.py", "tests/claims/test_policy.py", "tests/claims/test_transition_matrix.py"],
    ),
    "policy": ("claims/verdicts/policy.py", ["tests/claims/test_policy.py"]),
    "permissions": (
        "claims/access/permissions.py",
        [
            "tests/claims/test_claim_actions.py",
            "tests/claims/test_conflicts.py",
            "tests/claims/test_evidence_actions.py",
        ],
    ),
    "tree": ("ledger/tree.py", ["tests/ledger/test_tree.py"]),
    **{
        name: (f"sources/independence/{name}.py", INDEPENDENCE)
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
    """Changes the place with one number in a tree, and counts the places on the way."""

    def __init__(self, wanted: int | None) -> None:
        self.wanted, self.seen, self.said = wanted, 0, ""

    def _changes(self, node: ast.AST, what: str) -> bool:
        self.seen += 1
        if self.seen - 1 != self.wanted:
            return False
        self.said = f"line {getattr(node, 'lineno', '?')}: {what}"
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

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:  # annotations have no behaviour to test
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """The description and the source of each mutant."""
    whole = Mutation(None)
    whole.visit(ast.parse(source))
    for number in range(whole.seen):
        one = Mutation(number)
        tree = ast.fix_missing_locations(one.visit(ast.parse(source)))
        yield one.said, ast.unparse(tree)


def notices(tests: list[str], environment: dict[str, str]) -> bool:
    """Whether a test fails. Exits if pytest itself cannot run."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", "-p", "tests.mutant"]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, *tests], cwd=ROOT, env=environment, capture_output=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode not in (0, 1, 2):  # passed, failed, broken at import
        sys.exit(done.stdout.decode() + done.stderr.decode())
    return done.returncode != 0


def mutate(name: str, environment: dict[str, str], folder: Path) -> tuple[int, int]:
    """The number of a module's mutants, and how many of them the tests noticed."""
    path, tests = TESTS[name]
    if notices(tests, environment):
        sys.exit(f"{name}: its tests fail without any change; fix that first")
    module = path.removesuffix(".py").replace("/", ".")
    count = noticed = 0
    for said, source in mutants((ROOT / path).read_text()):
        changed = folder / "mutant.py"
        changed.write_text(source)
        count += 1
        if notices(tests, environment | {"MUTANT_MODULE": module, "MUTANT_FILE": str(changed)}):
            noticed += 1
        else:
            print(f"    unnoticed: {path} {said}", flush=True)
    return count, noticed


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/mutate", description="Mutation tests of the pure modules.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"some of {', '.join(TESTS)}; none: all")
    chosen = parser.parse_args().modules or list(TESTS)
    if unknown := set(chosen) - set(TESTS):
        parser.error(f"no such module: {', '.join(unknown)}; there are {', '.join(TESTS)}")
    sys.path.insert(0, str(ROOT))
    # Exits through `finally`, which stops the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    from config.data_folder import DataFolder
    from config.embedded import start_servers

    with tempfile.TemporaryDirectory(prefix="second-source-mutants-") as name:
        folder = Path(name)
        servers = start_servers(DataFolder(folder), os.environ, durable=False)
        try:
            owner = servers.superuser_url or os.environ["DATABASE_OWNER_URL"]
            environment = {**os.environ, **servers.environment, "DATABASE_OWNER_URL": owner}
            environment.pop("DATABASE_SEQUENCER_URL", None)
            for one in chosen:
                started = time.monotonic()
                print(f"--- {one}", flush=True)
                count, noticed = mutate(one, environment, folder)
                print(f"    {noticed} of {count} noticed, {time.monotonic() - started:.0f} s", flush=True)
        finally:
            servers.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
