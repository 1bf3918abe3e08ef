"""`converge keys new|list|revoke`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering, unreadable_outcome
from converge_cli.cli.place import SERVER
from converge_cli.core.errors import ConvergeError, RecordCorruptError, did_you_mean
from converge_cli.core.role import Role

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.app.jobs.keys import KeySetting, MadeKey
    from converge_cli.app.services import Services

app = options.app()
_USUAL = "http://127.0.0.1:8080"
"""Where converge serve listens unless it is told otherwise."""

Storage = Annotated[
    Path | None, typer.Option("--storage", metavar="DIR", help="The store of the server, as converge serve has it.")
]


@app.callback()
def keys() -> None:
    """Make, list and revoke the keys that programs call converge serve with."""


@app.command()
def new(
    person: Annotated[
        str, typer.Option("--person", metavar="PERSON", help="For whom the key speaks: an id of people.yaml.")
    ],
    roles: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="|".join(Role), help="What it lets its holder do. Repeatable."),
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What it is for, for the list.")] = "",
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="TIME", help="How long it opens anything: 12h, 90d.")
    ] = None,
    storage: Storage = None,
    as_json: options.Json = False,
) -> None:
    """Make a key, and print its secret: only now, for only its SHA-256 is kept.

    A server that runs knows it at once. submit: submit jobs; see, cancel and resume one's own. decide: see what waits
    for PERSON, and decide as PERSON, by the rules of the truth. read: see every job. operate: see, cancel and resume
    every job, and submit for others. CONVERGE_SERVER is the address that is printed beside the key.
    """

    def work() -> Answer:
        from converge_cli.app.jobs.keys import key_data, new_key  # noqa: PLC0415  when the words are right
        from converge_cli.app.jobs.known_people import doubt_about  # noqa: PLC0415

        wanted, lasting = _roles(roles), _duration(expires)
        services, setting = _opened(storage)
        made = new_key(setting, person, wanted, name=name, seconds=lasting)
        doubt = doubt_about(services, person) if Role.DECIDE in wanted else None
        data = {**key_data(made.key, setting.clock.now()), "secret": made.secret} | (
            {"warning": doubt} if doubt else {}
        )
        return Answer("made", 0, data, lambda console: _show_new(console, made, doubt))

    answering("keys new", work, as_json=as_json)


@app.command("list")
def list_keys(storage: Storage = None, as_json: options.Json = False) -> None:
    """List the keys with whose they are and what they open; never a secret."""

    def work() -> Answer:
        from converge_cli.app.jobs.keys import key_data  # noqa: PLC0415  when the words are right

        setting = _setting(storage)
        rows: list[dict[str, Any]] = []
        damaged: list[ConvergeError] = []
        now = setting.clock.now()
        try:
            for key in setting.ring.all():
                rows.append(key_data(key, now))  # noqa: PERF401  those before a damaged one are shown
        except RecordCorruptError as error:
            damaged.append(error)
        outcome, code = unreadable_outcome("listed", damaged)
        told = [error.message for error in damaged]
        return Answer(
            outcome, code, {"keys": rows, "unreadable": told}, lambda console: _show_list(console, rows, told)
        )

    answering("keys list", work, as_json=as_json)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as in the list.")],
    storage: Storage = None,
    as_json: options.Json = False,
) -> None:
    """Have a key open nothing any more, from the next request on. That can't be undone."""

    def work() -> Answer:
        from converge_cli.app.jobs.keys import key_data, revoke_key  # noqa: PLC0415  when the words are right

        setting = _setting(storage)
        revoked = revoke_key(setting, key)
        line = f"key {revoked.id} of {revoked.person} opens nothing any more"
        return Answer("revoked", 0, key_data(revoked, setting.clock.now()), line)

    answering("keys revoke", work, as_json=as_json)


def _setting(storage: Path | None) -> "KeySetting":
    return _opened(storage)[1]


def _opened(storage: Path | None) -> "tuple[Services, KeySetting]":
    from dataclasses import replace  # noqa: PLC0415  when the words are right

    from converge_cli.bootstrap import make_keys, make_services  # noqa: PLC0415
    from converge_cli.settings import load_settings  # noqa: PLC0415

    settings = load_settings(Path.cwd())
    if storage is not None:
        settings = replace(settings, storage_path=Path.cwd() / storage)
    services = make_services(Path.cwd(), settings=settings)
    return services, make_keys(services, settings)


def _roles(words: list[str] | None) -> list[Role]:
    """Raises: UsageError: a word is no role, or there is none."""
    if not words:
        raise UsageError("--role is missing: a key without roles opens nothing", hint=_choices(), where="--role")
    for word in words:
        if word not in set(Role):
            hint = did_you_mean(word, Role) or _choices()
            raise UsageError(f"{word!r} is no role", hint=hint, where="--role")
    return [Role(word) for word in words]


def _choices() -> str:
    return f"--role takes {', '.join(Role)}; it may be repeated"


def _duration(text: str | None) -> Any:
    if text is None:
        return None
    seconds = options.seconds(text)
    if seconds is None or seconds <= 0:
        raise UsageError(f"--expires takes a duration such as 12h or 90d, not {text!r}", where="--expires")
    return seconds


def _show_new(console: "Console", made: "MadeKey", doubt: str | None) -> None:
    import os  # noqa: PLC0415

    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.trace.glyphs import glyph  # noqa: PLC0415

    key, page = made.key, Page(console)
    until = f", until {key.expires_at}" if key.expires_at else ""
    page.line(f"{glyph('done')} key {key.id} of {key.person}: {', '.join(key.roles)}{until}")
    page.line("  its secret is shown only now; keep it where nobody else reads:")
    page.line(f"  export CONVERGE_API_KEY={made.secret}")
    named = os.environ.get(SERVER, "").rstrip("/")
    page.line(f'  curl -H "Authorization: Bearer $CONVERGE_API_KEY" {named or _USUAL}/api/v1/jobs')
    if not named:
        page.line(f"  where the server listens elsewhere, {SERVER} is its address")
    if doubt:
        page.line(f"  {doubt}")


def _show_list(console: "Console", rows: list[dict[str, Any]], told: list[str]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people

    page = Page(console)
    if not rows and not told:
        page.line("no keys here   converge keys new --person PERSON --role submit")
    page.rows(
        [
            (row["id"], row["person"], " ".join(row["roles"]), row["standing"], row["expires_at"] or "", row["name"])
            for row in rows
        ]
    )
    for line in told:
        page.line(line)
