"""What the slot check was made with: families of questions to look at while changing it."""

from tests.semantic.pairs import Family

_CITIES = [{"x": "Paris"}, {"x": "London"}, {"x": "Tokyo"}]

FAMILIES = (
    # Numbers and quantities.
    Family(
        ["How do I boil {n} eggs?", "How should I boil {n} eggs?", "What is the way to boil {n} eggs?"],
        [{"n": "3"}, {"n": "4"}, {"n": "12"}],
        "quantity",
    ),
    Family(
        ["What is {n} percent of 80?", "How much is {n}% of 80?", "Calculate {n} percent of 80."],
        [{"n": "15"}, {"n": "50"}, {"n": "5"}],
        "number",
        {"number": ["What is {n} percent of 90?"], "direction": ["What percent of 80 is {n}?"]},
    ),
    Family(
        [
            "Give me {n} ideas for a birthday party",
            "I need {n} ideas for a birthday party",
            "Please list {n} birthday party ideas",
        ],
        [{"n": "five"}, {"n": "ten"}, {"n": "three"}],
        "quantity",
    ),
    Family(
        [
            "How far is {n} miles in kilometers?",
            "How many kilometers are {n} miles?",
            "Convert {n} miles to kilometers",
        ],
        [{"n": "10"}, {"n": "26"}],
        "number",
        {
            "unit": ["How far is {n} yards in kilometers?", "How many kilometers are {n} inches?"],
            "direction": [
                "How far is {n} kilometers in miles?",
                "How many miles are {n} kilometers?",
                "Convert {n} kilometers to miles",
            ],
        },
    ),
    Family(
        [
            "What happens in chapter {n} of the book?",
            "What is chapter {n} of the book about?",
            "Summarize chapter {n} of the book",
        ],
        [{"n": "7"}, {"n": "8"}],
        "number",
    ),
    Family(
        ["Is a loan of ${n} over 5 years affordable?", "Can I afford a ${n} loan over 5 years?"],
        [{"n": "20,000"}, {"n": "200,000"}, {"n": "25,000"}],
        "number",
        {"number": ["Is a loan of ${n} over 15 years affordable?"]},
    ),
    Family(
        [
            "What's new in Python {v}?",
            "What is new in Python {v}?",
            "Which features are new in Python {v}?",
            "Tell me what's new in Python {v}",
        ],
        [{"v": "3.11"}, {"v": "3.12"}, {"v": "3.1"}],
        "number",
        {"name": ["What's new in Java {v}?"]},
    ),
    Family(
        [
            "How many calories are in {n} bananas?",
            "What is the number of calories in {n} bananas?",
            "How many calories do {n} bananas have?",
        ],
        [{"n": "two"}, {"n": "three"}],
        "quantity",
        {"entity": ["How many calories are in {n} apples?"], "topic": ["How many grams of sugar are in {n} bananas?"]},
    ),
    Family(
        [
            "Explain HTTP status code {n}",
            "What does HTTP status code {n} mean?",
            "What is the meaning of HTTP status {n}?",
        ],
        [{"n": "401"}, {"n": "403"}, {"n": "502"}],
        "number",
    ),
    Family(
        ["Can I take {n} mg of ibuprofen?", "Is it okay to take {n} mg of ibuprofen?", "May I take {n} mg ibuprofen?"],
        [{"n": "200"}, {"n": "2000"}],
        "number",
        {"unit": ["Can I take {n} g of ibuprofen?"], "entity": ["Can I take {n} mg of paracetamol?"]},
    ),
    # Dates and times.
    Family(
        [
            "What is the weather in Paris on {d}?",
            "Weather in Paris on {d}",
            "How is the weather in Paris on {d}?",
            "Tell me the weather on {d} in Paris",
        ],
        [{"d": "3 May"}, {"d": "4 May"}, {"d": "3 June"}],
        "date",
        {"name": ["What is the weather in Rome on {d}?"]},
    ),
    Family(
        ["Is the shop open {d}?", "Will the shop be open {d}?", "Is the store open {d}?"],
        [{"d": "today"}, {"d": "tomorrow"}, {"d": "on Sunday"}, {"d": "on Monday"}],
        "date",
        {"polarity": ["Is the shop closed {d}?"]},
    ),
    Family(
        ["What happened on {d}?", "Which events took place on {d}?", "What happened in history on {d}?"],
        [{"d": "July 4, 1776"}, {"d": "July 14, 1789"}, {"d": "July 4, 1976"}],
        "date",
    ),
    Family(
        [
            "Book a table for two at {t}",
            "Please book a table for two at {t}",
            "I would like to book a table for two at {t}",
        ],
        [{"t": "7pm"}, {"t": "8pm"}, {"t": "7am"}],
        "date",
        {"quantity": ["Book a table for four at {t}"]},
    ),
    Family(
        ["What were our sales last {p}?", "How much were our sales last {p}?", "Show me our sales of last {p}"],
        [{"p": "week"}, {"p": "month"}, {"p": "year"}],
        "date",
        {
            "date": ["What were our sales this {p}?", "How much will our sales be next {p}?"],
            "topic": ["What were our costs last {p}?"],
        },
    ),
    Family(
        [
            "Who won the World Cup in {y}?",
            "Which team won the World Cup in {y}?",
            "Who was the winner of the {y} World Cup?",
        ],
        [{"y": "1998"}, {"y": "2014"}, {"y": "2018"}],
        "date",
        {"polarity": ["Who lost the World Cup final in {y}?"], "entity": ["Who hosted the World Cup in {y}?"]},
    ),
    Family(
        ["When does the train to Berlin leave in the {t}?", "At what time does the train to Berlin leave in the {t}?"],
        [{"t": "morning"}, {"t": "evening"}],
        "date",
        {
            "polarity": ["When does the train to Berlin arrive in the {t}?"],
            "direction": ["When does the train from Berlin leave in the {t}?"],
        },
    ),
    # Names.
    Family(
        [
            "What is the capital of {x}?",
            "Which city is the capital of {x}?",
            "Tell me the capital of {x}",
            "what's the capital of {x}?",
        ],
        [{"x": "Australia"}, {"x": "Austria"}, {"x": "Niger"}, {"x": "Nigeria"}],
        "name",
        {"topic": ["What is the currency of {x}?"], "topic ": ["What is the population of {x}?"]},
    ),
    Family(
        [
            "What are good restaurants in {x}?",
            "Which restaurants are good in {x}?",
            "Recommend good restaurants in {x}",
            "good restaurants in {x}",
        ],
        _CITIES,
        "name",
        {"entity": ["What are good hotels in {x}?"], "polarity": ["What are bad restaurants in {x}?"]},
    ),
    Family(
        [
            "what is the best time to visit {x}?",
            "when is the best time to visit {x}?",
            "what's the best time to go to {x}?",
        ],
        [{"x": "paris"}, {"x": "rome"}, {"x": "japan"}],
        "name",
        {"polarity": ["what is the worst time to visit {x}?"]},
    ),
    Family(
        ["Who is the CEO of {x}?", "Tell me who the CEO of {x} is", "Who is {x}'s CEO?", "Who's the CEO of {x}?"],
        [{"x": "Microsoft"}, {"x": "Apple"}, {"x": "Google"}],
        "name",
        {"entity": ["Who is the CFO of {x}?"], "tense": ["Who was the first CEO of {x}?"]},
    ),
    Family(
        ["When was {x} born?", "What is the birth date of {x}?", "On which date was {x} born?"],
        [{"x": "Marie Curie"}, {"x": "Albert Einstein"}],
        "name",
        {"topic": ["Where was {x} born?"], "polarity": ["When did {x} die?"]},
    ),
    Family(
        ["How do I contact John {x}?", "How can I contact John {x}?", "How can I reach John {x}?"],
        [{"x": "Smith"}, {"x": "Smythe"}, {"x": "Miller"}],
        "name",
    ),
    Family(
        ["What does the function {f} do?", "Explain the function {f}", "What is the purpose of the function {f}?"],
        [{"f": "parse_date"}, {"f": "parse_dates"}, {"f": "format_date"}],
        "name",
    ),
    Family(
        ['Translate "{w}" into French', 'How do you say "{w}" in French?', 'What is "{w}" in French?'],
        [{"w": "good morning"}, {"w": "good evening"}, {"w": "good night"}],
        "name",
        {"name": ['Translate "{w}" into Spanish'], "direction": ['Translate "{w}" from French']},
    ),
    Family(
        [
            "How do I install {x} on Ubuntu?",
            "How can I install {x} on Ubuntu?",
            "What are the steps to install {x} on Ubuntu?",
        ],
        [{"x": "Docker"}, {"x": "Podman"}, {"x": "nginx"}],
        "name",
        {
            "name": ["How do I install {x} on Fedora?"],
            "polarity": ["How do I uninstall {x} on Ubuntu?", "How can I remove {x} from Ubuntu?"],
        },
    ),
    Family(
        ["Send the report to {m}", "Please send the report to {m}", "Could you send the report to {m}?"],
        [{"m": "anna@example.com"}, {"m": "hanna@example.com"}, {"m": "anna@example.org"}],
        "name",
    ),
    Family(
        ["Summarize the page {u}", "Give me a summary of the page {u}", "Please summarize the page {u}"],
        [{"u": "https://example.com/a/1"}, {"u": "https://example.com/a/2"}],
        "name",
    ),
    Family(
        [
            "What is the status of order {o}?",
            "Where can I see the status of order {o}?",
            "Tell me the status of order {o}",
        ],
        [{"o": "A-1042"}, {"o": "A-1024"}, {"o": "B-1042"}],
        "name",
    ),
    Family(
        ["Who wrote {x}?", "Who is the author of {x}?", "Who is {x} by?"],
        [{"x": "War and Peace"}, {"x": "Crime and Punishment"}, {"x": "Pride and Prejudice"}],
        "name",
        {"topic": ["When was {x} written?"]},
    ),
    # Negation and polarity.
    Family(
        ["How do I {v} notifications?", "How can I {v} notifications?", "What should I do to {v} notifications?"],
        [{"v": "enable"}, {"v": "disable"}, {"v": "mute"}],
        "polarity",
        {"entity": ["How do I {v} comments?"]},
    ),
    Family(
        ["Which foods are safe for dogs?", "What foods are safe for dogs?", "Which food is safe for dogs to eat?"],
        near={
            "negation": [
                "Which foods are not safe for dogs?",
                "What foods aren't safe for dogs?",
                "Which foods are unsafe for dogs?",
            ],
            "polarity": ["Which foods are dangerous for dogs?", "Which foods are toxic for dogs?"],
            "entity": ["Which foods are safe for cats?", "Which toys are safe for dogs?"],
        },
    ),
    Family(
        ["Can I travel with a visa?", "Am I allowed to travel with a visa?", "May I travel with a visa?"],
        near={
            "negation": ["Can I travel without a visa?", "Can't I travel with a visa?"],
            "entity": ["Can I travel with a dog?"],
        },
    ),
    Family(
        ["Should I buy a house now?", "Is it a good idea to buy a house now?", "Is now a good time to buy a house?"],
        near={
            "polarity": ["Should I sell a house now?", "Should I rent a house now?"],
            "negation": ["Should I not buy a house now?", "Is it not a good idea to buy a house now?"],
            "entity": ["Should I buy a car now?"],
        },
    ),
    Family(
        [
            "What is the maximum length of a password?",
            "How long may a password be at most?",
            "What's the max length of a password?",
        ],
        near={
            "polarity": [
                "What is the minimum length of a password?",
                "How long must a password be at least?",
                "What's the min length of a password?",
            ],
            "entity": ["What is the maximum length of a username?"],
        },
    ),
    Family(
        [
            "How can I increase the volume?",
            "How do I increase the volume?",
            "How do I turn the volume up?",
            "How can I raise the volume?",
        ],
        near={
            "polarity": [
                "How can I decrease the volume?",
                "How do I lower the volume?",
                "How do I turn the volume down?",
            ],
            "entity": ["How can I increase the brightness?"],
        },
    ),
    Family(
        [
            "Why is my computer slow?",
            "Why is my computer so slow?",
            "What makes my computer slow?",
            "What is the reason that my computer is slow?",
        ],
        near={
            "polarity": ["Why is my computer fast?"],
            "negation": ["Why is my computer not slow?"],
            "entity": ["Why is my phone slow?", "Why is my computer loud?", "Why is my computer hot?"],
        },
    ),
    Family(
        [
            "What are the advantages of solar energy?",
            "What are the benefits of solar energy?",
            "Which advantages does solar energy have?",
        ],
        near={
            "polarity": ["What are the disadvantages of solar energy?", "What are the drawbacks of solar energy?"],
            "entity": ["What are the advantages of wind energy?", "What are the advantages of nuclear energy?"],
        },
    ),
    Family(
        [
            "How do I sort a list in ascending order in Python?",
            "How can I sort a Python list in ascending order?",
            "Sort a list in ascending order in Python",
        ],
        near={
            "polarity": ["How do I sort a list in descending order in Python?"],
            "entity": ["How do I sort a dictionary in ascending order in Python?"],
            "name": ["How do I sort a list in ascending order in JavaScript?"],
        },
    ),
    Family(
        ["Do I have to pay taxes?", "Must I pay taxes?", "Am I required to pay taxes?"],
        near={
            "negation": ["Do I not have to pay taxes?", "When don't I have to pay taxes?"],
            "entity": ["Do I have to pay tolls?"],
        },
    ),
    # Direction and roles.
    Family(
        [
            "Are there flights from {a} to {b}?",
            "Which flights go from {a} to {b}?",
            "Show me flights from {a} to {b}",
            "Show me flights to {b} from {a}",
        ],
        [{"a": "Paris", "b": "London"}, {"a": "London", "b": "Paris"}, {"a": "Madrid", "b": "London"}],
        "direction",
    ),
    Family(
        ["Convert 100 {a} to {b}", "How much is 100 {a} in {b}?", "What is 100 {a} in {b}?"],
        [{"a": "USD", "b": "EUR"}, {"a": "EUR", "b": "USD"}, {"a": "USD", "b": "GBP"}],
        "direction",
    ),
    Family(
        ["How do I convert {a} to {b}?", "How can I convert {a} to {b}?", "What is the formula to convert {a} to {b}?"],
        [{"a": "celsius", "b": "fahrenheit"}, {"a": "fahrenheit", "b": "celsius"}, {"a": "celsius", "b": "kelvin"}],
        "direction",
    ),
    Family(
        ["Is {a} faster than {b}?", "Is {a} quicker than {b}?"],
        [{"a": "Python", "b": "Ruby"}, {"a": "Ruby", "b": "Python"}],
        "direction",
        {"polarity": ["Is {a} slower than {b}?"], "entity": ["Is {a} older than {b}?"]},
    ),
    Family(
        [
            "What is the difference between {a} and {b}?",
            "How do {a} and {b} differ?",
            "What's the difference between {b} and {a}?",
        ],
        [{"a": "TCP", "b": "UDP"}, {"a": "HTTP", "b": "HTTPS"}],
        "name",
        {"polarity": ["What do {a} and {b} have in common?"]},
    ),
    Family(
        ["Did {a} defeat {b}?", "Did {a} beat {b}?"],
        [{"a": "Napoleon", "b": "Wellington"}, {"a": "Wellington", "b": "Napoleon"}],
        "direction",
    ),
    Family(
        ["How do I move files from a {a} to a {b}?", "How can I move files from a {a} to a {b}?"],
        [{"a": "phone", "b": "laptop"}, {"a": "laptop", "b": "phone"}],
        "direction",
    ),
    Family(
        [
            "What should I do before the interview?",
            "What do I need to do before the interview?",
            "What must I do before the interview?",
        ],
        near={
            "polarity": ["What should I do after the interview?", "What should I do during the interview?"],
            "entity": ["What should I do before the exam?"],
        },
    ),
    # Tense.
    Family(
        ["Who is the president of {x}?", "Who is {x}'s president?", "Tell me who is president of {x}"],
        [{"x": "France"}, {"x": "Brazil"}],
        "name",
        {
            "tense": ["Who was the president of {x}?", "Who will be the president of {x}?"],
            "entity": ["Who is the prime minister of {x}?"],
        },
    ),
    Family(
        ["What is the team working on?", "What's the team working on?", "What is the team working on right now?"],
        near={"tense": ["What was the team working on?", "What will the team be working on?"]},
    ),
    # Plain paraphrases, with near misses of topic.
    Family(
        [
            "How do I reset my password?",
            "How can I reset my password?",
            "What do I have to do to reset my password?",
            "I want to reset my password, how do I do that?",
            "how to reset my password",
            "Please tell me how to reset my password.",
        ],
        near={
            "topic": ["How do I reset my router?", "How do I share my password?", "How do I reset my phone?"],
            "entity": [
                "How do I reset my PIN?",
                "How do I reset my admin password?",
                "How do I reset my wife's password?",
            ],
            "negation": ["How do I not reset my password?"],
        },
    ),
    Family(
        ["How long does shipping take?", "How long does delivery take?", "How much time does shipping take?"],
        near={
            "topic": ["How much does shipping cost?", "How do returns work?"],
            "entity": ["How long does international shipping take?"],
        },
    ),
    Family(
        [
            "What is photosynthesis?",
            "Explain photosynthesis",
            "Can you explain photosynthesis to me?",
            "what's photosynthesis",
        ],
        near={
            "entity": ["What is respiration?", "What is chemosynthesis?"],
            "topic": ["Why is photosynthesis important?", "Where does photosynthesis happen?"],
        },
    ),
    Family(
        ["How do I cook {x}?", "How can I cook {x}?", "What is the best way to cook {x}?", "how to cook {x}"],
        [{"x": "rice"}, {"x": "brown rice"}, {"x": "pasta"}, {"x": "lentils"}],
        "entity",
        {"topic": ["How do I store {x}?"]},
    ),
    Family(
        [
            "Write a short poem about {x}",
            "Please write a short poem about {x}",
            "Could you write me a short poem about {x}?",
        ],
        [{"x": "the sea"}, {"x": "the moon"}, {"x": "autumn"}],
        "entity",
        {"polarity": ["Write a long poem about {x}"], "topic": ["Write a short story about {x}"]},
    ),
    Family(
        ["What are the symptoms of {x}?", "Which symptoms does {x} have?", "What symptoms does {x} cause?"],
        [{"x": "hypothyroidism"}, {"x": "hyperthyroidism"}, {"x": "type 1 diabetes"}, {"x": "type 2 diabetes"}],
        "entity",
        {"topic": ["What are the causes of {x}?", "How is {x} treated?"]},
    ),
    Family(
        [
            "How do I cancel my subscription?",
            "How can I cancel my subscription?",
            "I would like to cancel my subscription. How do I do it?",
            "What is the way to cancel my subscription?",
        ],
        near={
            "polarity": [
                "How do I renew my subscription?",
                "How do I start my subscription?",
                "How do I pause my subscription?",
            ],
            "entity": ["How do I cancel my order?", "How do I cancel my flight?"],
        },
    ),
    Family(
        [
            "How do I fix a flat bicycle tire?",
            "How can I repair a flat bicycle tire?",
            "How do I mend a flat bike tire?",
            "What is the way to fix a flat bike tire?",
        ],
        near={
            "entity": ["How do I fix a flat car tire?"],
            "topic": ["How do I inflate a bicycle tire?", "How do I choose a bicycle tire?"],
        },
    ),
    Family(
        [
            "What's the quickest way to learn guitar?",
            "What is the fastest way to learn guitar?",
            "How do I learn guitar as fast as possible?",
        ],
        near={
            "entity": ["What's the quickest way to learn piano?", "What's the quickest way to learn bass guitar?"],
            "polarity": ["What's the slowest way to learn guitar?", "What's the cheapest way to learn guitar?"],
        },
    ),
    Family(
        [
            "Is it legal to record phone calls in {x}?",
            "Can I legally record phone calls in {x}?",
            "Is recording phone calls legal in {x}?",
        ],
        [{"x": "California"}, {"x": "Texas"}, {"x": "Germany"}],
        "name",
        {
            "polarity": ["Is it illegal to record phone calls in {x}?"],
            "entity": ["Is it legal to record video calls in {x}?"],
        },
    ),
    Family(
        ["How many people live in {x}?", "What is the population of {x}?", "How large is the population of {x}?"],
        [{"x": "Canada"}, {"x": "Spain"}],
        "name",
        {"topic": ["How many people die in {x}?", "How many people work in {x}?"]},
    ),
)
