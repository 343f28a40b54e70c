"""Which door an invocation takes, what the way to the window loads, and how errors are said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import studio
from studio import __main__ as doors
from studio import __version__
from studio.cli.app import app, run_command
from studio.cli.names import COMMANDS
from studio.cli.window_args import PAGES, TOOLS, read_window_options
from studio.core.errors import BadInput
from studio.ui.options import WindowOptions
from tests.unit import data_sets

_WATCH_IMPORTS = """
import sys, types
app = types.ModuleType("studio.ui.app")
def run(options):
    heavy = {"typer", "rich", "click", "torch", "cv2", "pyqtgraph", "numpy", "studio.formats", "studio.engine"}
    print(sorted(heavy & set(sys.modules)), options.project is not None)
    return 7
app.run = run
sys.modules["studio.ui.app"] = app
from studio.__main__ import main
sys.exit(main())
"""


def in_a_process(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(studio.__file__).parents[1]), **variables}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False, timeout=120)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> list[WindowOptions]:
    """What the window was opened with."""
    opened: list[WindowOptions] = []

    def run(options: WindowOptions) -> int:
        opened.append(options)
        return 0

    module = types.ModuleType("studio.ui.app")
    module.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "studio.ui.app", module)
    return opened


def main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["studio", *arguments])
    return doors.main()


def test_the_way_to_the_window_loads_nothing_that_only_commands_need(tmp_path: Path) -> None:
    result = in_a_process(_WATCH_IMPORTS, str(tmp_path))
    assert (result.returncode, result.stdout.strip()) == (7, "[] True"), result.stderr


def test_without_arguments_the_window_opens_on_nothing(
    monkeypatch: pytest.MonkeyPatch, window: list[WindowOptions]
) -> None:
    assert main(monkeypatch) == 0
    assert window == [WindowOptions()]


def test_a_folder_and_every_window_option_reach_the_window(
    monkeypatch: pytest.MonkeyPatch, window: list[WindowOptions], tmp_path: Path
) -> None:
    options = ["--item", "a.png", "--tool", "brush", "--brush-size", "25", "--class", "Road", "--page", "review"]
    assert main(monkeypatch, str(tmp_path), *options) == 0
    assert window == [
        WindowOptions(project=tmp_path, item="a.png", tool="brush", brush_size=25, label_class="Road", page="review")
    ]


def test_a_window_option_may_come_before_the_project(
    monkeypatch: pytest.MonkeyPatch, window: list[WindowOptions], tmp_path: Path
) -> None:
    main(monkeypatch, "--page", "train", str(tmp_path))
    assert window[0].page == "train"
    assert window[0].project == tmp_path


@pytest.mark.parametrize(
    "arguments",
    [["--tool", "chainsaw"], ["--brush-size", "0"], ["--brush-size", "big"], ["--page", "poker"], ["--colour", "red"]],
)
def test_a_window_option_that_cannot_be_ends_with_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        read_window_options(arguments)
    assert end.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_the_windows_options_name_what_the_help_names(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert ", ".join(TOOLS) in text
    assert "|".join(PAGES) in text


def test_a_misspelt_command_is_told_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(monkeypatch, "improt") == 2
    assert "did you mean `studio import`?" in capsys.readouterr().err


def test_a_file_stands_for_its_folder(
    monkeypatch: pytest.MonkeyPatch, window: list[WindowOptions], tmp_path: Path
) -> None:
    (tmp_path / "studio.toml").touch()
    main(monkeypatch, str(tmp_path / "studio.toml"))
    assert window[0].project == tmp_path


def test_a_console_that_knows_ascii_only_still_gets_its_sentences(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "Straße→", names=["[red]_1", "ü_2"], valid="ü_2\n")
    data_sets.gray(source / "labels" / "ü_2_P.png", data_sets.stripes(size=(8, 8)))
    code = "import sys; from studio.cli.app import run_command; sys.exit(run_command(sys.argv[1:]))"
    for options in ([], ["--json"]):
        project = tmp_path / f"p{len(options)}"
        result = in_a_process(code, "import", str(source), str(project), *options, PYTHONIOENCODING="ascii")
        assert result.returncode == 0, result.stderr
    assert "Straße→" in json.loads(result.stdout.splitlines()[-2])["sentence"]


def test_a_project_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere does not exist"):
        read_window_options([str(tmp_path / "nowhere")])


def test_worker_goes_straight_to_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("studio.ml.worker")
    module.main = lambda: 42  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "studio.ml.worker", module)
    assert main(monkeypatch, "worker") == 42


def test_every_command_is_told_from_a_project_to_open() -> None:
    registered = {command.name for command in app.registered_commands}
    assert set(COMMANDS) == registered


def test_the_help_lists_every_command_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert main(monkeypatch, "--help") == 0
    lines = capsys.readouterr().out.splitlines()
    for command in COMMANDS:
        assert [line for line in lines if f" {command} " in line and line.rstrip(" │").endswith(".")], command


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "worker"])
def test_every_command_explains_itself_without_loading_torch(command: str) -> None:
    code = (
        "import sys; from studio.cli.app import run_command\n"
        "code = run_command([sys.argv[1], '--help'])\n"
        "print('torch' in sys.modules, 'PySide6' in sys.modules); sys.exit(code)"
    )
    if command != "train":  # the modules are the same for all of them, so one process answers for the imports
        assert run_command([command, "--help"]) == 0
        return
    result = in_a_process(code, command)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip().endswith("False False")


def test_the_version_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"Relearn Studio {__version__}\n"


def test_an_error_is_one_sentence_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["train", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "is not a project" in told.err


def test_an_error_is_one_event_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["train", str(tmp_path), "--json"]) == 2
    told = capsys.readouterr()
    event = json.loads(told.out)
    assert (event["event"], event["exit_code"]) == ("failed", 2)
    assert "is not a project" in event["sentence"]
    assert told.err == ""


def test_an_option_that_does_not_exist_ends_with_code_2_and_a_suggestion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["train", str(tmp_path), "--epoch", "3"]) == 2
    assert "--epochs" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("train", "--epochs", "x", "p"), ("train",), ("train", "p", "--colour")])
def test_wrong_words_are_an_event_for_programs(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([*words, "--json"]) == 2
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    event = json.loads(line)
    assert (event["event"], event["exit_code"]) == ("failed", 2)
    assert event["sentence"]
    assert not said.err


def test_a_file_in_place_of_a_project_is_told_apart_from_a_folder_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "studio.toml"
    file.write_text("name = 'x'")
    assert run_command(["train", str(file)]) == 2
    assert "is a file; name the project's folder" in capsys.readouterr().err
