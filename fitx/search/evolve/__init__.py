"""Evolution of formula trees, for what nothing systematic fits: start with loop.py.

A genome (genome.py) is a tree in postfix order, all of whose constants are free; variation.py makes new ones of old
ones, batch.py fits the constants of a whole generation in the compiled core, archive.py keeps the best of each kind.
"""
