"""Every action by its name and its keys: keys that a person can change, a palette that finds actions, a sheet of all.

Only `bindings` is on the way to the first picture.
"""
