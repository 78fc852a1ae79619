"""Many machines: a plan of jobs, the crews that work it off, and what their results become."""
