"""The registry of encoders: every entry loads by name, an unknown name lists the known ones."""

import subprocess
import sys
from dataclasses import replace

import pytest

from imgrec import EncoderError
from imgrec.encoders import load_encoder, matching_encoder, needs_weights
from imgrec.encoders.registry import BUILT_IN
from stub_encoders import registered


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_encoder_loads_by_its_name_and_describes_itself(name: str) -> None:
    encoder = load_encoder(name)
    assert encoder.spec.name == name
    assert matching_encoder(encoder.spec).spec == encoder.spec
    assert not needs_weights(name)


def test_a_feature_with_another_number_of_bins_finds_its_encoder() -> None:
    spec = load_encoder("rgb", bins=16).spec
    assert spec.dimensions == 48
    assert matching_encoder(spec).spec == spec


@pytest.mark.parametrize(
    ("name", "close", "offered"),
    [("resnet5", "resnet50", 5), ("minni", "mini", 4), ("convnext_tin", "convnext_tiny", 5)],
)
def test_an_unknown_name_lists_known_ones_and_the_closest_model(
    name: str, close: str, offered: int
) -> None:
    with pytest.raises(EncoderError) as caught:
        load_encoder(name)
    message = str(caught.value)
    assert f"no encoder is called {name!r}: did you mean" in message
    assert close in message.partition("?")[0]
    listed = message.partition("did you mean ")[2].partition("?")[0].replace(" or ", ", ")
    assert len(listed.split(", ")) == offered
    known = [*BUILT_IN, "timm:NAME", "onnx:NAME", "https://docs.pytorch.org/vision"]
    assert all(word in message for word in known)
    assert "\n" not in message
    assert len(message) < 400


def test_the_error_for_a_name_similar_to_none_is_one_sentence() -> None:
    with pytest.raises(
        EncoderError, match="no encoder is called 'xyzzy': built in are lite0, mini, rgb"
    ):
        load_encoder("xyzzy")


def test_the_names_read_from_the_sources_are_those_that_torchvision_lists() -> None:
    from imgrec.encoders.model_list import torchvision_names
    from imgrec.encoders.networks import model_names

    assert list(torchvision_names()) == model_names()


def test_an_unknown_name_is_refused_without_torch() -> None:
    code = """
import sys
from imgrec import EncoderError
from imgrec.encoders.registry import load_encoder
try:
    load_encoder("resnet5")
except EncoderError:
    sys.exit(int("torch" in sys.modules))
sys.exit(2)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_an_encoder_is_registered_by_one_line() -> None:
    with registered():
        assert load_encoder("stub-plain").spec.name == "stub-plain"
        assert not needs_weights("stub-plain")
    assert needs_weights("resnet50")


def test_an_encoder_of_another_version_does_not_match() -> None:
    spec = replace(load_encoder("mini").spec, version=1)
    with pytest.raises(
        EncoderError, match=r"mini vectors were made with another version of it.*again"
    ):
        matching_encoder(spec)


def test_built_in_encoders_load_without_torch() -> None:
    # Makes the cached files, for which torch is needed once.
    load_encoder("lite0")
    code = (
        "import sys; from imgrec.encoders import load_encoder; "
        f"[load_encoder(name) for name in {list(BUILT_IN)}]; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
