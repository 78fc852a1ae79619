"""Files of weights that are no state dict: each says what it is, and nothing in them is run."""

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from imgrec.encoders import load_encoder
from imgrec.encoders.state_dicts import read_state
from imgrec.encoders.torch_files import reason_of
from imgrec.errors import EncoderError

ADVICE = ("weights_only", "weights only", "safe_globals", "allowlist", "trust", "pytorch.org")
STATE = {"layer.weight": torch.arange(12.0).reshape(3, 4), "layer.bias": torch.ones(3)}


class Trap:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.mkdir, (self._folder,)


def _saved(content: object, **options: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)  # type: ignore[arg-type]
    return file.getvalue()


def _changed(data: bytes, change: Callable[[str, bytes], bytes], packed: bool = False) -> bytes:
    """Return an archive of torch with the content of its members changed."""
    file = io.BytesIO()
    way = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        zipfile.ZipFile(file, "w", way, compresslevel=1) as other,
    ):
        for name in archive.namelist():
            other.writestr(name, change(name, archive.read(name)))
    return file.getvalue()


def _refused(file: Path, data: bytes) -> str:
    file.write_bytes(data)
    with pytest.raises(EncoderError) as caught:
        read_state(file)
    message = str(caught.value)
    assert message.startswith(f"the weights in {file} cannot be used: it")
    assert message.isprintable()
    assert not [word for word in ADVICE if word in message.replace(str(file), "").lower()]
    return message


FORMS = {"zip": {}, "legacy": {"_use_new_zipfile_serialization": False}}


@pytest.mark.parametrize("form", FORMS)
def test_a_state_dict_of_every_form_is_read(form: str, tmp_path: Path) -> None:
    checkpoint = {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in STATE.items()}}
    for content in (STATE, checkpoint):
        (tmp_path / "w.pth").write_bytes(_saved(content, **FORMS[form]))
        found = read_state(tmp_path / "w.pth")
        assert found.keys() == STATE.keys()
        assert all(torch.equal(found[name], STATE[name]) for name in STATE)


@pytest.mark.parametrize("form", [*FORMS, "pickle"])
def test_code_is_named_and_never_run(form: str, tmp_path: Path) -> None:
    trap = {"state_dict": {**STATE, "x": Trap(tmp_path / "run")}}
    data = pickle.dumps(trap) if form == "pickle" else _saved(trap, **FORMS[form])
    message = _refused(tmp_path / "w.pth", data)
    assert ": it holds " in message
    assert "Path" in message
    assert "code or objects beside tensors; imgrec never runs these: " in message
    assert "state_dict()" in message
    assert "safetensors" in message
    assert not (tmp_path / "run").exists()


def test_objects_that_run_nothing_are_named_too(tmp_path: Path) -> None:
    for content, name in (
        (torch.nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
        ({"w": np.zeros(3)}, "multiarray._reconstruct"),
        ({"w": STATE["layer.bias"], "path": Path("x")}, "pathlib."),
    ):
        message = _refused(tmp_path / "w.pth", _saved(content))
        assert name in message
        assert "imgrec never runs these" in message


def test_a_name_of_another_script_or_length_stays_one_short_line(tmp_path: Path) -> None:
    module = ("m" * 500 + "\x1b[31m").encode()
    data = b"\x80\x02c" + module + b"\nevil\n)R."
    assert len(_refused(tmp_path / "w.pth", data)) < 500 + len(str(tmp_path))


def test_torchscript_is_named(tmp_path: Path) -> None:
    def extended(name: str, data: bytes) -> bytes:
        return data

    file = io.BytesIO(_changed(_saved(STATE), extended))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("archive/constants.pkl", b"\x80\x02.")
        archive.writestr("archive/code/__torch__.py", b"import os")
    assert "it is a TorchScript archive" in _refused(tmp_path / "w.pth", file.getvalue())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is no file that torch.save writes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is no file that torch.save writes"),
        (b"<!doctype html>", "it is no file that torch.save writes"),
        (b"PK\x03\x04" + bytes(100), "it is damaged or cut short"),
        (b"\x80\x02junk", "it is damaged or cut short"),
        (b"\x80", "it is damaged or cut short"),
    ],
)
def test_other_files_say_what_they_are(data: bytes, said: str, tmp_path: Path) -> None:
    assert said in _refused(tmp_path / "w.pth", data)


def test_an_archive_of_something_else_is_named(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "x")
    assert "a zip archive, but none that torch.save" in _refused(tmp_path / "w", file.getvalue())


@pytest.mark.parametrize("form", FORMS)
def test_every_truncated_file_is_refused(form: str, tmp_path: Path) -> None:
    data = _saved(STATE, **FORMS[form])
    for length in range(0, len(data) - 1, max(1, len(data) // 40)):
        _refused(tmp_path / "w.pth", data[:length])


def test_an_archive_that_unpacks_to_far_more_is_not_given_to_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bomb(name: str, data: bytes) -> bytes:
        return bytes(70 * 2**20) if name.endswith("data/1") else data

    data = _changed(_saved(STATE), bomb, packed=True)
    assert len(data) < 500_000
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("torch read the file"))
    assert f"its {len(data):,} bytes unpack to 73," in _refused(tmp_path / "w.pth", data)


def test_an_archive_packed_again_by_others_is_read(tmp_path: Path) -> None:
    data = _changed(_saved(STATE), lambda _, member: member, packed=True)
    (tmp_path / "w.pth").write_bytes(data)
    assert torch.equal(read_state(tmp_path / "w.pth")["layer.bias"], STATE["layer.bias"])


def test_a_tensor_that_repeats_few_values_is_refused(tmp_path: Path) -> None:
    # 4 bytes as 10 GB.
    state = {"fc.weight": torch.zeros(1).expand(50_000, 50_000)}
    message = _refused(tmp_path / "w.pth", _saved(state))
    assert "its fc.weight (50000x50000) is stored with fewer values than that" in message


def test_a_tensor_without_values_is_refused(tmp_path: Path) -> None:
    data = _saved({"fc.weight": torch.zeros(1, device="meta")})
    assert "its fc.weight (1) is stored with fewer" in _refused(tmp_path / "w.pth", data)


def test_a_state_dict_that_torch_reads_only_with_code_says_so(tmp_path: Path) -> None:
    data = _saved(STATE, pickle_protocol=4)
    assert "a pickle of protocol 4: save it with" in _refused(tmp_path / "w.pth", data)


def test_sizes_that_lie_are_refused(tmp_path: Path) -> None:
    def lying(name: str, data: bytes) -> bytes:
        # The number of the elements of the first storage.
        return data.replace(b"K\x0ct", b"J\x00\x00\x00\x7ft") if name.endswith(".pkl") else data

    data = _changed(_saved(STATE), lying)
    assert data != _saved(STATE)
    (tmp_path / "w.pth").write_bytes(data)
    with pytest.raises(EncoderError, match=r"cannot be used: [^\n]*$"):
        read_state(tmp_path / "w.pth")


@pytest.mark.parametrize("length", [2, 2**20, 2**62])
def test_a_safetensors_header_that_lies_is_refused(length: int, tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    data = struct.pack("<Q", length) + b"{}" + bytes(8)
    assert "no safetensors file" in _refused(tmp_path / "w.safetensors", data)


@pytest.mark.parametrize("name", ["squeezenet1_0", "timm:test_resnet", "open_clip:ViT-B-32"])
def test_every_loader_refuses_code_in_the_same_words(name: str, tmp_path: Path) -> None:
    library = name.partition(":")[0]
    if library != name:
        pytest.importorskip(library)
    file = tmp_path / "w.pth"
    file.write_bytes(_saved({"x": Trap(tmp_path / "run")}))
    with pytest.raises(EncoderError, match="imgrec never runs these") as caught:
        load_encoder(name, file, "cpu")
    assert "weights_only" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_the_advice_of_libraries_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(_saved({"x": Trap(tmp_path / "run")}))
    with pytest.raises(pickle.UnpicklingError) as caught:
        torch.load(tmp_path / "w.pth", weights_only=True)
    for error in (
        caught.value,
        RuntimeError("If this checkpoint is trusted, retry with weights_only=False."),
        ValueError("use torch.serialization.add_safe_globals([X])"),
    ):
        said = reason_of(error)
        assert "imgrec never runs these" in said
        assert not [word for word in ADVICE if word in said.lower()]
    assert reason_of(OSError("disk\nfull\x1b[0m")) == "disk full [0m"
    assert reason_of(ValueError()) == "ValueError"


@pytest.mark.parametrize("library", ["timm", "open_clip"])
def test_a_library_that_refuses_its_own_file_is_quoted_without_advice(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = pytest.importorskip(library)

    def failing(*_: object, **__: object) -> object:
        raise pickle.UnpicklingError("Weights only load failed. Re-running with weights_only False")

    monkeypatch.setattr(module, "create_model", failing)
    name = "timm:test_resnet" if library == "timm" else "open_clip:ViT-B-32/laion2b_s34b_b79k"
    with pytest.raises(EncoderError, match="imgrec never runs these") as caught:
        load_encoder(name, None, "cpu")
    assert "weights_only" not in str(caught.value)
