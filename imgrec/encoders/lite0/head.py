"""The head of `lite0`: the scores of the 1,000 classes are a linear function of the vectors."""

from imgrec.encoders.classifier import LinearHead
from imgrec.encoders.lite0.cached import cached_weights
from imgrec.encoders.lite0.weights import DIGEST, HEAD
from imgrec.encoders.spec import EncoderSpec


def load_head(spec: EncoderSpec) -> LinearHead | None:
    """Return the head alone, without the network; None if vectors were made with another one."""
    return cached_head() if spec.weights_digest == DIGEST else None


def cached_head() -> LinearHead:
    """Return the head; see `cached_weights`."""
    weights = cached_weights()
    return LinearHead(weights[f"{HEAD}.weight"], weights[f"{HEAD}.bias"])
