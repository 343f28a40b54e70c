"""The deck and the playground in the real program, with the real mouse and keys. With STUDIO_SCREENSHOTS set it leaves
the README's pictures of both in that folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.driver import Program, screenshots_folder
from tests.e2e.screen import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def test_a_card_is_found_and_applied_and_a_network_fits_what_was_drawn(
    project: Path, open_program: Callable[..., Program]
) -> None:
    window = open_program(str(project), "--page", "cards")
    window.wait_for("deck")
    window.screen.key("Control_L+f")
    window.screen.type("weight decay")
    wait_until(lambda: window.text("card_title") == "Weight decay", seconds=10)
    window.click("card_apply")
    wait_until(lambda: window.text("card_told") == "Weight decay is 0.1, it was 0.01.", seconds=10)
    window.screen.key("Escape")
    time.sleep(0.5)
    _picture(window, "cards")
    window.screen.key("Control_L+2")
    wait_until(lambda: window.text("weight_decay").startswith("0.1"), seconds=10)

    window.screen.key("Control_L+4")
    window.screen.key("Control_L+d")
    window.wait_for("playground_canvas")
    heights = (0.75, 0.35, 0.3, 0.6, 0.55, 0.2, 0.45, 0.8)
    places = [(0.005 + 0.99 * i / (len(heights) - 1), height) for i, height in enumerate(heights)]
    window.screen.drag([window.place_on("playground_canvas", *place) for place in places], pause=0.05)
    wait_until(lambda: "straight piece" in window.text("playground_sentence"), seconds=20)
    time.sleep(6)
    _picture(window, "playground")
    assert "would do better" not in window.text("playground_sentence")
    assert window.close() == 0


def _picture(window: Program, name: str) -> None:
    folder = screenshots_folder()
    if folder is not None:
        window.screen.save(folder / f"{name}.png")
