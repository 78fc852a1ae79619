"""Options of a run that change nothing, because no encoder of it takes them."""

from collections.abc import Iterator, Mapping

from imgrec.encoders.spec import Encoder
from imgrec.indexing.options import IndexOptions


def without_effect(encoders: Mapping[str, Encoder], options: IndexOptions) -> Iterator[str]:
    """Yield a line for each option that was given and has no effect.

    Args:
        encoders: of the run, by name.
        options: of the run.
    """
    if not all(encoder.spec.in_worker for encoder in encoders.values()):
        return
    names = " and ".join(encoders)
    if options.device not in ("auto", "cpu"):
        yield (
            f"device {options.device} computes nothing: {names} run on the CPU"
            + _because(encoders.get("lite0"))
        )
    if options.compile == "on":
        yield f"compile on has no effect: it is for models of torch, and the encoders are {names}"


def _because(lite0: Encoder | None) -> str:
    if lite0 is None or lite0.spec.precision != "int8":
        return ""
    return ", and the vectors of lite0 in this store were made there"
