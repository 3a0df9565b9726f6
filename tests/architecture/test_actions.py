"""Actions: keyword-only, actor first, the time passed in, documented, named after their context."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import samspil
from samspil.kernel.actions import ACTIONS, ActionInfo

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "samspil"
CONTEXTS = ["kernel", "network", "catalogue", "coordination", "web"]


def actions() -> dict[str, ActionInfo]:
    """Every action of the system, after importing all of it."""
    for module in pkgutil.walk_packages(samspil.__path__, "samspil."):
        if ".config" not in module.name and ".migrations" not in module.name:
            importlib.import_module(module.name)
    return ACTIONS


def test_there_are_actions() -> None:
    assert len(actions()) > 10


def test_actions_are_keyword_only_with_actor_and_now() -> None:
    wrong = []
    for name, info in actions().items():
        parameters = list(inspect.signature(inspect.unwrap(info.function)).parameters.values())
        if any(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters):
            wrong.append(f"{name}: not keyword-only")
        if [p.name for p in parameters[:2]] != ["actor", "now"]:
            wrong.append(f"{name}: actor and now must come first")
        if info.on is not None and info.on not in {p.name for p in parameters}:
            wrong.append(f"{name}: judged on {info.on}, which is no argument")
    assert not wrong


def test_an_action_is_named_after_its_context_and_function() -> None:
    wrong = []
    for name, info in actions().items():
        context, _, verb = name.partition(".")
        module = info.function.__module__.split(".")
        if context not in module[1:3] or info.function.__name__ != verb:
            wrong.append(f"{name} is {info.function.__module__}.{info.function.__name__}")
    assert not wrong


def test_actions_say_what_they_do() -> None:
    assert not [name for name, info in actions().items() if len(info.summary) < 15]


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node


_WRITES = {"save", "bulk_create", "bulk_update", "create", "get_or_create", "update_or_create"}


def test_public_domain_functions_that_write_are_actions() -> None:
    """A public function of ``domain/`` that writes rows itself is an action (house rule 1)."""
    wrong = []
    for context in CONTEXTS:
        for path in (SOURCE / context).glob("domain/**/*.py"):
            for function in _functions(ast.parse(path.read_text(encoding="utf-8"))):
                if function.name.startswith("_"):
                    continue
                decorators = {
                    getattr(getattr(d, "func", d), "id", getattr(getattr(d, "func", d), "attr", ""))
                    for d in function.decorator_list
                }
                writes = [
                    node.func.attr
                    for node in ast.walk(function)
                    if isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in _WRITES
                ]
                if writes and not decorators & {"action", "job"}:
                    wrong.append(f"{path.relative_to(ROOT)}: {function.name} calls {writes[0]}")
    assert not wrong, "\n".join(wrong)


def test_every_action_records() -> None:
    """An action, or what it calls in its own module or context, ends in ``record``.

    That an action which changed rows recorded nothing fails at run time in every test
    (``SAMSPIL_STRICT``); this finds those that no test runs.
    """
    wrong = []
    for name, info in actions().items():
        function = inspect.unwrap(info.function)
        module = inspect.getmodule(function)
        assert module is not None
        source = inspect.getsource(module)
        if "record(" not in source and "transition(" not in source:
            wrong.append(name)
    assert not wrong
