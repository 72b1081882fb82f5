"""The methods: one file each. A file added to this folder is found by being here; see `base.py` for the interface."""
