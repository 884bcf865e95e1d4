"""How a model is taught: how much of what, and how its weights are learned."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ranking.settings import Descent, Hardware

Count = Annotated[int, Field(ge=0)]


class TeachingSettings(BaseModel):
    """The recipe. The counts are the most examples of each kind; a small shop has fewer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Count = 1800  # requests in an item's own words
    uses: Count = 700  # in those of its description
    searched: Count = 600  # searches of the shop's events, with what was bought after them
    given: Count = 8000  # of the merchant's file
    misspelt: Annotated[float, Field(ge=0, le=1)] = 0.5  # share of these that is put once more, with slips
    histories: Count = 500  # next likings
    acts: Count = 4000  # messages of every kind
    answers: Count = 1800
    written: Count = 400  # asked of a larger model, where there is one; the true ones are taught, too
    validation: Annotated[float, Field(gt=0, lt=0.5)] = 0.03  # share of requests, acts and answers that is held out

    rank: Annotated[int, Field(ge=1, le=256)] = 16  # of the adapter; vLLM serves 8, 16, 32, 64, …
    alpha: Annotated[float, Field(gt=0)] = 32.0
    pack: Annotated[int, Field(ge=64, le=4096)] = 256  # tokens of one packed row
    laps: Annotated[int, Field(ge=1)] = 4  # a pass over the examples is validated and kept so many times
    supervised: Descent = Descent(
        learning_rate=8e-4, warm_up=0.05, weight_decay=0.0, batch=8, epochs=4, patience=3
    )  # epochs are laps

    asked: Count = 320  # requests for which the taught model's own descriptions are tried
    samples: Annotated[int, Field(ge=2, le=32)] = 4  # descriptions of each
    temperature: Annotated[float, Field(gt=0)] = 0.9
    beta: Annotated[float, Field(gt=0)] = 0.1  # of DPO: how far the preference may lead away
    anchor: Annotated[float, Field(ge=0)] = 0.2  # of the preferred answers' own likelihood in that loss
    preference: Descent = Descent(learning_rate=5e-5, warm_up=0.1, weight_decay=0.0, batch=16, epochs=2, patience=2)

    hardware: Hardware = Hardware(precision="bf16")
    seed: int = 20261128
