"""The sample projects that the program draws by itself: street scenes for masks, faces for keypoints."""

from studio.demo.project import NOTES_FILE, DemoNotes, WrongLabel, default_demo_folder, make_demo, read_notes

__all__ = ["default_demo_folder", "make_demo", "read_notes", "DemoNotes", "WrongLabel", "NOTES_FILE"]
