"""The doctor's checks of a projector logdir."""
