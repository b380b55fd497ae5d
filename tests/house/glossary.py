"""The words of the house. Keys of the config, fields of the log and of the graph are made of these and no others.

One word per thing: whoever needs a new one puts it here, beside its kin, and sees whether there is one already.
"""

# In the order in which one meets them in a file.
CONFIG = """
server host port max body in flight tls cert key drain trusted proxies timezone cors open early keepalive
providers like base url api version speaks auth optional headers region project profile credentials
proxy ca file verify connections unsupported
simulate latency tokens per s output fail
models target set default drop lacks retry attempts backoff price input cached usd mtok context window expose
prices reasoning write 1h audio image
routes fallback pool when use if weight by sticky on failure deadline
defaults connect first token idle total breaker failures error rate window for telemetry logs format level bodies
keys secret value not after sha256 team endpoints expires
limits budgets limit match each missing requests concurrent exceeded enforce unbounded alert webhook spent
cache size store mode ttl scope threshold embed slots tool calls variety
state admin ledger keep durability
tests name request expect at ip endpoint user stream tools images json messages metadata seed model
"""

# Those of them that are one thing instead of many (`target` is a key, the graph has `targets`), and what is resolved.
GRAPH = """
id provider dialect wires count edits transport secrets cloud kind service variables nanousd targets
absent closed digest digests principals fingerprint
priced offers
rules amount others window is hard allows seconds attempt unit
route path node entries members branches condition patterns star variable
"""

# Beside those above.
LOG = """
event timestamp client method outcome status class code error message reason problems warnings
usage service tier cost delay ms overhead dropped response
credential
config before urls budget
"""


def words() -> frozenset[str]:
    """All of them."""
    return frozenset(f"{CONFIG} {GRAPH} {LOG}".split())


# What other products call these things, and what is called otherwise here: never a key, a field or a label of ours.
FOREIGN = {
    "alias": "model",
    "deployment": "target",
    "backend": "provider",
    "vendor": "provider",
    "cluster": "pool",
    "strategy": "by",
    "cooldown": "breaker",
    "num": "attempts",
    "retries": "attempts",
    "rpm": "requests per minute",
    "tpm": "tokens per minute",
    "prompt": "input",
    "completion": "output",
    "downstream": "client",
}
