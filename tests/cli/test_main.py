"""The `insyn` command as a whole: help, version, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.run_insyn import insyn
from tests.support.small_lists import put_in_force, write_list

import insyn as package
from insyn.base.errors import EnvironmentFailure, InsynError, UnreadableInput, UsageError


def test_the_version_is_the_packages() -> None:
    done = insyn("--version")
    assert (done.code, done.out) == (0, f"insyn {package.__version__}\n")


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("screen",),
        ("compare",),
        ("demo",),
        ("lists",),
        ("lists", "import"),
        ("lists", "update"),
        ("lists", "status"),
        ("lists", "show"),
        ("lists", "diff"),
        ("party",),
        ("clearance",),
    ],
)
def test_every_command_has_help_that_says_what_it_does(command: tuple[str, ...]) -> None:
    done = insyn(*command, "--help")
    assert done.code == 0
    assert "Usage" in done.out
    assert len(done.out.split()) > 20


def test_the_help_tells_the_exit_codes() -> None:
    assert "0 fine, 1 a finding or a refusal, 2 wrong usage, 3 the environment" in " ".join(
        insyn("--help").out.split()
    )


@pytest.mark.parametrize("words", [("sing",), ("screen", "--no-such-option"), ("lists", "sing")])
def test_an_unknown_word_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert insyn(*words).code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [(InsynError, 1), (UnreadableInput, 1), (UsageError, 2), (EnvironmentFailure, 3)],
)
def test_every_error_has_its_exit_code(error: type[InsynError], code: int) -> None:
    assert error.exit_code == code


def test_data_before_the_command_holds_for_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "elsewhere"))
    put_in_force(tmp_path / "data", write_list(tmp_path))
    assert insyn("--data", str(tmp_path / "data"), "screen", "Ada Example").code == 0


def test_a_data_directory_that_cannot_be_made_is_the_environments_fault(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    done = insyn("lists", "status", "--data", str(tmp_path / "taken"))
    assert done.code == 3
    assert "cannot use the data directory" in done.err
    assert "INSYN_DATA" in done.err


def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path) -> None:
    put_in_force(tmp_path / "data", write_list(tmp_path))
    customers = tmp_path / "customers.csv"
    customers.write_text("name\n" + "Zebulon Quartzwell\n" * 3000, "utf-8")
    command = [sys.executable, "-m", "insyn.cli.main", "screen", "--json-lines", "--workers", "1"]
    process = subprocess.Popen(
        [*command, "--file", str(customers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "INSYN_DATA": str(tmp_path / "data")},
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"manifest" in process.stdout.read(20)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 1)


def test_an_interrupt_while_the_commands_are_read_ends_quietly() -> None:
    code = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'insyn.cli.case':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from insyn.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, "case"], check=False, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
