"""What the slot check was not made with: nobody changes it because of what they see here."""

from tests.semantic.pairs import Family

FAMILIES = (
    Family(
        ["How many days are in {n} weeks?", "{n} weeks is how many days?", "How many days are there in {n} weeks?"],
        [{"n": "6"}, {"n": "8"}, {"n": "16"}],
        "number",
        {"unit": ["How many days are in {n} months?", "How many hours are in {n} weeks?"]},
    ),
    Family(
        ["What is the square root of {n}?", "Calculate the square root of {n}", "What's the square root of {n}?"],
        [{"n": "144"}, {"n": "441"}, {"n": "1444"}],
        "number",
        {"topic": ["What is the cube root of {n}?"]},
    ),
    Family(
        [
            "Write {n} tips for a job interview",
            "Give me {n} tips for a job interview",
            "I need {n} tips for a job interview please",
        ],
        [{"n": "seven"}, {"n": "eight"}, {"n": "20"}],
        "quantity",
    ),
    Family(
        ["What is the fine for driving {n} km/h too fast?", "How high is the fine for driving {n} km/h too fast?"],
        [{"n": "20"}, {"n": "30"}],
        "number",
        {
            "unit": ["What is the fine for driving {n} mph too fast?"],
            "polarity": ["What is the fine for driving {n} km/h too slow?"],
        },
    ),
    Family(
        [
            "Explain article {n} of the constitution",
            "What does article {n} of the constitution say?",
            "What is article {n} of the constitution about?",
        ],
        [{"n": "5"}, {"n": "6"}, {"n": "II"}],
        "number",
    ),
    Family(
        ["How do I serve cake for {n} guests?", "How can I serve cake for {n} guests?"],
        [{"n": "forty"}, {"n": "fourteen"}],
        "quantity",
        {"entity": ["How do I serve soup for {n} guests?"]},
    ),
    Family(
        ["Which holidays are in {d}?", "What holidays are there in {d}?", "List the holidays in {d}"],
        [{"d": "January"}, {"d": "June"}, {"d": "July"}],
        "date",
    ),
    Family(
        ["Schedule a meeting for {d}", "Please schedule a meeting for {d}", "Can you schedule a meeting for {d}?"],
        [{"d": "Tuesday at 10:30"}, {"d": "Tuesday at 11:30"}, {"d": "Thursday at 10:30"}],
        "date",
        {"polarity": ["Cancel the meeting on {d}"]},
    ),
    Family(
        ["What did the stock market do on {d}?", "How did the stock market perform on {d}?"],
        [{"d": "2023-10-19"}, {"d": "2023-10-20"}, {"d": "2022-10-19"}],
        "date",
    ),
    Family(
        ["Will it rain {d}?", "Is it going to rain {d}?", "Is rain expected {d}?"],
        [{"d": "tonight"}, {"d": "tomorrow"}, {"d": "this weekend"}, {"d": "next weekend"}],
        "date",
        {"entity": ["Will it snow {d}?"], "tense": ["Did it rain {d}?"]},
    ),
    Family(
        ["Who painted the {x}?", "Which artist painted the {x}?", "Who is the painter of the {x}?"],
        [{"x": "Mona Lisa"}, {"x": "Night Watch"}],
        "name",
        {"topic": ["Who bought the {x}?", "Where is the {x}?"]},
    ),
    Family(
        ["How tall is {x}?", "What is the height of {x}?", "What's the height of {x}?"],
        [{"x": "Mount Everest"}, {"x": "Mount Fuji"}, {"x": "the Eiffel Tower"}],
        "name",
        {"topic": ["How old is {x}?", "How wide is {x}?"]},
    ),
    Family(
        [
            "what language do people speak in {x}?",
            "which language do people speak in {x}?",
            "what language is spoken in {x}?",
        ],
        [{"x": "brazil"}, {"x": "peru"}, {"x": "switzerland"}],
        "name",
        {"topic": ["what food do people eat in {x}?"]},
    ),
    Family(
        ["How do I open a {x} file?", "How can I open a {x} file?", "What is needed to open a {x} file?"],
        [{"x": ".docx"}, {"x": ".xlsx"}, {"x": ".tar.gz"}],
        "name",
        {"polarity": ["How do I close a {x} file?"], "topic": ["How do I delete a {x} file?"]},
    ),
    Family(
        [
            "Why does {x} fail with a timeout?",
            "What is the reason that {x} fails with a timeout?",
            "Why is {x} failing with a timeout?",
        ],
        [{"x": "test_login"}, {"x": "test_logout"}, {"x": "TestLogin"}],
        "name",
    ),
    Family(
        ["Where can I find invoice {n}?", "Where do I find invoice {n}?", "where is invoice {n}?"],
        [{"n": "INV-7781"}, {"n": "INV-7718"}, {"n": "7781"}],
        "name",
    ),
    Family(
        ["How old is actor {x}?", "What is the age of actor {x}?"],
        [{"x": "Tom Hanks"}, {"x": "Tom Cruise"}, {"x": "Tom Hardy"}],
        "name",
        {"topic": ["How rich is actor {x}?"]},
    ),
    Family(
        ["Which plants need no sunlight?", "Which plants do not need sunlight?", "What plants don't need sunlight?"],
        near={
            "negation": ["Which plants need sunlight?", "What plants do need sunlight?"],
            "entity": ["Which plants need no water?"],
        },
    ),
    Family(
        [
            "How do I {v} a bank account?",
            "How can I {v} a bank account?",
            "What do I need to do to {v} a bank account?",
        ],
        [{"v": "open"}, {"v": "close"}],
        "polarity",
        {"entity": ["How do I {v} a brokerage account?"]},
    ),
    Family(
        ["How do I {v} money at an ATM?", "How can I {v} money at an ATM?"],
        [{"v": "deposit"}, {"v": "withdraw"}],
        "polarity",
    ),
    Family(
        [
            "How do I {v} a file with gpg?",
            "How can I {v} a file with gpg?",
            "What's the command to {v} a file with gpg?",
        ],
        [{"v": "encrypt"}, {"v": "decrypt"}, {"v": "sign"}],
        "polarity",
    ),
    Family(
        [
            "What are the best laptops under 1000 dollars?",
            "Which laptops are the best under 1000 dollars?",
            "What are the best laptops below $1000?",
        ],
        near={
            "polarity": [
                "What are the best laptops over 1000 dollars?",
                "What are the worst laptops under 1000 dollars?",
            ],
            "unit": ["What are the best laptops under 1000 euros?"],
            "entity": ["What are the best phones under 1000 dollars?"],
        },
    ),
    Family(
        ["Is it possible to work without a degree?", "Can I work without a degree?", "Can one work without a degree?"],
        near={
            "negation": ["Is it possible to work with a degree?", "Is it impossible to work without a degree?"],
            "entity": ["Is it possible to work without a permit?"],
        },
    ),
    Family(
        [
            "How do I gain weight?",
            "How can I gain weight?",
            "What should I do to gain weight?",
            "How do I put on weight?",
        ],
        near={
            "polarity": ["How do I lose weight?", "How can I lose weight?"],
            "entity": ["How do I gain muscle?"],
            "negation": ["How do I gain no weight?", "How can I avoid gaining weight?"],
        },
    ),
    Family(
        [
            "Can I import {x} data into the app?",
            "Is it possible to import {x} data into the app?",
            "Am I able to import {x} data into the app?",
        ],
        [{"x": "CSV"}, {"x": "JSON"}],
        "name",
        {"polarity": ["Can I export {x} data from the app?"]},
    ),
    Family(
        [
            "Translate this text from {a} to {b}",
            "Please translate this text from {a} to {b}",
            "Translate this text to {b} from {a}",
        ],
        [{"a": "English", "b": "German"}, {"a": "German", "b": "English"}, {"a": "english", "b": "polish"}],
        "direction",
    ),
    Family(
        [
            "How do I get from the {a} to the {b}?",
            "What is the way from the {a} to the {b}?",
            "How can I get from the {a} to the {b}?",
        ],
        [{"a": "airport", "b": "station"}, {"a": "station", "b": "airport"}, {"a": "airport", "b": "hotel"}],
        "direction",
    ),
    Family(
        ["Is {a} bigger than {b}?", "Is {a} larger than {b}?"],
        [{"a": "Jupiter", "b": "Saturn"}, {"a": "Saturn", "b": "Jupiter"}],
        "direction",
        {"polarity": ["Is {a} smaller than {b}?"]},
    ),
    Family(
        ["Does {a} owe money to {b}?", "Does {a} owe {b} money?"],
        [{"a": "Alice", "b": "Bob"}, {"a": "Bob", "b": "Alice"}],
        "direction",
    ),
    Family(
        ["Who {t} the mayor of {x}?", "Tell me who {t} the mayor of {x}"],
        [{"t": "is", "x": "Chicago"}, {"t": "was", "x": "Chicago"}, {"t": "is", "x": "Boston"}],
        "tense",
    ),
    Family(
        [
            "How do I change my email address?",
            "How can I change my email address?",
            "What is the way to change my email address?",
            "how to change my email address",
            "How do I update my email address?",
        ],
        near={
            "entity": [
                "How do I change my home address?",
                "How do I change my email signature?",
                "How do I change my billing address?",
            ],
            "topic": ["How do I verify my email address?", "How do I delete my email address?"],
        },
    ),
    Family(
        [
            "What is the refund policy?",
            "Tell me about the refund policy",
            "What's your refund policy?",
            "Explain the refund policy",
        ],
        near={"entity": ["What is the privacy policy?", "What is the shipping policy?"]},
    ),
    Family(
        ["How does a {x} engine work?", "Explain how a {x} engine works", "Can you explain how a {x} engine works?"],
        [{"x": "diesel"}, {"x": "steam"}, {"x": "jet"}],
        "entity",
        {"topic": ["How is a {x} engine built?"]},
    ),
    Family(
        [
            "What should I wear to a wedding?",
            "What do I wear to a wedding?",
            "Which clothes should I wear to a wedding?",
        ],
        near={
            "entity": ["What should I wear to a funeral?", "What should I wear to a beach wedding?"],
            "negation": ["What shouldn't I wear to a wedding?", "What should I never wear to a wedding?"],
        },
    ),
    Family(
        ["How do I train a {x}?", "How can I train a {x}?", "What is the best way to train a {x}?"],
        [{"x": "puppy"}, {"x": "kitten"}, {"x": "parrot"}],
        "entity",
    ),
    Family(
        ["What causes {x}?", "What are the causes of {x}?", "Why does {x} happen?"],
        [{"x": "inflation"}, {"x": "deflation"}, {"x": "unemployment"}],
        "entity",
        {"topic": ["What follows from {x}?", "How can {x} be stopped?"]},
    ),
    Family(
        [
            "Write a function that reverses a string in {x}",
            "Please write a {x} function that reverses a string",
            "How do I write a function that reverses a string in {x}?",
        ],
        [{"x": "Rust"}, {"x": "Go"}, {"x": "C"}, {"x": "C++"}],
        "name",
        {
            "entity": ["Write a function that reverses a list in {x}"],
            "topic": ["Write a function that splits a string in {x}"],
        },
    ),
    Family(
        ["What is the side effect of {x}?", "Which side effects does {x} have?", "What are the side effects of {x}?"],
        [{"x": "aspirin"}, {"x": "ibuprofen"}, {"x": "metformin"}],
        "entity",
        {"topic": ["What is the price of {x}?"]},
    ),
    Family(
        ["Is milk good for adults?", "Is milk healthy for adults?", "Is it healthy for adults to drink milk?"],
        near={
            "polarity": ["Is milk bad for adults?", "Is milk unhealthy for adults?"],
            "entity": ["Is milk good for babies?", "Is wine good for adults?"],
        },
    ),
)
