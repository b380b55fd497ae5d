"""Which words of a question are only its wording, and which say the same: tables of English, and no rule.

Whatever is not here counts. So a word that is missing costs a hit and never a wrong answer, and a word may be added
only if no question changes its answer with it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

# What may stand around a question, with another one of it inside: taken off again and again.
BEFORE = re.compile(
    r"""\s*(?:
    (?:hi|hello|hey|ok|okay|so|please|kindly|thanks)\b[\s,!.]+
    | (?:can|could|would|will)\ you\ (?:please\ |kindly\ )?(?=\w)
    | (?:i\ (?:want|need|would\ like|wish)|i['\u2019]d\ like)\ (?:you\ )?to\ know\ (?:about\ )?
    | (?:i\ (?:want|would\ like)|i['\u2019]d\ like)\ (?:you\ )?to\ (?=\w)
    | (?:tell|explain\ to)\ me\ (?:about\ )?
    | (?:give|show|list)\ me\ | i\ (?:need|want)\ (?!to\b)(?=\w)
    | do\ you\ know\ | (?:explain|describe|list|show|give|calculate|convert|compute)\ (?=\w)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
AFTER = re.compile(
    r"""(?: [\s,]+(?:please|thanks|thank\ you|to\ me|for\ me|right\ now)
    | [\s,.;]+how\ (?:do|can|should)\ i\ do\ (?:it|that|this)
    ) [\s?.!]*$""",
    re.IGNORECASE | re.VERBOSE,
)

# Turns of phrase, by what they come to; of two that fit the first one.
_PHRASES: Mapping[str, str] = {
    r"what{is} the (?:(?:best|right|correct|usual) )?(?:ways?|steps?|procedure|formula|command) to": "how to",
    r"what (?:do|should|can|must) i (?:(?:have|need) to )?do to": "how to",
    r"what{is} (?:needed|necessary) to": "how to",
    r"what{is} (?:a|the) summary of": "summarize",
    r"what{is} the reason (?:that|why|for)": "why",
    r"what{is} the differences? between": "differ",
    r"what{is} the number of": "count",
    r"what makes": "why",
    r"wh(?:at|ich) time": "when",
    r"wh(?:at|ich) (?:date|day)": "when",
    r"wh(?:at|ich) place": "where",
    r"wh(?:at|ich) person": "who",
    r"who{is} the author of": "who wrote",
    r"when is (?=the (?:best|right|worst) time\b)": "",
    r"how come": "why",
    r"how{is} (?=the weather\b)": "what is ",
    r"how many(?! (?:is|are) [$€£¥\d])": "count",
    r"how much time": "how long",
    r"how (?:much|many) (?:is|are) (?=[$€£¥\d])": "",
    r"how (?:big|large|high) is (?=the (?:population|number|amount|share|rate|price|fee|fine|tax|rent|salary)\b)": "",
    r"how do (?:you|i|we) say": "translate",
    r"is it legal(?: for me)? to": "can i legally",
    r"is it (?:possible|okay|ok|fine|allowed)(?: for me)? to": "can i",
    r"is it a good idea to": "should i",
    r"is it (?:required|necessary) to": "must i",
    r"is (?:it )?going to": "will",
    r"are going to": "will",
    r"am i (?:allowed|able) to": "can i",
    r"am i (?:required|obliged) to": "must i",
    r"am i going to": "will i",
    r"do i (?:have|need) to": "must i",
    r"differences? between": "differ",
    r"a summary of": "summarize",
    r"the meaning of": "",
    r"the purpose of": "to do",
    r"ha(?:ve|s) to": "must",
    r"needs? to": "must",
    r"a few": "several",
    r"a little": "some",
    r"write me(?= an? )": "write",
    r"turn up": "increase",
    r"turn down": "decrease",
    r"turn on": "enable",
    r"turn off": "disable",
    r"turn (?P<up>the [a-z]+) up": "increase",
    r"turn (?P<down>the [a-z]+) down": "decrease",
    r"turn (?P<on>the [a-z]+) on": "enable",
    r"turn (?P<off>the [a-z]+) off": "disable",
}
_MEANT = tuple(_PHRASES.values())


def _phrases() -> re.Pattern[str]:
    """One pattern, by first letters, so that most words are passed over at once."""
    told = [text.replace("{is}", "(?: is| are|['\u2019]s)") for text in _PHRASES]
    letters = {letter: [n for n, text in enumerate(told) if text[0] == letter] for letter in "whiadtn"}
    every = "|".join(
        f"(?={letter})(?:{'|'.join(f'(?P<p{n}>{told[n]})' for n in numbers)})" for letter, numbers in letters.items()
    )
    return re.compile(rf"\b(?:{every})(?:(?<=\s)|(?!\w))", re.IGNORECASE)


PHRASES = _phrases()


def rephrased(found: re.Match[str]) -> str:
    """What stands for a turn of phrase; `turn the volume up` has its object inside."""
    number = next(index for index in range(len(_MEANT)) if found[f"p{index}"] is not None)
    inside = next((found[name] for name in ("up", "down", "on", "off") if found[name]), "")
    return f"{_MEANT[number]} {inside}" if inside else _MEANT[number]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Says nothing of its own. Times other than now, negations and comparisons are not among these.
WORDING = _words("""
    a an the of to in on at for with by from into as and or that which what how it its there i me my mine we us our
    you your yours am is are be being do does have has re ve let if then so also really
    now currently these those this please can could may might should would must shall need
    mean means about exactly actually generally
    """)
# Of these, those that tell roles apart, and by word what it comes to: where, whither, whence and so on.
ROLES = _words("of to in on at for with by from into as about")
KINDS_OF_ROLE = {
    **dict.fromkeys(("of", "in", "on", "at", "for"), "at"),
    **dict.fromkeys(("to", "into"), "to"),
    "'s": "is",
}
# A name of something where an article is before it and nothing after that it could belong to: `a for loop`.
NAMING = _words("of to in on at for with by from into as and or which how what is do does if then mean mine its it let")
ARTICLES = _words("an the")  # what follows `a` makes it a letter, see `LETTERED`
JOINING = frozenset({"and", "or"})
OWNING = "'s"
# At the head of a question they ask for yes or no, and which one of these matters.
MODALS = {
    "can": "can",
    "could": "can",
    "may": "may",
    "might": "may",
    "should": "should",
    "must": "must",
    "would": "would",
}
ASKING_YES_NO = _words("is are am do does did was were will has have had isn aren don doesn")
TENSES = {"been": "past", "was": "past", "were": "past", "did": "past", "had": "past", "will": "future", "ll": "future"}
# Of what stands around a question: to list planets is not to explain them; who asks `what are …` may mean either.
TASKS: Mapping[str, frozenset[str]] = {
    "explain": _words("explain describe"),
    "list": _words("list show give"),
    "calculate": _words("calculate compute convert"),
}
# Who says these wants something to be done, unless it is one of those: these want something to be told.
BEGGING = _words("please kindly you")
TELLING = _words("know tell give explain describe list show calculate convert compute")
# At the head of what is no question, but told.
TOLD = _words("i we you he she it they there this that these those")
NEGATIONS = _words("no not never none nobody nothing neither nor t nicht kein keine keinen nie pas jamais")
OURS = _words("my mine our ours")
YOURS = _words("your yours")
DETERMINERS = {
    **dict.fromkeys(("a", "an"), "a"),
    **dict.fromkeys(("my", "our"), "my"),
    **dict.fromkeys(("this", "these"), "this"),
    **dict.fromkeys(("that", "those"), "that"),
    "your": "your",
    "the": "",
}
SUBJECTS = _words("i we you")
OBJECTS = _words("me us")
OWNERS = frozenset({"my", "your"})  # as determiners: no articles
ASKED = {"how": "how", "what": "what", "which": "what"}
ASKING = _words("how what which who whom whose when where why")
BEING = _words("am be been being was were")  # `I am owed` is not `I owe`
THERE_IS = _words("is are was were be been being 's isn aren will future past")  # `there` beside these is no place
# After these a letter is a name: `hepatitis a`.
LETTERED = _words("""
    hepatitis vitamin type plan grade class group part section option team appendix exhibit level influenza point
    variable node column letter
    """)
# With a large letter they are something else.
DOUBLE = _words("""
    china turkey polish august march may pole poles reading nice bath mobile job lima java cologne chile chad jordan
    georgia guinea brazil jersey hamburger frank mark bill will jack bob rob sue drew pat grant chase dean grace hope
    faith joy rose roses lily daisy ruby amber rich art gene ray penny peg dick guy miles hunter mason carpenter cook
    smith baker king green brown black white gray bush ford lincoln dodge jaguar beetle apple windows word excel access
    outlook teams slack zoom oracle meta shell target gap subway visa discover amazon alphabet signal telegram discord
    twitch steam epic unity unreal python rust go swift dart scala basic julia perl pearl elixir crystal mercury mars
    saturn earth moon sun god catholic orthodox liberal conservative democrat republican democratic labour labor tory
    titanic spectrum tide dove crest bounty sprite puma nike cat who it us aids pin sat act ram rom dos lan pet ice
    champagne bordeaux burgundy madeira ottoman afghan danish swede swiss scotch french spanish brazilian morocco
    cancer leo aries gemini virgo libra pisces taurus cheddar mandarin bologna limerick marathon panama tangier
    concord cork hull sandwich deal wells battle rugby derby boxing lent easter mass bible web internet state union
    congress parliament senate house cabinet crown church bar fields turing pascal newton kelvin watt ampere hertz
    tesla ohm volt henry gauss curie joule uber lyft stripe square block box dash notion linear
    flash chrome safari edge opera firefox brave arc ray spark kafka redis docker puppet chef salt vault consul nomad
    """)
DOUBLE_SMALL = _words("us it who he she")  # in capitals they are names
FIRST = _words("i me we us")
SECOND = frozenset({"you"})
PERIODS = _words(
    "second minute hour day night morning afternoon evening week weekend month quarter season year decade century"
)

_SAME = """
fix repair mend; buy purchase; big large; bigger larger; biggest largest; small little; quick fast rapid; quicker
faster; quickest fastest; quickly rapidly; bicycle bike; film movie; photo photograph; phone telephone; kid child;
kids children; happen occur; delete erase; maximum max; minimum min; advantage benefit; disadvantage drawback; ill
sick; shop store; doctor physician; lawyer attorney; job occupation; increase raise; decrease lower reduce; enable
activate; disable deactivate; recommend suggest; reply answer; shipping shipment delivery; defeat beat; expensive
costly; cheap inexpensive; difficult hard; easy simple; permit allow; television tv; refrigerator fridge; apartment
flat; garbage trash rubbish; mother mom mum; father dad; begin start; under below; over above; contact reach; car
automobile; correct right; incorrect wrong; terminate end; obtain get; assist help; why reason; email mail; login
signin; logout signout; register signup; feature functionality; programme program; colour color; organisation
organization; organise organize; centre center; favourite favorite; behaviour behavior; licence license; grey gray;
analyse analyze; summarise summarize; optimise optimize; tyre tire; metre meter
"""
_UNITS = """
percent %; dollar dollars usd $; euro euros eur €; pound pounds gbp £; yen jpy ¥; kilometer kilometers kilometre
kilometres km; meter meters metre metres m; centimeter centimeters centimetre centimetres cm; millimeter millimeters
mm; megameter Mm; mile miles mi; yard yards yd; foot feet ft; inch inches; kilogram kilograms kilo kilos kg; gram
grams g; milligram milligrams mg; megagram Mg; ton tons tonne tonnes; ounce ounces oz; lb lbs; liter liters litre
litres l L; milliliter milliliters ml mL; gallon gallons; cup cups; tablespoon tablespoons tbsp; teaspoon teaspoons
tsp; second seconds sec; minute minutes min; hour hours h hr hrs; day days; week weeks; month months; year years yr
yrs; byte bytes; kB KB; MB; GB; TB; KiB; MiB; GiB; TiB; kbit Kbit kb; Mbit Mb; Gbit Gb; Hz; kHz; MHz; GHz; watt watts
W; mW; kW; MW; GW; kWh; MWh; mph; km/h kmh kph; degree degrees °; celsius °c; fahrenheit °f; kelvin K; joule joules;
calorie calories; kcal; volt volts v V; mV; kV; MV; amp amps ampere amperes A; ms; us; ns; chf; cad; aud; cny; inr;
person persons people; token tokens; character characters chars; word words; page pages; pixel pixels px
"""
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
FRACTIONS = _words("half quarter quarters third thirds fourths fifth fifths eighth eighths tenth tenths")
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_MONTHS = "january february march april may june july august september october november december"


def _groups(text: str) -> Iterator[list[str]]:
    return (group.split() for group in text.split(";"))


@cache
def same() -> Mapping[str, str]:
    """By word: the one that stands for all that say the same."""
    return MappingProxyType({word: group[0] for group in _groups(_SAME) for word in group})


@cache
def units() -> Mapping[str, str]:
    """By word or sign: the unit."""
    return MappingProxyType({word: group[0] for group in _groups(_UNITS) for word in group})


@cache
def cased() -> frozenset[str]:
    """In lower case: the signs of units in which the case may tell a milli from a mega, or a bit from a byte."""
    return frozenset({*(word.lower() for word in units() if word != word.lower()), *_words("m g mm mg ml ms mw mv")})


def unit(said: str) -> str | None:
    """The unit that a word or a sign stands for. Kilometers may be written `KM`; megawatts may not be written `mw`."""
    low = said.lower()
    return units().get(said if low in cased() else low)


@cache
def numbers() -> Mapping[str, str]:
    """By word: the number. Ordinals are others: the third law is not three laws."""
    told = {word: str(number) for number, word in enumerate(_NUMBERS.split())}
    told |= {word: str(number * 10) for number, word in enumerate(_TENS.split(), start=2)}
    told |= {word: f"{number}th" for number, word in enumerate(_ORDINALS.split(), start=1)}
    return MappingProxyType({**told, "dozen": "12", "hundred": "100", "thousand": "1000", "million": "1000000"})


@cache
def months() -> Mapping[str, int]:
    """By name, by its first three letters, and `sept`."""
    told = {word[:end]: number for number, word in enumerate(_MONTHS.split(), start=1) for end in (3, len(word))}
    return MappingProxyType({**told, "sept": 9})
