"""Tasks done ahead of their turn by other processes, judged in the plan's order: start with schedule.py.

The search judges what its tasks (tasks.py) find strictly in the order of its plan, and it is itself a worker: while the
task whose turn it is is under way in another process (crew.py, worker.py), it does later ones. So the outcome is the
same for any number of processes, where the work is not cut by time.
"""
