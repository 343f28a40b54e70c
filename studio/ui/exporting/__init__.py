"""Handing the open project's labels out to other programs: the questions, and how far the export is."""
