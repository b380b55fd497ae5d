"""`python -m llmgw`: the same commands where the console script is not on the path."""

from llmgw.cli.main import run

if __name__ == "__main__":
    run()
