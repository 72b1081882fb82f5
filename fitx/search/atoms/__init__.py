"""Functions with constants inside: a table of shapes, their arguments and starts, and the batch fit of all of them."""
