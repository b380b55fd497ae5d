"""A question cut into what counts and what is only wording: numbers, dates, names, code, and the words between.

Its turns of phrase come first, so that `what is the way to …` and `how to …` are one.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from llmgw.policy import slot_words
from llmgw.policy.slot_frames import framed
from llmgw.policy.slot_words import PHRASES, WORDING

WORDS_MAX = 4096  # that are remembered
_LETTERS_MAX = 4  # of an abbreviation
_CURRENCIES = "$€£¥"
_ENDINGS = frozenset({"st", "nd", "rd", "th"})
_CUT = {"ca": "can", "wo": "will", "sha": "shall"}  # can't, won't, shan't

_TOKEN = re.compile(
    r"""
    (?P<plain>[^\W\d_]++(?:['\u2019][^\W\d_]++)*+(?![\w@+\#]|[-./:]\w))  # most
  | (?P<exact>
        \w+://[^\s<>"]*[^\s<>".,;:!?)]                                          # addresses
      | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
      | "[^"]+" | “[^”]+” | „[^“”]+[“”] | «[^»]+» | `[^`]+` | (?<!\w)'[^']+'(?!\w)
      | (?<![\w.])(?:[.~]{0,2}/|\.)\w(?:[\w./-]*\w)?                              # paths, and endings of files
      | (?<!\S)--?[^\W\d][\w-]*                                                 # flags
      | [^\W\d_]+(?:\+\+|\#(?!\w))                                              # C++, C#
      | [^\W\d_]+[-./:]?\d\w*(?:[-./:]\w+)*                                     # gpt-4o, A-1042
      | [^\W_]+_\w*(?:[-./:]\w+)* | _\w+                                        # parse_date
      | [^\W\d_]\w+(?:\.[^\W_]\w+)+                                             # os.path
      | \d+(?:[/.]\d+){2,} )
  | (?P<iso>\d{4}-\d\d?-\d\d?)(?!\w)
  | (?P<time>\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]\.?m\b)? | \d{1,2}\s?[ap]\.?m\b)
  | (?P<number>(?:(?<![\w)])[-\u2212])?[$€£¥]?\d+(?:[.,]\d+)*)
    (?:\s?(?P<unit>%|°[CF]?\b|[€£¥]|km/h\b)|(?P<letters>[^\W\d_]{1,4}(?!\w)))?
  | (?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)*)
  | (?P<sign>
        (?<=\w)\(\)? | (?<=\d)!(?!\w) | (?<=[^\S\n])[-\u2013]{1,2}(?=\s+\S)      # foo(), 5!, a - b
      | (?<=\s)[;:?!,](?=\s+\w)                                                  # alone
      | (?<=\s)\.\.?(?![\w.]) | (?<!\w)[:;]-?[()]                                # cd .., :)
      | [!:]?(?:(?![$€£¥]\d)[^\w\s.,;:!?'"()`\u00b4\ufe0f\u00b7\u00a1\u00bf
            \u2010-\u2027«»\u3001-\u3003\u3008-\u3011\u30fb\uff01\uff08\uff09\uff0c\uff0e\uff1a\uff1b\uff1f-])+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)


_OWNER = re.compile("['\u2019]s$", re.IGNORECASE)


class Token(NamedTuple):
    """`key` is what it is compared by; empty: only wording. `word` is as it was said, in lower case."""

    key: str
    word: str
    exact: bool = False  # a name, a number or code: it has no other forms
    said: str = ""  # of a word: with its large letters


def tokens(question: str) -> list[Token]:
    """In their order."""
    text, is_head = framed(question.strip())
    text = PHRASES.sub(slot_words.rephrased, text)
    return _joined([*_raw(text, is_head=is_head)])


def _has_case(text: str) -> bool:
    """Whether large letters mark names: not where most words have them, a few `CEO` aside."""
    if text.isupper():
        return False
    words = [word for word in text.split() if word[0].isalpha()]
    words = [word for word in words if not (1 < len(word.rstrip("?.!,")) <= _LETTERS_MAX and word.isupper())]
    return 2 * sum(word[0].isupper() for word in words) <= len(words) + 2


def _raw(text: str, *, is_head: bool) -> Iterator[Token]:
    has_case = _has_case(text)
    for found in _TOKEN.finditer(text):
        match found.lastgroup:
            case "exact" | "sign":
                yield Token(found[0], found[0], exact=True)
            case "iso":
                year, month, day = found[0].split("-")
                yield Token(f"{int(day)}.{int(month)}.{year}", found[0], exact=True)
            case "time":
                yield Token(_time(found[0]), found[0], exact=True)
            case "plain" | "word":
                yield from _said(found, is_head=is_head, has_case=has_case)
            case _:
                yield from _number(found["number"], found["unit"] or found["letters"] or "")
        is_head = False


def _time(said: str) -> str:
    """Of 24 hours."""
    half = said.lower().rstrip("m. ")[-1]
    hour, _, rest = said.lower().rstrip("apm. ").partition(":")
    number = int(hour) % 12 if half in "ap" else int(hour)
    return f"{number + 12 * (half == 'p')}:{rest or '00'}"


def _number(said: str, unit: str) -> Iterator[Token]:
    """`20,000` and `20k` are one, and so are `$5` and `5 dollars`."""
    sign = next((char for char in _CURRENCIES if char in said), "")
    digits = said.replace(sign, "").replace("\u2212", "-")
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    if (unit == "k" or (sign and unit == "K")) and digits.isdigit():
        digits, unit = f"{digits}000", ""
    if unit.lower() in _ENDINGS:
        digits, unit = f"{digits}th", ""
    yield Token(digits, digits, exact=True)
    for part in (sign, unit):
        if part:
            yield Token(slot_words.unit(part) or part, part.lower(), exact=True, said=part)


def _said(found: re.Match[str], *, is_head: bool, has_case: bool) -> Iterator[Token]:
    """A word by how it is written: the sign of a unit, a letter, a word that is another one with a large letter."""
    said, low, is_large = found[0], found[0].lower(), found[0][0].isupper()
    if len(said) == 1 and said not in "AaIi" and is_large:
        yield Token(said, low, exact=True, said=said)
    elif low == "a" and not found.string[found.end() : found.end() + 1].isspace():
        yield Token("a", "a", exact=True, said=said)
    elif _is_capitals(found, said):
        yield Token(said, low, exact=True, said=said)
    elif len(said) > 1 and low in slot_words.cased():
        yield Token(slot_words.unit(said) or said, low, exact=True, said=said)
    elif is_large and not is_head and (name := _OWNER.sub("", said)).lower() in slot_words.DOUBLE:
        yield Token(name.capitalize() if has_case else name.upper(), name.lower(), exact=True, said=said)
        if name != said:
            yield Token("", slot_words.OWNING)
    else:
        for token in _word(said, is_name=is_large and has_case and not is_head):
            yield token._replace(said=said)


def _is_capitals(found: re.Match[str], said: str) -> bool:
    """The `US` is not us, wherever it stands; but who writes all in capitals means nothing by it."""
    is_small = said.lower() in slot_words.WORDING | slot_words.DOUBLE_SMALL
    return len(said) > 1 and said.isupper() and is_small and (not found.string.isupper() or said == found.string)


def _word(said: str, *, is_name: bool) -> Iterator[Token]:
    """`don't` are two, and what of a word is only wording has no key."""
    word, _, tail = said.replace("\u2019", "'").lower().partition("'")
    if tail == "t" and word.endswith("n"):
        yield from _plain(_CUT.get(word[:-1], word[:-1]))
        yield Token("not", "not")
    elif word == "cannot":
        yield Token("", "can")
        yield Token("not", "not")
    elif is_name and word != "i":
        yield Token(word, word, exact=True)
    else:
        yield from _plain(word)
    if tail == "ll":
        yield from _plain("will")
    elif tail == "s":
        yield Token("", slot_words.OWNING)
    elif tail == "m":
        yield Token("", "am")


@lru_cache(WORDS_MAX)
def _plain(word: str) -> tuple[Token, ...]:
    """A word that is no name."""
    if word in slot_words.TENSES:
        return (Token(slot_words.TENSES[word], word),)
    if word in slot_words.NEGATIONS:
        return (Token("not", word),)
    if word == "without":
        return (Token("not", word), Token("", "with"))
    if word in slot_words.numbers():
        return (Token(slot_words.numbers()[word], word, exact=True),)
    return (Token("" if word in WORDING else _meant(word), word),)


def _meant(word: str) -> str:
    """The word that stands for all that say the same, be they one or many."""
    same = slot_words.same()
    return same.get(word) or same.get(word.removesuffix("s"), word)


# What belongs together.


def _joined(found: list[Token]) -> list[Token]:
    """Numbers with their units, days with their months, the first word with what it asks for."""
    joined: list[Token] = []
    at = 0
    while at < len(found):
        token, taken = _date(found, at) or _amount(found, at) or (_alone(found, at), 1)
        joined.append(token)
        at += taken
    return _headed(joined)


def _date(found: Sequence[Token], at: int) -> tuple[Token, int] | None:
    """`3 May`, `May 3rd` and `3rd of May` are one; a year may follow."""
    months = slot_words.months()
    if not (_day(found[at]) or found[at].word in months):
        return None
    ahead = [index for index in range(at + 1, min(at + 5, len(found))) if found[index].word not in {"of", "the"}]
    if not ahead:
        return None
    one, other = found[at], found[ahead[0]]
    number, name = (_day(one), other.word) if _day(one) else (_day(other), one.word)
    month = months.get(name)
    if month is None or not (number and 1 <= int(number) <= 31):
        return None
    taken, day = ahead[0] + 1 - at, f"{number}.{month}"
    if len(ahead) > 1 and len(year := found[ahead[1]].key) == 4 and year.isdigit():
        taken, day = ahead[1] + 1 - at, f"{day}.{year}"
    return Token(day, day, exact=True), taken


def _day(token: Token) -> str:
    """The number of `3` and `3rd`."""
    number = token.key.removesuffix("th")
    return number if number.isdigit() else ""


def _amount(found: Sequence[Token], at: int) -> tuple[Token, int] | None:
    if at + 1 == len(found) or not found[at].key[-1:].isdigit() or not found[at].exact:
        return None
    unit = slot_words.unit(found[at + 1].said or found[at + 1].word)
    return None if unit is None else (Token(f"{found[at].key} {unit}", found[at].word, exact=True), 2)


def _alone(found: Sequence[Token], at: int) -> Token:
    """A week may be this one or the last. `May` is a month where it cannot be a verb."""
    token = found[at]
    if token.word in {"this", "that"} and at + 1 < len(found) and found[at + 1].word in slot_words.PERIODS:
        return token._replace(key="this")
    if not token.key and _is_meant(found, at):
        return token._replace(key=token.word, exact=True)
    is_month = token.exact or (len(token.word) > 5 and token.word not in slot_words.DOUBLE)
    month = slot_words.months().get(token.word) if is_month else None
    return token if month is None else Token(f"month {month}", token.word, exact=True)


def _is_meant(found: Sequence[Token], at: int) -> bool:
    """`there` is a place, unless there is something; `a` and `i` are letters where nothing they go with follows.

    And `one and a half` is not one half, nor is the `for` of `a for loop` of no account.
    """
    word = found[at].word
    before, after = (found[index].word if 0 <= index < len(found) else "" for index in (at - 1, at + 1))
    if word == "there":
        return slot_words.THERE_IS.isdisjoint({before, after})
    if word == "and" and at and found[at - 1].key[-1:].isdigit():
        return any(later.word in slot_words.FRACTIONS for later in found[at + 1 : at + 3])
    if word in slot_words.NAMING and before in slot_words.ARTICLES and found[at - 1].key == "":
        return True
    if word not in {"a", "i"}:
        return False
    return after in slot_words.ROLES | slot_words.JOINING or (before in slot_words.LETTERED and word == "a")


def _headed(found: list[Token]) -> list[Token]:
    """A question that is answered by yes or no says so first: whether one can, should or must, or whether it is so."""
    if not found or found[0].exact:  # the `CAN` bus
        return found
    asked = slot_words.MODALS.get(found[0].word)
    if asked is not None:
        found[0] = Token(f"?{asked}", found[0].word)
    elif found[0].word in slot_words.ASKING_YES_NO:
        found.insert(0, Token("?", ""))
    return found
