"""The doctor's checks of a logdir of the TensorBoard Embedding Projector, made by any tool."""
