"""The sizes that the commands offer; imports nothing, so that `--help` is quick."""

# Of a longer tensor TensorBoard's page takes the first rows only.
MAX_POINTS = 100_000

# Pictures on a page.
PAGE_SIZE = 10_000

# Principal components; more of them make the page slower, and hardly better.
DIMENSIONS = 50

# Of the server.
PORT = 6006
