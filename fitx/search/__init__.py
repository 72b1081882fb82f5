"""The symbolic search: from x and y to the formula behind them, systematically. Start with engine.py.

A `Problem` (problem.py) is columns and a target, possibly what is left of another problem. A `Workbench` (bench.py)
holds a problem's library of expressions (library.py, growth.py) and its spaces (spaces.py: a transformed target, a
base, features). Stages (stages/, one a file) yield formulas; the engine (engine.py) decides their order and time, and
the `Front` (front.py) keeps the best formula of each complexity. Pieces of it that do not depend on what has been found
(tasks.py) may be done by other processes before their turn comes (ahead/).
"""
