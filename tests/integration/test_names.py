"""No public name of the code (module, class, function, argument, flag), and no name of a script, has a word that the
field has another for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [path for path in sorted((ROOT / "lotus_gan/ui").rglob("*.js")) if "runtime" not in path.parts]
FILES = sorted([ROOT / "app.py", ROOT / "train.py", *(ROOT / "lotus_gan").rglob("*.py")])

# a word stands for itself wherever it is a part of a name: `_` and capitals part names into words
REPLACED = {
    *("eyes", "game", "player", "players", "lesson", "whole", "begins", "learnt"),
    *("sketch", "enlarger", "enlargers", "painter", "idea", "told", "hear", "bend", "soften"),
    *("judge", "judged", "exam", "examine", "team", "leads", "grain", "look", "pushes"),
    *("refusal", "refusals", "machine", "picture", "pictures", "paint", "paints", "painted", "painting"),
    *("walk", "walks", "closed", "companions", "likeness"),
    *("studio", "studios", "easel", "glide", "picked", "yours", "rivals"),
}
REPLACED_PHRASES = {"open_early", "wrong_input", "extra_missing", "whole_or_nothing", "keep_memory", "doubling"}
ALLOWED = {
    "interpolation_player",  # the component of the page: "glide" became this
    "closed_form",  # a solution in closed form, the paper's own word
}


def words(name: str) -> list[str]:
    """`GamePlayer2` and `game_player` -> ["game", "player"]."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, name) of every class, function, argument, field, constant and command line flag that a file makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg
        if isinstance(node, ast.Module | ast.ClassDef):  # constants, and fields of dataclasses and settings
            for statement in node.body:
                targets = statement.targets if isinstance(statement, ast.Assign) else []
                targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
                yield from ((t.lineno, t.id) for t in targets if isinstance(t, ast.Name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument":
            yield from ((node.lineno, a.value) for a in node.args if isinstance(a, ast.Constant))


def replaced(name: str) -> set[str]:
    """The words and phrases of a name that are not used any more."""
    joined = "_".join(words(name))
    for allowed in ALLOWED:
        joined = re.sub(rf"(?<![a-z]){allowed}(?![a-z])", "", joined)
    phrases = {phrase for phrase in REPLACED_PHRASES if re.search(rf"(?<![a-z]){phrase}(?![a-z])", joined)}
    return REPLACED & set(joined.split("_")) | phrases


def test_names_are_parted_into_words():
    assert replaced("Game") and replaced("GamePlayer2") and replaced("--sketch-steps") and replaced("MODEL_PICTURES")
    assert replaced("WrongInput") and replaced("open_early") and replaced("whole_or_nothing") and replaced("_eyes")
    assert not replaced("interpolation_player") and not replaced("InterpolationPlayer") and not replaced("Lookup")
    assert not replaced("closed_form") and replaced("closed") and not replaced("gamer") and replaced("player")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_public_name_has_a_replaced_word(path):
    ours = {"player"} if "ui" in path.parts else set()  # the interpolation player
    found = [(0, part) for part in path.relative_to(ROOT).with_suffix("").parts if replaced(part)]
    found += [(n, name) for n, name in names(ast.parse(path.read_text(encoding="utf-8"))) if replaced(name) - ours]
    assert not found, f"{path.relative_to(ROOT)}: " + ", ".join(f"{name} (line {n})" for n, name in sorted(set(found)))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_of_a_script_has_a_replaced_word(path):
    ours = {"player", "closed", "whole"}  # the interpolation player; dialogs are closed, numbers are whole
    lines = path.read_text(encoding="utf-8").splitlines()
    code = [re.sub(r"//.*|'[^']*'|\"[^\"]*\"|`[^`]*`", "", line) for line in lines]  # without comments and texts
    found = {(n, name) for n, line in enumerate(code, 1) for name in re.findall(r"[A-Za-z]\w*", line)}
    assert not [(name, n) for n, name in sorted(found) if replaced(name) - ours]
