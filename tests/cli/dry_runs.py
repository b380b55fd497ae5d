"""Dry runs over a small file, for the tests of what is shown of them."""

from llmgw.adapters.config_files import Text, build
from llmgw.config import model as file
from llmgw.graph.model import Resolved
from llmgw.routing import facts
from llmgw.routing.dice import Dice
from llmgw.routing.health_board import ALL_WELL
from llmgw.routing.rehearsal import Pretence, Rehearsal, rehearse
from llmgw.routing.walk import Itinerary, walk

CONFIG = """\
models:
  gpt: simulator/gpt
  small: {target: simulator/small, max_output: 10}
routes:
  chat: {fallback: [small, gpt]}
  named: {fallback: [gpt, {use: small, on_failure: [timeout]}], max_attempts: 1}
"""


def dry_run(model: str, pretence: Pretence, max_tokens: int = 0) -> tuple[Resolved, Itinerary, Rehearsal]:
    graph = build([Text("t", CONFIG)], {}, need_secrets=False).checked()
    resolved = graph.resolve(model)
    assert resolved is not None
    dice = Dice(0)
    known = facts.pretended(file.TestRequest(model=model, max_tokens=max_tokens))
    itinerary = walk(resolved, known, ALL_WELL, dice)
    return resolved, itinerary, rehearse(itinerary, pretence, dice)
