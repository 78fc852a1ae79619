"""The doctor's checks of a network site."""
