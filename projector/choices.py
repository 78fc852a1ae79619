"""Defaults and limits of the command-line options; imports nothing heavy: `--help` is fast."""

from imgrec.layouts.choices import COLUMNS

# Longest tensor that the page of TensorBoard loads; it drops further rows.
MAX_POINTS = 100_000

# Most pictures per page.
PAGE_SIZE = 10_000

# Principal components in the tensor; more make the page slower and hardly better.
DIMENSIONS = COLUMNS

# First port that the server tries.
PORT = 6006

# Fewer could not be shown: the projector has three axes.
LEAST_DIMENSIONS = 3
