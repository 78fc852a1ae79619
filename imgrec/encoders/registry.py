"""The encoders by name: a table of the built-in ones, and torchvision's models behind it.

The table is data. An entry names a function by its module, which is imported only when the encoder
is asked for: listing and checking names loads no torch. To add an encoder, write a module with a
function `load(name, options)` and add its line to `BUILT_IN`. A name such as `timm:resnet10t` is
one of a library, or of a file, whose prefix is in `PREFIXES`. Every other name is looked up among
torchvision's classification models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import attrgetter
from pathlib import Path
from pkgutil import resolve_name

from imgrec.encoders.classifier import LinearHead
from imgrec.encoders.model_list import torchvision_names
from imgrec.encoders.spec import Encoder, EncoderSpec, LoadOptions
from imgrec.errors import EncoderError

# Names that an unknown one may stand for: how many are offered, and how like they are at least.
_LIKELIEST = 5
_LIKENESS = 0.4
_MORE = "https://docs.pytorch.org/vision/stable/models.html#classification"


@dataclass(frozen=True)
class Loader:
    """How an encoder is loaded.

    Attributes:
        function: `module:function`, called with the name and `LoadOptions`, returns an `Encoder`.
        takes_weights: True if `LoadOptions.weights` has a meaning for it.
        encodes_text: True if the encoder is a `TextEncoder`.
        head: `module:function`, called with a spec, returns the head of a classifier, or None if
            it is not that of the spec; empty where a head cannot be had without its network.
    """

    function: str
    takes_weights: bool = False
    encodes_text: bool = False
    head: str = ""


BUILT_IN = {
    "lite0": Loader(
        "imgrec.encoders.lite0.encoder:load", head="imgrec.encoders.lite0.head:load_head"
    ),
    "mini": Loader("imgrec.encoders.mini:load"),
    "rgb": Loader("imgrec.encoders.rgb:load"),
}
PREFIXES = {
    "timm": Loader("imgrec.encoders.timm_models:load", takes_weights=True),
    "open_clip": Loader(
        "imgrec.encoders.open_clip_models:load", takes_weights=True, encodes_text=True
    ),
    "onnx": Loader("imgrec.encoders.onnx_file:load", takes_weights=True),
}
_TORCHVISION = Loader("imgrec.encoders.vision:load", takes_weights=True)


def needs_weights(name: str) -> bool:
    """Return True if a file of weights has a meaning for an encoder."""
    return _loader(name).takes_weights


def encodes_text(name: str) -> bool:
    """Return True if an encoder turns texts into vectors too; nothing is loaded."""
    return _loader(name).encodes_text


def has_head(name: str) -> bool:
    """Return True if `load_head` may return the head of an encoder."""
    return bool(_loader(name).head)


def load_head(spec: EncoderSpec) -> LinearHead | None:
    """Return the head of the classifier that made a feature, without loading its network.

    Returns:
        None if the feature has no such head.

    Raises:
        EncoderError: the weights of the head cannot be had.
    """
    function = _loader(spec.name).head
    head: LinearHead | None = resolve_name(function)(spec) if function else None
    return head


def load_encoder(
    name: str,
    weights: Path | None = None,
    device: str = "auto",
    bins: int | None = None,
    like: EncoderSpec | None = None,
) -> Encoder:
    """Load an encoder by its name; torch is imported only for those that need it.

    Args:
        name: of a built-in encoder, of one with a prefix, or of a torchvision classification model.
        weights: as in `LoadOptions`.
        device: as in `LoadOptions`.
        bins: as in `LoadOptions`.
        like: as in `LoadOptions`.

    Raises:
        EncoderError: no encoder has that name, or its weights cannot be had or do not fit.
    """
    check_known(name)
    loader = _loader(name)
    encoder: Encoder = resolve_name(loader.function)(name, LoadOptions(weights, device, bins, like))
    return encoder


def matching_encoder(
    spec: EncoderSpec, weights: Path | None = None, device: str = "auto"
) -> Encoder:
    """Load the encoder that made a feature, to encode pictures that are not in it.

    Raises:
        EncoderError: as `load_encoder`, or its version or weights differ from those of the spec;
            or the vectors were made elsewhere.
    """
    if spec.foreign:
        raise EncoderError(
            f"the {spec.name} vectors were made elsewhere, and no encoder here makes others: "
            f"ask by a picture that has one, or name another feature than {spec.name}"
        )
    encoder = load_encoder(spec.name, weights, device, like=spec)
    deciding = attrgetter("version", "weights_digest", "precision")
    if deciding(encoder.spec) != deciding(spec):
        raise EncoderError(
            f"the store's {spec.name} vectors were made with "
            f"{spec.weights or 'another version of it'}, and this is "
            f"{encoder.spec.weights or 'a newer one'}: "
            "name the weights they were made with by --weights FILE, or index again"
        )
    return encoder


def is_known(name: str) -> bool:
    """Return True if `load_encoder` knows a name; that of another library only by its prefix."""
    return _named(name) is not None or name in _torchvision_names()


def check_known(name: str) -> None:
    """Check the name of an encoder, loading nothing.

    Raises:
        EncoderError: no encoder has that name.
    """
    if not is_known(name):
        raise EncoderError(
            f"no encoder is called {name!r}: {meant(name)}built in are "
            f"{', '.join(BUILT_IN)}; all of torchvision are listed at {_MORE}; other libraries are "
            f"{', '.join(f'{prefix}:NAME' for prefix in PREFIXES)}"
        )


def meant(name: str) -> str:
    """Return the question which encoder an unknown name stands for, "" where it is like none."""
    close = get_close_matches(name, [*BUILT_IN, *_torchvision_names()], _LIKELIEST, _LIKENESS)
    return f"did you mean {_listed(close)}? " if close else ""


def _named(name: str) -> Loader | None:
    """Return the loader of a built-in encoder or of a prefix, None for any other name."""
    prefix, colon, _ = name.partition(":")
    return BUILT_IN.get(name) or (PREFIXES.get(prefix) if colon else None)


def _loader(name: str) -> Loader:
    """Return the loader of an encoder; that of torchvision for an unknown name."""
    return _named(name) or _TORCHVISION


def _torchvision_names() -> Sequence[str]:
    """Return the names of torchvision's models, from its sources or else by importing it."""
    if names := torchvision_names():
        return names
    from imgrec.encoders.networks import model_names

    return model_names()


def _listed(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
