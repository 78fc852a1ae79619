"""The names of ImageNet's classes are those that torchvision publishes."""

from torchvision.models import EfficientNet_B0_Weights

from imgrec.encoders.imagenet import categories


def test_the_names_are_those_of_torchvision_in_its_order() -> None:
    assert categories() == tuple(EfficientNet_B0_Weights.DEFAULT.meta["categories"])
    assert len(set(categories())) == 1000
