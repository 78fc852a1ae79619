"""The doctor's checks of a store."""
