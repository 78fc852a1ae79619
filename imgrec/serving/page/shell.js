// Mounts what the question is asked with.

/** Mount the parts of the page that are not its grid. */
export function mountShell() {}
