"""Tell whether a worker process would run the script of this process again.

The start method "spawn" imports the main module in each child. A script that works at its top
level, without `if __name__ == "__main__":`, would do all of it again there: the child ends with a
traceback, of a store that is locked or of a process that may not start others. Where the workers
are only a gain in speed, none is started then.
"""

import ast
import sys
import threading
import tokenize
from types import FrameType, ModuleType


def runs_again() -> bool:
    """Return True if a child process would come to where the main thread is now.

    That is so if the main thread is in a statement at the top level of the main module, in no `if`
    about `__name__`. False where the source of the main module cannot be read.
    """
    main = sys.modules.get("__main__")
    line = _line_of(main) if main is not None and _is_imported(main) else None
    if main is None or line is None:
        return False
    try:
        with tokenize.open(str(main.__file__)) as file:
            statements = ast.parse(file.read()).body
    except (OSError, SyntaxError, ValueError):
        return False
    return not any(
        isinstance(one, ast.If)
        and one.lineno <= line <= (one.end_lineno or line)
        and any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(one.test))
        for one in statements
    )


def _is_imported(main: ModuleType) -> bool:
    """Return True if a child process imports the main module: not a prompt, nor a package."""
    name: str = getattr(getattr(main, "__spec__", None), "name", "")
    return bool(getattr(main, "__file__", None)) and name.rpartition(".")[2] != "__main__"


def _line_of(main: ModuleType) -> int | None:
    """Return the line of a module at whose top level the main thread is; None if it is not."""
    frame: FrameType | None = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals is main.__dict__:
            return frame.f_lineno
        frame = frame.f_back
    return None
