import pytest

from llmgw.chat.conversation import Sampling
from llmgw.dialects.cohere_chat.sampling import write_sampling


@pytest.mark.parametrize(
    ("sampling", "told", "changed"),
    [
        (Sampling(), {}, []),
        (
            Sampling(temperature=1.5, top_p=0.5, top_k=40, seed=0, presence_penalty=0.1, frequency_penalty=0.2),
            {"temperature": 1.5, "p": 0.5, "k": 40, "seed": 0, "presence_penalty": 0.1, "frequency_penalty": 0.2},
            [],
        ),
        (
            Sampling(top_p=1.0, top_k=1000, presence_penalty=-1.0, frequency_penalty=2.0),
            {"p": 0.99, "k": 500, "presence_penalty": 0.0, "frequency_penalty": 1.0},
            ["top_p", "top_k", "frequency_penalty", "presence_penalty"],
        ),
        (Sampling(top_p=0.0, top_k=-1), {"p": 0.01, "k": 0}, ["top_p", "top_k"]),
    ],
)
def test_what_is_out_of_coheres_bounds_is_brought_within_and_named(
    sampling: Sampling, told: dict[str, float], changed: list[str]
) -> None:
    dropped: list[str] = []
    written = write_sampling(sampling, dropped.append)

    assert told == {name: value for name, value in written.items() if value is not None}
    assert changed == dropped
