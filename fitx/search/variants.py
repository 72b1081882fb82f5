"""The variants of a problem in the order in which they are searched: stripped of its power-law variables first."""

from __future__ import annotations

from fitx.search.problem import Problem
from fitx.search.strip import detect, relevant_columns

_FEW = 10  # columns up to which all are searched, even those that seem to have no effect


def variants(problem: Problem) -> list[Problem]:
    """Stripped, without the trigonometric factors divided out, each variable put back, each left out, and as it was."""
    relevant = relevant_columns(problem) if problem.d > _FEW else []
    if 0 < len(relevant) < problem.d:
        fewer = problem.with_columns(problem.columns[relevant], [problem.formulas[k] for k in relevant], "relevant ")
        return variants(fewer)
    stripped = detect(problem)
    everything = problem.active
    found: list[Problem] = []
    seen: set[tuple[int, ...]] = set()

    def add(active: tuple[int, ...], label: str) -> None:
        active = tuple(sorted(active))
        lone = len(active) < 2 and problem.d >= 3 and (bool(found) or label == "stripped")
        if not active or lone or active in seen:
            return
        seen.add(active)
        if len(active) == problem.d:
            found.append(problem)
        else:
            found.append(stripped.problem(problem, active, label))

    left = stripped.left
    # A column that seems to have no effect is rarer than a test that failed.
    idle = tuple(
        k for k in range(problem.d) if k not in left and not stripped.exponents[k] and not stripped.functions[k]
    )
    add((*left, *idle), "stripped")
    add(left, "stripped more")
    waves = tuple(k for k in range(problem.d) if k not in left and stripped.functions[k])
    if waves:
        add((*left, *waves), "stripped but waves")
    if len(left) < problem.d:
        for k in range(problem.d):
            if k not in left:
                add((*left, k), f"stripped but {k + 1}")
        if len(left) < 2 and problem.d >= 3:
            for k in range(problem.d):
                add(tuple(q for q in range(problem.d) if q != k), f"without {k + 1}")
    add(everything, "")
    return found
