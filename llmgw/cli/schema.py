"""`llmgw schema`: the JSON Schema of the config file, for editors and other programs."""

import sys

from llmgw.config.schema import schema_text


def schema() -> int:
    """Print it as shipped."""
    sys.stdout.write(schema_text())
    return 0
