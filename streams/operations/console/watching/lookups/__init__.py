"""Questions that take a look through the log: asked on a page, answered beside it."""
