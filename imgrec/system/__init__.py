"""The operating system: atomic writes, worker processes, threads, signals, progress bars."""
