"""The command line: one small file a group of commands. Never imported on the way to the window."""
