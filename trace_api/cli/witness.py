"""`wayproof witness`."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

import trace_core
from trace_api.cli.serve import server_of
from trace_api.errors import Unavailable
from trace_api.log.keys import load_or_create_seed
from trace_api.witness.app import Witness, create_app
from trace_api.witness.book import Book

_KINDS: dict[str, trace_core.KeyKind] = {"witness.key": "cosignature", "witness-ml-dsa.key": "ML-DSA-44"}


@click.command()
@click.option("--name", required=True, help="Name of the witness: a URL without scheme, such as example.org/witness.")
@click.option(
    "--log", "log_keys", multiple=True, metavar="VKEY", help="A log to watch, by its verifier key. Repeatable."
)
@click.option(
    "--policy",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Watch the logs of a tlog-policy file.",
)
@click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("wayproof-witness"),
    show_default=True,
    help="Folder of the witness' key, and of what it has cosigned.",
)
@click.option("--ml-dsa", is_flag=True, help="Cosign with a key of ML-DSA-44 as well.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8090, show_default=True)
@click.option("--show-key", is_flag=True, help="Print the witness' verifier keys, as lines for a policy, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --show-key, print them as JSON.")
def witness(
    name: str,
    log_keys: tuple[str, ...],
    policy: Path | None,
    data_dir: Path,
    host: str,
    port: int,
    *,
    ml_dsa: bool,
    show_key: bool,
    as_json: bool,
) -> None:
    """Cosign checkpoints of logs (C2SP tlog-witness): only such as continue what was cosigned before.

    The folder must never be restored from a backup: a witness that forgets can be shown another history.

    \b
    Examples:
      wayproof witness --name example.org/witness --show-key
      wayproof witness --name example.org/witness --log "trace.example.org/log+c8f23a5b+AW…" --port 8090
      wayproof witness --name example.org/witness --policy policy.txt --data ./witness

    Exit codes: 0 ended by a signal; 2 wrong options; 3 the folder cannot be used.
    """
    files = list(_KINDS)[: 2 if ml_dsa else 1]
    signers = [trace_core.NoteSigner(_KINDS[file], name, load_or_create_seed(data_dir / file)) for file in files]
    if show_key:
        keys = [signer.verifier_key for signer in signers]
        click.echo(orjson.dumps(keys) if as_json else "\n".join(f"witness {name} {key}" for key in keys))
        return
    watched = _watched([*log_keys, *_keys_of(policy)])
    if not watched:
        raise click.UsageError("a witness needs logs to watch: --log VKEY or --policy FILE")
    from trace_api.http.operations import configure_logging

    configure_logging()
    with Book.open(data_dir / "cosigned.sqlite") as book:
        server_of(create_app(Witness(signers, watched, book)), host, port).run()


def _keys_of(policy: Path | None) -> list[str]:
    if policy is None:
        return []
    try:
        return [key for _, key, _ in trace_core.Policy(policy.read_bytes()).logs]
    except (OSError, trace_core.SignatureError) as failure:
        raise Unavailable(f"{policy} cannot be used: {failure}") from None


def _watched(log_keys: list[str]) -> dict[str, list[str]]:
    watched: dict[str, list[str]] = {}
    for key in log_keys:
        try:
            trace_core.Policy(f"log {key}\nquorum none\n".encode())
        except trace_core.SignatureError as wrong:
            raise click.UsageError(f"{key} is no log's verifier key: {wrong}") from None
        watched.setdefault(key.split("+", 1)[0], []).append(key)
    return watched


COMMANDS = [witness]
