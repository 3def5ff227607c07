"""The shape of the code: the widest interface, the longest functions and modules, the arrows of the house.

The import contracts themselves are checked by `lint-imports` (make lint); this prints the figures.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "qie_batch").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_protocol(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)


def measure() -> dict[str, Any]:
    functions: list[tuple[int, str]] = []
    modules: list[tuple[int, str]] = []
    interfaces: list[tuple[int, str]] = []
    for path in SOURCES:
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        modules.append((len(text.splitlines()), name))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, FUNCTIONS):
                functions.append((node.end_lineno - node.lineno + 1, f"{name}:{node.name}"))
            elif is_protocol(node):
                interfaces.append((sum(isinstance(part, FUNCTIONS) for part in node.body), node.name))
    lengths = sorted(length for length, _ in functions)
    return {
        "widest_interface": max(interfaces),
        "functions": len(lengths),
        "function_median": statistics.median(lengths),
        "function_p90": lengths[int(len(lengths) * 0.9)],
        "function_longest": max(functions),
        "modules": len(modules),
        "module_median": statistics.median(length for length, _ in modules),
        "module_longest": max(modules),
    }


def contracts() -> str:
    """What lint-imports says at its end."""
    command = [Path(sys.executable).parent / "lint-imports"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return next(line for line in done.stdout.splitlines() if line.startswith("Contracts:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    figures = measure() | {"contracts": contracts()}
    for name, value in figures.items():
        print(f"{name:17} {' '.join(map(str, value)) if isinstance(value, tuple) else value}")
    if parser.parse_args().json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
