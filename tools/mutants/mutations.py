"""From the source of a module to its mutants: one small change each, made by mutmut's operators.

mutmut itself mutates neither decorated functions nor constants of modules, and here properties,
cached properties and limits decide what is answered. So its operators are applied to every node
but annotations, decorators, imports, docstrings, and the wording of exceptions. Two kinds of faults
that it lacks are added: a call is left out whose value nobody uses, and a condition is negated.
"""

import ast
import difflib
import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

# Calls whose arguments are not dropped: each would fail at once, and tell nothing of the tests.
_TOO_EASY = {"len", "isinstance", "TypeVar", "ParamSpec"}


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Attributes:
        name: digest of the source, which names the mutant between runs.
        lines: the lines of the statement that is changed, from 1; of a compound one its head.
        source: of the whole module.
        diff: unified, without context.
    """

    name: str
    lines: range
    source: str
    diff: str


def mutants_of(source: str, seed: str, most: int | None) -> tuple[list[Mutant], int]:
    """Return a sample of the mutants of a module, by line, and how many changes there are.

    Args:
        source: of the module.
        seed: of the sample; a larger sample contains a smaller one of the same seed.
        most: mutants in the sample; None for all.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor()
    wrapper.visit(visitor)
    changes = visitor.changes
    order = random.Random(seed).sample(changes, len(changes))
    # Some changes give the same syntax tree, or none.
    seen, found = {ast.dump(ast.parse(source))}, list[Mutant]()
    for node, replacement, lines in order:
        if most is not None and len(found) >= most:
            break
        changed = cst.ensure_type(wrapper.module.deep_replace(node, replacement), cst.Module).code
        try:
            tree = ast.dump(ast.parse(changed))
        except SyntaxError:
            continue
        if tree not in seen:
            seen.add(tree)
            name = hashlib.sha256(changed.encode()).hexdigest()[:12]
            found.append(Mutant(name, lines, changed, _diff(source, changed)))
    return sorted(found, key=lambda mutant: (mutant.lines.start, mutant.name)), len(changes)


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


class _Visitor(cst.CSTVisitor):
    """Collects (node, replacement, lines of the statement) for every change."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[tuple[cst.CSTNode, cst.CSTNode, range]] = []
        self._statements: list[range] = []
        self._raises = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_alone(node) or (self._raises and isinstance(node, cst.BaseString)):
            return False
        self._raises += isinstance(node, cst.Raise)
        if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            self._statements.append(self._lines(node))
        if self._statements:
            changes = ((node, each, self._statements[-1]) for each in _replacements(node))
            self.changes += changes
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if not _is_left_alone(original_node):
            self._raises -= isinstance(original_node, cst.Raise)
            if isinstance(original_node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                self._statements.pop()

    def _lines(self, node: cst.CSTNode) -> range:
        position = self.get_metadata(PositionProvider, node)
        assert isinstance(position, CodeRange)
        first, last = position.start.line, position.end.line
        body = getattr(node, "body", None)
        if isinstance(body, cst.IndentedBlock) and body.body:
            inner = self.get_metadata(PositionProvider, body.body[0])
            assert isinstance(inner, CodeRange)
            last = max(first, inner.start.line - 1)
        return range(first, last + 1)


def _is_left_alone(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
        return True
    # A type alias, such as Rows = NDArray[np.intp].
    if isinstance(node, cst.Assign) and isinstance(node.value, cst.Subscript):
        name = node.targets[0].target
        return isinstance(name, cst.Name) and name.value[:1].isupper() and not name.value.isupper()
    called = node.func if isinstance(node, cst.Call) else None
    return isinstance(called, cst.Name) and called.value in _TOO_EASY


def _replacements(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from operator(node)
    yield from _without_call(node)
    yield from _negated(node)


def _without_call(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call | cst.Await):
        yield cst.Pass()


def _negated(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """Yield a statement with its condition negated, where no operator of mutmut changes it."""
    if not isinstance(node, cst.If | cst.While | cst.CompIf):
        return
    if isinstance(node.test, cst.Name | cst.Attribute | cst.Call | cst.Subscript):
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), node.test))
