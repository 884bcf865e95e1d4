"""The assistant: one turn from message to answer, in the order in which a shopper sees it.

Knows the order of the steps and who does each. Knows nothing of how items are found, ranked or worded, nor of pages.
At most two LLM calls a turn; with no LLM to be reached the shop still answers.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from chat.acts import as_talk, left_unread, read_acts
from chat.answering import chips
from chat.cards import make_cards
from chat.clock import Clock
from chat.comparison import compare, sentences
from chat.describing import Describer
from chat.errors import LLMError
from chat.events import (
    CardsEvent,
    Comparison,
    ComparisonEvent,
    DoneEvent,
    ErrorEvent,
    NeedEvent,
    SessionEvent,
    TextEvent,
    TurnEvent,
)
from chat.finding import Finder
from chat.found import Found, Group
from chat.item_questions import answer, of_several, variant_meant
from chat.keeping import FeedbackKind, Keeper, need_of
from chat.language import language_note, language_of
from chat.llm import LLM, Usage, taught_name
from chat.mentions import is_foreign
from chat.need import Need, not_understood
from chat.policy_desk import PolicyDesk
from chat.question import is_for_a_gift, next_question
from chat.reading import Reading, merge_understanding
from chat.reply import Sentence, reply
from chat.store import Session, Shown, Store, Turn
from chat.template import caveats, template_reply
from chat.understand import Understanding
from chat.want import Want
from chat.words import plain as plain_text
from chat.yes_judge import YesJudge
from prompts.prompt import Prompt
from prompts.serving import Prompts
from ranking.history import Event, Events
from retrieval.catalog import Catalog
from retrieval.facts import Facts

MESSAGE_LIMIT = 5_000  # characters; what is longer is cut, not refused
GRACE_S = 5.0  # after the deadline, at which the LLM ends, for the rest of a turn: what waits longer waits for a fault

log = logging.getLogger(__name__)


class Assistant:
    """Holds conversations about one shop; one object serves every shopper at once."""

    def __init__(
        self,
        catalog: Catalog,
        finder: Finder,
        events: Events,
        store: Store,
        prompts: Prompts,
        llm: LLM,
        turn_timeout_s: float = 40.0,
        judge: YesJudge | None = None,
        desk: PolicyDesk | None = None,
        holdout: float = 0.0,
    ) -> None:
        self._catalog = catalog
        self._finder = finder
        self._keeper = Keeper(store, events, prompts, holdout)
        self._store = store
        self._prompts = prompts
        self._llm = llm
        self._turn_timeout_s = turn_timeout_s
        self._desk = desk or PolicyDesk()
        self._describer = Describer(catalog, self._prompt, finder.asked_alike, finder.names, judge)
        self.watchers: list[Callable[[Turn], None]] = []  # told of every turn once it has ended, however it did

    async def turn(
        self,
        message: str,
        session_id: str | None = None,
        *,
        shopper_id: str | None = None,
        personalise: bool = True,
        site: str = "",
    ) -> AsyncGenerator[TurnEvent]:
        """Answer a message with typed events (see chat.events); a session_id of None begins a conversation.

        Closing the iterator stops the LLM and keeps what was shown so far. A session is only continued for the shopper
        that it belongs to; anyone else begins a new one. ``site``: the key of the site that it begins on, which may
        have versions of the prompts of its own.
        """
        session = await asyncio.to_thread(self._keeper.open, session_id, shopper_id or "", site)
        turn = self._keeper.turn(session, message[:MESSAGE_LIMIT], personalise)
        async with aclosing(self._guarded(session, turn, None)) as events:
            async for event in events:
                yield event

    async def remove_tag(self, session_id: str, tag_id: str, *, personalise: bool = True) -> AsyncGenerator[TurnEvent]:
        """Take one part out of the need, as the shopper sees it in its tags, and show what that gives."""
        session = await asyncio.to_thread(self._keeper.known, session_id)
        turn = self._keeper.turn(session, "", personalise)
        async with aclosing(self._guarded(session, turn, tag_id)) as events:
            async for event in events:
                yield event

    def feedback(self, session_id: str, turn_id: str, item_id: str, kind: FeedbackKind) -> None:
        """Record what the shopper did with a shown item; errors as ``Keeper.feedback``'s."""
        self._keeper.feedback(session_id, turn_id, item_id, kind)

    def reaction(self, session_id: str, turn_id: str, item_id: str, kind: FeedbackKind) -> Event:
        """What ``feedback`` records, for whoever records several at once; errors as there."""
        return self._keeper.reaction(session_id, turn_id, item_id, kind)

    def need(self, session_id: str) -> Need:
        """What the session is looking for now; UnknownSession if there is none."""
        return need_of(self._store.session(session_id))

    async def _guarded(self, session: Session, turn: Turn, tag_id: str | None) -> AsyncGenerator[TurnEvent]:
        """The turn with what must hold however it ends: it is saved, and a failure is told in plain words."""
        usage: list[Usage] = []
        llm = self._llm.counting(usage)
        self._keeper.watch(session, turn)
        deadline = asyncio.get_running_loop().time() + self._turn_timeout_s
        try:
            async with aclosing(self._run(session, turn, tag_id, llm, deadline)) as events:
                while (event := await _next(events, deadline + GRACE_S)) is not None:
                    if isinstance(event, DoneEvent):
                        turn.finished = True
                        await self._keeper.save(session, turn, usage)
                    yield event
        except Exception as error:
            error_id = secrets.token_hex(4)
            log.exception("turn failed", extra={"error_id": error_id, "turn_id": turn.id})
            late = isinstance(error, TimeoutError)
            what = "this took too long" if late else "something went wrong on our side"
            yield ErrorEvent(message=f"Sorry, {what}. Please try again.", error_id=error_id)
        finally:
            try:
                if not turn.finished and turn.need:
                    await self._keeper.save(session, turn, usage)
            finally:
                self._keeper.unwatch(turn)
                for watch in self.watchers:
                    watch(turn)

    async def _run(
        self, session: Session, turn: Turn, tag_id: str | None, llm: LLM, deadline: float
    ) -> AsyncGenerator[TurnEvent]:
        clock = Clock(turn.timings_ms)
        yield SessionEvent(
            session_id=session.id,
            turn_id=turn.id,
            shopper_id=session.shopper_id or None,
            personalised=turn.personalised,
        )

        reading = await asyncio.to_thread(self._read, session, turn, tag_id)
        need = reading.need
        turn.need = (reading.held or need).model_dump_json()
        turn.searched, turn.intent = reading.needs_search, reading.intent
        yield NeedEvent(tags=(reading.held or need).tags(several=reading.several))

        before = need_of(session)
        found, facts, wants, history = Found(), None, reading.wants if reading.needs_search else (), list[Event]()
        if reading.needs_search or reading.ideas:
            history = await asyncio.to_thread(self._keeper.history, session, turn)
        if reading.ideas and (await asyncio.to_thread(self._describer.digest, history)) != "":
            wants = (Want(),)  # who is known and names nothing gets what their history suggests
            turn.searched = True
        if wants:
            found = await asyncio.to_thread(self._finder.find, wants, history, reading.references)
            if corrected := {group.want.words: group.corrected for group in found.groups if group.corrected}:
                need = need.spelt(corrected)
                reading = replace(reading, need=need)
                turn.need = need.model_dump_json()
                yield NeedEvent(tags=need.tags(several=reading.several))
            unread = left_unread(before, reading) if llm.taught and turn.message else ""
            if reading.inquiry is not None and need.current.is_exact:
                facts = await asyncio.to_thread(self._finder.facts, need.current)
            turn.timings_ms["rank"] = found.rank_ms
            clock.mark("first_cards")
            yield self._cards(turn, found, reading, need, "first")
            if self._describer.judges and reading.needs_search and not reading.several and reading.inquiry is None:
                # In the place of the descriptions: a turn makes at most two LLM calls, and the reply is the other.
                if arrange := await self._describer.arrangement(llm, turn, need, found, history, deadline):
                    found = await asyncio.to_thread(
                        self._finder.find, wants, history, reading.references, arrange=arrange
                    )
                clock.mark("judge")
            elif reading.worth_describing or unread or (reading.ideas and llm.taught):
                understanding = await self._describer.understood(
                    llm, turn, before, reading, unread, found, history, deadline
                )
                if talk := await asyncio.to_thread(self._talk, turn, before, reading, understanding):
                    reading, need, found = talk, talk.need, Found()
                    turn.need, turn.searched, turn.intent = need.model_dump_json(), False, reading.intent
                    yield NeedEvent(tags=need.tags())
                    yield self._cards(turn, found, reading, need, "final")
                elif want := await asyncio.to_thread(self._described, turn, reading, understanding):
                    if reading.needs_search:
                        tags, need = need.tags(), need.with_current(want)
                        turn.need = need.model_dump_json()
                        if need.tags() != tags:
                            yield NeedEvent(tags=need.tags())
                    found = await asyncio.to_thread(self._finder.find, [want], history, reading.references)
                if turn.llm:  # else nobody was asked, and the stage would look faster than it is
                    clock.mark("understand")
        elif reading.references:
            found = await asyncio.to_thread(self._pointed_at, turn, reading)
            clock.mark("first_cards")
            yield self._cards(turn, found, reading, need, "first")
        if found.shown or reading.needs_search:
            clock.mark("final_cards")
            yield self._cards(turn, found, reading, need, "final")

        about, comparison = self._about(turn, reading, need, found)
        if comparison is not None:
            turn.compared = True
            yield ComparisonEvent(comparison=comparison)

        plain = template_reply(found, need, reading, facts, about)
        async with aclosing(self._sentences(llm, turn, reading, need, found, facts, plain, deadline)) as said:
            async for sentence in said:
                clock.mark(f"first_{sentence.by}_sentence")
                turn.sentences.append(_kept(sentence))
                yield TextEvent(text=sentence.text, by=sentence.by)

        may_ask = reading.needs_search and not reading.several and reading.inquiry is None
        may_ask = may_ask and not any(note.endswith("?") for note in reading.notes)  # at most one question a turn
        first = found.groups[0] if may_ask else Group(carried=False)
        # Of what is only near to what was asked for, no answer would tell.
        apt = is_for_a_gift(need) or (first.carried and not first.near)
        asked = next_question(need, first.leading) if apt else None
        if asked is not None:
            need = need.with_asked(asked.key)
            turn.need = need.model_dump_json()
            turn.sentences.append({"text": asked.text, "by": "template", "verdict": "question"})
            yield TextEvent(text=asked.text, by="template")
        suggested = chips(reading.inquiry, need, facts) if facts is not None and reading.inquiry else reading.chips
        clock.mark("turn")
        yield DoneEvent(
            question=asked.text if asked else "",
            chips=asked.chips if asked else suggested,
            llm_reached=turn.llm_reached,
            timings_ms=turn.timings_ms,
        )

    def _talk(self, turn: Turn, before: Need, reading: Reading, understanding: Understanding) -> Reading | None:
        """The message as talk, where a taught model takes it for that and nobody who asked alike wanted a thing."""
        if not understanding.taught or understanding.asked_alike or not reading.needs_search:
            return None
        return as_talk(turn.message, before, reading, self._catalog.vocabulary(), understanding.act, self._desk)

    def _described(self, turn: Turn, reading: Reading, understanding: Understanding) -> Want | None:
        """The current want with what the LLM describes for it; None where that adds nothing to look for."""
        described = merge_understanding(reading, understanding)
        if described is reading.need:
            return None
        return self._finder.as_described(described.current, reading.began, turn.message, implied=reading.implied)

    def _read(self, session: Session, turn: Turn, tag_id: str | None) -> Reading:
        need = need_of(session)
        if tag_id is not None:
            need = need.without(tag_id)
            return Reading(need, "refine", several="/" in tag_id and len(need.together) > 1)
        ids = self._store.last_shown(session.id)
        records = self._catalog.many(ids)
        shown = [records[item_id] for item_id in ids if item_id in records]
        vocabulary = self._catalog.vocabulary()
        spoken_of = self._store.spoken_of(session.id)
        reading = read_acts(turn.message, need, vocabulary, shown, self._desk, spoken_of)
        said = plain_text(turn.message)
        note = language_note(language_of(said))
        if reading.needs_search and is_foreign(said, vocabulary) and not self._finder.knows(said):
            reading = not_understood(need, said, vocabulary)
        elif reading.intent != "search":
            return reading
        return replace(reading, notes=(note, *reading.notes)) if note else reading

    def _pointed_at(self, turn: Turn, reading: Reading) -> Found:
        """What the message points at; where it asks for another colour or size of a thing, that one."""
        found = self._finder.pointed_at(reading.references)
        if reading.intent == "about_item" and len(found.shown) == 1:
            (item,) = found.shown
            if meant := variant_meant(turn.message, item, found.groups[0].variants.get(item.id, ())):
                return self._finder.pointed_at([meant.id])
        return found

    def _about(self, turn: Turn, reading: Reading, need: Need, found: Found) -> tuple[list[str], Comparison | None]:
        """What is answered from the records of the items that the message points at, and those side by side."""
        shown, vocabulary = found.shown, self._catalog.vocabulary()
        if reading.intent == "about_item" and len(shown) == 1:
            line = answer(turn.message, shown[0], vocabulary.currency, vocabulary.attributes)
            return [line] if line else [], None
        if (
            reading.intent != "compare"
            or (comparison := compare(shown, need.current, vocabulary.currency, turn.message)) is None
        ):
            return [], None
        asked = of_several(turn.message, shown)
        return [asked] if asked else sentences(comparison, shown, vocabulary.currency), comparison

    def _cards(
        self, turn: Turn, found: Found, reading: Reading, need: Need, stage: Literal["first", "final"]
    ) -> CardsEvent:
        # Items that were only pointed at are held against the current want.
        wants = [group.want if reading.needs_search else need.current for group in found.groups]
        cards = make_cards(found.groups, wants, self._catalog.vocabulary().currency)
        ranked = [one for group in found.groups for one in group.ranked]
        turn.shown[:] = [
            Shown(one.item_id, card.position, one.score, one.relevance, one.reason.text, card.outside)
            for one, card in zip(ranked, cards, strict=True)
        ]
        turn.candidates = [(candidate.item_id, candidate.score) for candidate in found.candidates]
        turn.reranker = self._finder.reranker_version
        return CardsEvent(stage=stage, cards=cards)

    def _prompt(self, turn: Turn, name: str) -> Prompt:
        """The version that the session began with."""
        prompt = self._prompts.version(name, turn.live.get(name, ""))
        turn.prompts[name] = prompt.version
        return prompt

    async def _sentences(
        self,
        llm: LLM,
        turn: Turn,
        reading: Reading,
        need: Need,
        found: Found,
        facts: Facts | None,
        plain: Sequence[Sentence],
        deadline: float,
    ) -> AsyncGenerator[Sentence]:
        """The answer's sentences: what must be said first, then the LLM's checked ones, or ours where it gives none.

        What is asked about a shown item, or of the catalogue, is answered from the records alone: an LLM of this size
        would only blur it. Of several wants ours tell what is there, and the LLM speaks of the first one's items.
        """
        for sentence in caveats(found, need, reading, facts, llm_reached=turn.llm_reached):
            yield sentence
        group = next((group for group in found.groups if group.ranked), None)
        if not turn.llm_reached or group is None or not reading.needs_search or reading.inquiry is not None:
            for sentence in plain:
                yield sentence
            return
        if reading.several:
            for sentence in plain:
                yield sentence
            plain, need = (), Need(wants=(group.want,), currency=need.currency)
        prompt = self._prompt(turn, taught_name("reply", llm))
        turn.llm = llm.model
        written, why = 0, "nothing written"
        try:
            async with aclosing(
                reply(llm, prompt, turn.message, need, group.shown, group.ranked, reading, turn.verdicts)
            ) as sentences:
                while True:
                    try:
                        async with asyncio.timeout_at(deadline):
                            sentence = await anext(sentences)
                    except StopAsyncIteration:
                        break
                    written += 1
                    yield sentence
        except (LLMError, TimeoutError) as error:
            turn.llm_reached, why = False, type(error).__name__
        if not written:
            # Else an operator could not tell why nothing of the model's is seen, though it answers.
            made = ", ".join(turn.verdicts) or why
            log.info("no sentence of the language model's is shown: %s", made, extra={"turn_id": turn.id})
            for sentence in plain:
                yield sentence


async def _next(events: AsyncGenerator[TurnEvent], end: float) -> TurnEvent | None:
    """The next event, None after the last; TimeoutError where it has not come by ``end``, of the loop's clock."""
    async with asyncio.timeout_at(end):
        return await anext(events, None)


def _kept(sentence: Sentence) -> dict[str, str]:
    return {"text": sentence.text, "by": sentence.by, "verdict": sentence.verdict}
