"""The page of a map and the scripts and styles that it loads, from the files of the package."""

from pathlib import Path

import jinja2

from imgrec.maps.format import PAGE

CLIENT = Path(__file__).parent / "client"


def map_page(facts: str, pictures: int, *, pages: bool) -> str:
    """Return the HTML of the page of a map, which lies in a folder beside `assets`.

    Args:
        facts: the facts as JSON that is safe inside a script element (`format.json_of`).
        pictures: number of pictures.
        pages: True if the site has network pages too, in the folder above.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(CLIENT),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template(PAGE)
    return template.render(facts=facts, pictures=pictures, pages=pages) + "\n"


def map_assets() -> dict[str, bytes]:
    """Return the scripts and style sheets of the map, by file name."""
    files = sorted((*CLIENT.glob("map*.js"), *CLIENT.glob("map*.css")))
    return {file.name: file.read_bytes() for file in files}
