"""The architecture of EfficientNet-Lite0 as data: a list of convolutions.

A network of inverted residual blocks (MobileNetV2) without squeeze-and-excitation: in a block a
1 x 1 convolution expands the channels, a depthwise one filters each channel for itself, and a
1 x 1 convolution without activation projects back to few channels. A block whose input and output
have the same shape adds its input to its output (skip connection). Everything that runs the
network (the ONNX graphs, the torch module) is built from `layers()`, so that there is one
description of it.

Three details decide the vectors, and no error tells of a mistake in them: the padding is
TensorFlow's SAME, which is asymmetric at stride 2; pixels are normalized by 127 and 128, not by
torchvision's mean and standard deviation; the activation is ReLU6.

Source: Tan & Le, EfficientNet, 2019; tensorflow/tpu, models/official/efficientnet/lite.
"""

from dataclasses import dataclass

from imgrec.pictures.preprocessing import Preprocessing

DIMENSIONS = 1280
PREPROCESSING = Preprocessing(crop_px=224, resize_px=256, fit="crop")
# A pixel x enters the network as (x - PIXEL_ZERO) / PIXEL_SCALE.
PIXEL_ZERO, PIXEL_SCALE = 127, 128
# Added to the variance of a batch norm.
EPSILON = 1e-3
# The upper bound of ReLU6.
MOST = 6.0

# Repeats, kernel, stride of the first repeat, expansion, input channels, output channels.
_STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)


@dataclass(frozen=True)
class Layer:
    """A convolution with its batch norm, activation and skip connection.

    Attributes:
        conv: name of the convolution in the file of weights, and of its folded weights.
        norm: name of the batch norm in the file of weights.
        kernel: side of the filters.
        stride: 1 or 2.
        inputs: channels of the input.
        outputs: channels of the output.
        depthwise: each channel has a filter of its own.
        relu6: the output is clipped to [0, 6]; False for the projections.
        begins: the input is also the input of a skip connection, which `adds` ends.
        adds: the input of the last layer that `begins` is added to the output.
    """

    conv: str
    norm: str
    kernel: int
    stride: int
    inputs: int
    outputs: int
    depthwise: bool = False
    relu6: bool = True
    begins: bool = False
    adds: bool = False

    @property
    def pads(self) -> tuple[int, int]:
        """Zeros (before, after) along both axes, for an input of even size or of stride 1.

        TensorFlow's SAME padding: at stride 2 one zero fewer before than after.
        """
        total = self.kernel - self.stride
        return total // 2, total - total // 2


def layers() -> tuple[Layer, ...]:
    """Return the convolutions in the order of computation: stem, blocks, head."""
    found = [Layer("_conv_stem", "_bn0", 3, 2, 3, 32)]
    number = 0
    for repeats, kernel, stride, expansion, inputs, outputs in _STAGES:
        for repeat in range(repeats):
            first = repeat == 0
            found += _block(
                f"_blocks.{number}",
                kernel,
                stride if first else 1,
                expansion,
                inputs if first else outputs,
                outputs,
            )
            number += 1
    return (*found, Layer("_conv_head", "_bn1", 1, 1, _STAGES[-1][-1], DIMENSIONS))


def _block(
    name: str, kernel: int, stride: int, expansion: int, inputs: int, outputs: int
) -> list[Layer]:
    skips = stride == 1 and inputs == outputs
    wide = inputs * expansion
    found = []
    if expansion > 1:
        conv, norm = f"{name}._expand_conv", f"{name}._bn0"
        found.append(Layer(conv, norm, 1, 1, inputs, wide, begins=skips))
    conv, norm = f"{name}._depthwise_conv", f"{name}._bn1"
    found.append(Layer(conv, norm, kernel, stride, wide, wide, depthwise=True))
    conv, norm = f"{name}._project_conv", f"{name}._bn2"
    found.append(Layer(conv, norm, 1, 1, wide, outputs, relu6=False, adds=skips))
    return found
