"""`insyn user token`: API tokens of one's own, for programs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.cli.options import DataOption, JsonOption
from insyn.cli.tables import print_table
from insyn.cli.user_told import acting_in, identified_in, say

app = typer.Typer(no_args_is_help=True, help="Your API tokens, for programs.")


@app.command("add")
def add_token(
    label: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="read, screen, deals, cases, permits, ...; may be repeated."),
    ],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How long it lasts.")] = 90,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Make an API token of your own; it is printed once."""
    from insyn.trust.people import tokens

    with identified_in(data) as (connection, asking):
        token, secret = tokens.add(
            connection,
            label=label,
            scopes=scope,
            lasts=timedelta(days=days),
            actor=asking.actor,
            now=system_clock(),
            within=asking,
        )
    if as_json:
        print(json.dumps({**token.to_json(), "secret": secret}, ensure_ascii=False))
    else:
        print(secret)
        typer.echo(f"token {token.id}, until {isoformat(token.expires_at)}; shown once", err=True)


@app.command("list")
def list_tokens(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List your tokens, those that are over too."""
    from insyn.trust.people import tokens

    with acting_in(data) as (connection, actor):
        found = tokens.of_person(connection, actor.id)
    if as_json:
        print(json.dumps([token.to_json() for token in found], ensure_ascii=False))
    else:
        rows = [
            (
                t.id,
                t.label,
                ", ".join(t.scopes),
                isoformat(t.expires_at),
                "revoked" if t.revoked_at else "",
            )
            for t in found
        ]
        print_table(("id", "label", "scopes", "until", ""), rows)


@app.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="The token's id.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """End a token at once."""
    from insyn.trust.people import tokens

    with acting_in(data) as (connection, actor):
        ended = tokens.revoke(connection, token, actor=actor, now=system_clock())
    say(f"{token} is revoked", as_json, ended.to_json())
