"""The tab "imgrec" in TensorBoard: the live page of a store, beside the projector."""
