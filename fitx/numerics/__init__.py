"""Numerical methods: arrays in, arrays out. Nothing here knows a formula, a table, a file or the screen."""
