"""The arguments and flags of the commands, each with the help that is printed for it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from llmgw import __version__


def _flag(*names: str, help: str, metavar: str | None = None, hidden: bool = False) -> Any:  # noqa: A002 - typer's word
    return typer.Option(*names, help=help, metavar=metavar, hidden=hidden)


def _print_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"llmgw {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)]
Configs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CONFIG]...", help="The file (./llmgw.yaml); several are merged; - is standard input."),
]
NewFile = Annotated[str, typer.Argument(metavar="FILE", help="Where to write; - is standard output.")]

EnvFile = Annotated[
    Path | None,
    _flag("--env-file", metavar="FILE", help="NAME=VALUE lines for the environment, which wins over them."),
]
Json = Annotated[bool, _flag("--json", help="One JSON document instead of text.")]
Strict = Annotated[bool, _flag("--strict", help="Warnings count as errors.")]
Force = Annotated[bool, _flag("--force", help="Overwrite an existing file.")]

# serve
ServedModel = Annotated[
    str | None, _flag("--model", metavar="PROVIDER/MODEL", help="Serve this without a file, under any name.")
]
Fallbacks = Annotated[
    str | None, _flag("--fallbacks", metavar="A,B", help="What answers when --model fails, in this order.")
]
Host = Annotated[str | None, _flag("--host", metavar="ADDRESS", help="Where to listen (127.0.0.1 and ::1).")]
Open = Annotated[bool, _flag("--open", help="Other machines may call too: whoever reaches the port, without a key.")]
Port = Annotated[int | None, typer.Option(help="Where to listen (4000); 0 takes a free one.", min=0, max=65535)]
Workers = Annotated[int, typer.Option(help="Processes; not more than 1 in this version.", min=1)]
Watch = Annotated[bool, _flag("--watch", help="Reload when a file changes.")]

# keys
KeyName = Annotated[
    str, _flag("--name", metavar="NAME", help="What logs, rules and tests shall call it, as in search-prod.")
]
Team = Annotated[str | None, _flag("--team", metavar="NAME", help="Whose it is.")]
KeyUser = Annotated[str | None, _flag("--user", metavar="NAME", help="Who has it.")]
KeyConfigs = Annotated[
    list[str] | None, typer.Argument(metavar="[CONFIG]...", help="Whose ledger keeps it; none: nothing is kept.")
]
KeyModels = Annotated[
    str | None, _flag("--models", metavar="A,B", help="The names that it may ask for; * stands for any text (all).")
]
KeyEndpoints = Annotated[
    str | None, _flag("--endpoints", metavar="A,B", help="What it may ask for, as in chat,count_tokens (all).")
]
KeyMetadata = Annotated[list[str] | None, _flag("--metadata", metavar="K=V", help="What rules know it by.")]
Expires = Annotated[str | None, _flag("--expires", metavar="WHEN", help="2027-01-31, 2027-01-31T14:30 or 90d (never).")]
Sha256 = Annotated[str | None, _flag("--sha256", metavar="HEX", help="Of a secret that the caller has already.")]
NamedKey = Annotated[str, typer.Argument(metavar="NAME", help="What the key is called.")]
When = Annotated[str, typer.Argument(metavar="WHEN", help="2027-01-31, 2027-01-31T14:30, 30d, now or never.")]
FurtherConfigs = Annotated[
    list[str] | None, typer.Argument(metavar="[CONFIG]...", help="The file (./llmgw.yaml); several are merged.")
]
Overlap = Annotated[str, _flag("--overlap", metavar="TIME", help="For so long the old secret still holds (1h).")]

# doctor
Tried = Annotated[
    str | None, _flag("--model", "-m", metavar="NAME", help="Only what this name leads to (all of the file).")
]

# providers
SearchText = Annotated[
    str | None, typer.Argument(metavar="TEXT", help="A part of a name, of an alias or of an address (all of them).")
]

# prices
PricedModel = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="provider/model, a provider, or a name of the file (all)."),
]
PriceConfigs = Annotated[
    list[str] | None, typer.Argument(metavar="[CONFIG]...", help="Files whose prices win over the table.")
]

# usage
By = Annotated[
    str, _flag("--by", metavar="NAMES", help="A row for each value of these, as in key,metadata.tier,day (one of all).")
]
Where = Annotated[
    list[str] | None, _flag("--where", metavar="NAME=VALUE", help="Only what is so, as in team=search; several: all.")
]
Since = Annotated[
    str | None, _flag("--since", metavar="TIME", help="24h, 7d, 2026-11, 2026-11-01 or 2026-11-01T12:30 (always).")
]
Until = Annotated[str | None, _flag("--until", metavar="TIME", help="The same; a day or a month that is named counts.")]
Csv = Annotated[bool, _flag("--csv", help="Comma-separated values instead of a table.")]
Requests = Annotated[bool, _flag("--requests", help="One JSON line for each request instead.")]

# cache
AdminUrl = Annotated[
    str | None,
    _flag("--url", metavar="URL", help="Ask the gateway there (that of the file, where it keeps answers in memory)."),
]
OfRule = Annotated[str | None, _flag("--rule", metavar="NAME", help="Only what this rule of the file has kept.")]
OfScope = Annotated[str | None, _flag("--scope", metavar="TEXT", help="Only what is for these, as `ls` tells it.")]
OfModel = Annotated[
    str | None, _flag("--model", "-m", metavar="NAME", help="Only what was asked of this name; * stands for any text.")
]
OlderThan = Annotated[str | None, _flag("--older-than", metavar="TIME", help="Only what was kept before, as in 1h.")]
EntryKey = Annotated[
    str | None, _flag("--key", metavar="HEX", help="Only the entry with this key: the digits that `ls` shows.")
]
Most = Annotated[int, typer.Option("--limit", help="How many at the most, the newest first.", min=1, max=1000)]
Compared = Annotated[
    list[str],
    typer.Argument(metavar="[CONFIG]... A.json B.json", help="Two bodies; files before them: by their rules."),
]
PathModel = Annotated[
    str | None, _flag("--model", metavar="NAME", help="The name that a path would say (that of the body).")
]
Everything = Annotated[bool, _flag("--all", help="Throw away all that is kept.")]
PairsFile = Annotated[
    Path, typer.Argument(metavar="FILE", help='JSON lines of {"a", "b", "same"}, or CSV with that head.')
]
TunedConfigs = Annotated[
    list[str] | None, typer.Argument(metavar="[CONFIG]...", help="Where the model of --embed is (./llmgw.yaml).")
]
Embed = Annotated[
    str, _flag("--embed", metavar="NAME", help="As in a rule: provider/model, a model of CONFIG, or local/NAME.")
]
Slots = Annotated[bool, typer.Option("--slots/--no-slots", help="Numbers, names and dates must agree, as by default.")]

# test-route
Model = Annotated[str | None, _flag("--model", "-m", metavar="NAME", help="The name that the client asks for.")]
Metadata = Annotated[list[str] | None, _flag("--metadata", metavar="K=V", help="The caller's metadata.")]
Header = Annotated[list[str] | None, _flag("--header", metavar="K=V", help="A header of the request.")]
User = Annotated[str | None, _flag("--user", help="The request's user.")]
InputTokens = Annotated[int | None, typer.Option(help="How many tokens its input has.", min=0)]
MaxTokens = Annotated[int | None, typer.Option(help="The cap of its output.", min=0)]
Stream = Annotated[bool, _flag("--stream", help="It asks for a stream.")]
Tools = Annotated[bool, _flag("--tools", help="It has tools.")]
Images = Annotated[bool, _flag("--images", help="It has images.")]
RequestFile = Annotated[
    str | None,
    _flag("--request", metavar="FILE", help="A request's body as JSON, read as the server does; - is stdin."),
]
Spoken = Annotated[
    str | None,
    _flag("--dialect", metavar="NAME", help="The dialect of the body, as in gemini_generate (openai_chat)."),
]
Fail = Annotated[
    list[str] | None,
    _flag("--fail", metavar="T=CLASS", help="Target T fails so, always; T=CLASS,CLASS: on its first two attempts."),
]
AssumeKeys = Annotated[bool, _flag("--assume-keys", help="As if every provider had its key: nothing leaves the graph.")]
At = Annotated[str | None, _flag("--at", metavar="TIME", help="When it comes, as in 2026-12-31T23:59 (now).")]
Seed = Annotated[str | None, _flag("--seed", metavar="N", help="The dice: a number, or a request id from the log (0).")]
All = Annotated[bool, _flag("--all", help="Run the file's tests instead.")]
Key = Annotated[
    str | None, _flag("--key", metavar="NAME", help="Who asks: a key of the file, by its name; then access is checked.")
]
Spent = Annotated[
    list[str] | None,
    _flag("--spent", metavar="BUDGET=USD", help="What is spent of a budget, where the request draws; repeatable."),
]
NOTATIONS = ("text", "mermaid", "dot")
Drawn = Annotated[
    str | None,
    _flag("--graph", metavar="[mermaid|dot]", help="Draw the routing graph instead (of --model: what it leads to)."),
]
FactsFile = Annotated[
    str | None,
    _flag("--facts", metavar="FILE", help="How the targets are: what /admin/health of a gateway tells (all are well)."),
]
