"""The machine: files written whole, worker processes, threads, Ctrl-C, progress; nothing about pictures."""
