"""A pytest plugin for bin/mutate: the module MUTANT_MODULE is imported from the file MUTANT_FILE."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Mutant(MetaPathFinder):
    """Loads one module from another file than its own."""

    def __init__(self, module: str, file: str) -> None:
        self.module, self.file = module, file

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.file)


if "MUTANT_MODULE" in os.environ:
    assert os.environ["MUTANT_MODULE"] not in sys.modules, "imported before it could be changed"
    sys.meta_path.insert(0, Mutant(os.environ["MUTANT_MODULE"], os.environ["MUTANT_FILE"]))
