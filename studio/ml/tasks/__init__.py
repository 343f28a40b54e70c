"""One file a task, behind one protocol and one registry."""
