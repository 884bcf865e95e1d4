"""A comparison over the API: streamed, whole, read again after a reload, and as plain text for completions."""

import pytest
from api_server import Api, events_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TENTS = "a 2-person tent"
TABLE = {
    "items": [
        {"item_id": "tent-1", "title": "Fernhill Ridge 2-person tent"},
        {"item_id": "tent-2", "title": "Fernhill Vale 2-person tent"},
    ],
    "rows": [{"key": "price", "name": "Price", "values": ["$149.00", "$189.00"], "matters": True}],
}
ASKED = {"message": "compare the price of Fernhill Ridge and Fernhill Vale", "stream": False}
CHEAPER = "Fernhill Ridge 2-person tent is $40.00 cheaper than Fernhill Vale 2-person tent."


def test_a_comparison_is_an_event_a_field_and_there_after_a_reload(api: Api) -> None:
    with api.client() as client:
        first = client.post("/chat", json={"message": TENTS, "stream": False}).json()
        session = first["session_id"]
        streamed = events_of(client.post("/chat", json=ASKED | {"session_id": session, "stream": True}))
        whole = client.post("/chat", json=ASKED | {"session_id": session}).json()
        read = client.get(f"/sessions/{session}").json()
    kinds = [event["type"] for event in streamed]
    assert kinds == ["session", "need", "cards", "cards", "comparison", "text", "done"]
    assert streamed[4]["comparison"] == TABLE
    assert [event["text"] for event in streamed if event["type"] == "text"] == [CHEAPER]
    assert (whole["comparison"], whole["text"]) == (TABLE, CHEAPER)
    assert [turn["comparison"] for turn in read["turns"]] == [None, TABLE, TABLE]


def test_to_a_client_of_completions_it_is_text(api: Api) -> None:
    headers = api.headers()
    with api.client() as client:
        said = [{"role": "user", "content": TENTS}]
        first = client.post("/chat/completions", json={"model": "shoptalk", "messages": said}, headers=headers).json()
        said += [first["choices"][0]["message"], {"role": "user", "content": ASKED["message"]}]
        body = {"model": "shoptalk", "messages": said}
        answer = client.post("/chat/completions", json=body, headers=headers).json()
    lines = answer["choices"][0]["message"]["content"].split("\n\n")
    assert lines[1:] == [
        "Price - Fernhill Ridge 2-person tent: $149.00; Fernhill Vale 2-person tent: $189.00",
        CHEAPER,
    ]
    assert answer["shoptalk"]["comparison"] == TABLE
