"""Formulas and code in a question: where there are any, all their signs must be the same, in the same order.

Words around a bracket say nothing of what it holds together: 2*(3+4) and (2*3)+4 have the same ones.
"""

import re

_SIGN = re.compile(r"""[()\[\]{}!'"^*/%<>=&|~+\-\u2212]""")
# What stands in no prose: a bracket at an operator or right behind a name, operators of code, a prime, minus a bracket.
_FORMULA = re.compile(
    r"""
    [\w)\]][(\[]            # f(x), a[i]
    | [-+*/^=<>&|!~(][ ]?[(\[]  # 2*(3+4), (a && (b)), - (x)
    | [)\]][ ]?[-+*/^=<>&|]     # (3+4)*2
    | && | \|\| | [=!<>]= | <<|>>
    | (?<!\w)[!~][\w(]      # !done
    | \b\w'(?!\w)           # f', 5'
    | \d"
    | (?<!\w)-\s?[(\[]      # -(x+1)
    | \w\s?=\s?-?\w         # f=x
    """,
    re.VERBOSE,
)


def signs_apart(one: str, other: str) -> str | None:
    """What they have for signs, in words; None: the same, or neither has a formula in it."""
    if not (_FORMULA.search(one) or _FORMULA.search(other)):
        return None
    here, there = ("".join(_SIGN.findall(text)) for text in (one, other))
    return None if here == there else f"signs {here[:20] or 'none'} / {there[:20] or 'none'}"
