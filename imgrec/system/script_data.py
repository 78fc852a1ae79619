"""Data for the scripts of a page: JSON that is safe inside a script element."""

import json


def json_text(value: object) -> str:
    """Return compact JSON that is safe inside a script.

    `<` is escaped, so that no name can close the script element, and so are U+2028 and U+2029,
    which older JavaScript treats as line terminators.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
