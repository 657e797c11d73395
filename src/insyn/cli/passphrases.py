"""Passphrases: typed unseen or read from a file, never taken from the command line or printed."""

from __future__ import annotations

import getpass
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.errors import EnvironmentFailure, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insyn.trust.keys.keyfile import SigningKey

PassphraseFileOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="File whose first line is the passphrase (else it is asked for).",
        show_default=False,
    ),
]


def passphrase(
    file: Path | None,
    question: str,
    *,
    new: bool = False,
    what: str = "passphrase",
    option: str = "--passphrase-file",
) -> str:
    """The passphrase, or password: the first line of the file, else as typed; a new one twice.

    Args:
        file: where it stands, or None.
        question: what a person is asked.
        new: whether it is made now.
        what: what messages call it.
        option: names the file on the command line.

    Raises:
        EnvironmentFailure: the file cannot be read.
        UsageError: the file is empty, or there is no terminal at which it can be typed unseen.
    """
    if file is None:
        return _typed(question, new, f"{option} FILE")
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFailure(
            f"cannot read the {what} file {file} as UTF-8 text; check its path and permissions"
        ) from error
    if not lines or not lines[0]:
        raise UsageError(f"the first line of {file} is empty; it must be the {what}")
    return lines[0]


def new_password(file: Path | None) -> str:
    """A password that somebody sets for themselves."""
    question = "New password (12 characters or more, without your name)"
    return passphrase(file, question, new=True, what="password", option="--password-file")


def _typed(question: str, new: bool, instead: str) -> str:
    with warnings.catch_warnings():
        # Where nothing can be typed unseen, Python would show it and warn: better not asked.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            # `str(...)`: typer declares its answer as anything.
            return str(typer.prompt(question, hide_input=True, confirmation_prompt=new, err=True))
        except getpass.GetPassWarning as error:
            raise UsageError(
                f"{question}: there is no terminal to type it at unseen; use {instead}"
            ) from error


def opened(key: Path, file: Path | None) -> SigningKey:
    """The key in an encrypted file, opened by its passphrase."""
    from insyn.trust.keys.keyfile import open_key

    return open_key(key, passphrase(file, f"Passphrase of {key}"))


def all_opened(keys: Sequence[Path], files: Sequence[Path]) -> list[SigningKey]:
    """Several keys; passphrase files are in the order of the keys, or there are none.

    Raises:
        UsageError: there are some, and not as many as keys.
    """
    if files and len(files) != len(keys):
        raise UsageError("give --passphrase-file once for each --key, in the same order")
    return [opened(key, files[index] if files else None) for index, key in enumerate(keys)]
