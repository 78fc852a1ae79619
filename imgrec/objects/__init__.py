"""Object storage: addresses, conditional writes, ranges, listings; nothing about pictures."""
