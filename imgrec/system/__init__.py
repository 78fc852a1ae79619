"""The machine: atomic files, worker processes, threads, Ctrl-C, progress; no pictures."""
