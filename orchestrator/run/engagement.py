"""One agent's engagement: its plan turn, its follow-up on the same thread, repairs, and how it ends.

Nothing depends on an answer before it is recorded. A turn that this run has already recorded is taken from
the journal, so that a resumed engagement walks through its recorded turns without a call and goes on where
the record ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pydantic import JsonValue

from agentlark.project import Unreadable
from agentlark.prompts import TemplateFailed
from orchestrator.core.facts import Fact, NodeEnded, Notice, PromptMeasured
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.turn import Message, Purpose, TurnId, TurnInput, TurnOrder, thread_digest
from orchestrator.run.assignment import Assignment
from orchestrator.run.calls import Answered, answer, recall
from orchestrator.run.given import Given
from orchestrator.run.judges import Judge, any_answer, final_judge, handoff_judge
from orchestrator.run.lent import GaveUp, Lent
from orchestrator.run.prompting import (
    Form,
    Surroundings,
    concise_prompt,
    estimate_tokens,
    form_of,
    handoff_form,
    handoff_prompt,
    next_step_prompt,
    repair_prompt,
    turn_prompt,
)
from orchestrator.schedule.node import Node

MAX_REPAIRS = 2


_PURPOSES: dict[str, Purpose] = {"continuation": "continuation", "orchestration": "follow-up"}


class _Unusable(GaveUp):
    """No answer could be used; `is_recalled` says that all of them came from the record."""

    def __init__(self, reason: str, *, is_recalled: bool) -> None:
        self.is_recalled = is_recalled
        super().__init__(reason)


@dataclass(slots=True)
class Engagement:
    """One node's turns, from the first prompt to the fact that it ended."""

    node: Node
    around: Surroundings
    assignment: Assignment
    lent: Lent
    _thread: list[Message] = field(default_factory=list)
    _step: int = 0

    async def act(self) -> None:
        """Take all turns and record how the node ended. Raises Interrupted when the run must end first."""
        try:
            await self._act()
        except (GaveUp, TemplateFailed) as error:
            ended = NodeEnded(node=self.node.id, ending="failed", reason=str(error), at=self.lent.clock.now())
            await self.lent.recorder.record([ended])

    async def _act(self) -> None:
        if (given := await self._given()) != self.around.given:
            self.around = replace(self.around, given=given)
        answered = await self._answer(partial(final_judge, self.node, self.around, self.lent))
        if self.around.receivers:
            await self._hand_on(answered)

    async def _given(self) -> Given:
        """What its agent is given, the same for all its turns."""
        try:
            given = await self.lent.given(self.node.agent)
        except Unreadable as error:
            raise GaveUp(f"inputs: {error}; {error.remedy}") from error
        for text in given.notices():
            self.lent.recorder.show(Notice(text=f"{self.node.id}: {text}"))
        return given

    async def _answer(self, last: Callable[[], Judge]) -> Answered:
        """The answer that stands for the node, after the turns that lead to it."""
        node, around = self.node, self.around
        form = form_of(node, around)
        if node.part in _PURPOSES:
            return await self._turn(
                _PURPOSES[node.part], next_step_prompt(node, around) + form.text, form, last
            )
        if not node.agent.follow_up_enabled:
            return await self._turn("plan", turn_prompt(node, "plan", around) + form.text, form, last)
        if around.concise:
            return await self._turn("follow-up", concise_prompt(node, around) + form.text, form, last)
        plan = await self._turn("plan", turn_prompt(node, "plan", around), Form(), lambda: any_answer)
        prompt = turn_prompt(node, "follow-up", around, plan=plan.done.message.text) + form.text
        return await self._turn("follow-up", prompt, form, last)

    async def _hand_on(self, answered: Answered) -> None:
        receivers = self.around.receivers
        judge = partial(handoff_judge, self.node, answered.digest, self.lent)
        await self._turn("handoff", handoff_prompt(receivers), handoff_form(receivers), judge)

    async def _turn(
        self, purpose: Purpose, prompt: str, form: Form, new_judge: Callable[[], Judge]
    ) -> Answered:
        """The answer to a prompt; if the record has only answers that cannot be used, a new one."""
        before = len(self._thread)
        try:
            return await self._ask(purpose, prompt, form, new_judge())
        except _Unusable as unusable:
            if not unusable.is_recalled:
                raise
            del self._thread[before:]
            return await self._ask(purpose, prompt, form, new_judge(), live=True)

    async def _ask(
        self, purpose: Purpose, prompt: str, form: Form, judge: Judge, *, live: bool = False
    ) -> Answered:
        """The answer to a prompt, asked again with the judge's complaints, twice at most."""
        is_recalled = True
        for repairs_left in range(MAX_REPAIRS, -1, -1):
            answered = await self._perform(purpose, prompt, form, live)
            is_recalled = is_recalled and answered.is_recalled
            verdict = judge(answered, not repairs_left)
            if verdict.is_refusal and is_recalled:
                await self._keep(answered.facts, answered)
                raise _Unusable("the record has only refused answers", is_recalled=True)
            await self._keep([*answered.facts, *verdict.facts], answered)
            if not verdict.complaints:
                return answered
            purpose, prompt = "repair", repair_prompt(verdict.complaints, form)
        reason = f"no usable answer after {MAX_REPAIRS} repairs: {'; '.join(verdict.complaints)}"
        raise _Unusable(reason, is_recalled=is_recalled)

    async def _keep(self, facts: Sequence[Fact], answered: Answered) -> None:
        """Record what follows from an answer; where that is on record already, nothing waits for it."""
        if facts and answered.is_recalled and not answered.bodies:
            self.lent.recorder.note(facts, {answered.digest: answered.done.message.text})
        elif facts:
            await self.lent.recorder.record(facts, answered.bodies)

    async def _perform(self, purpose: Purpose, prompt: str, form: Form, live: bool) -> Answered:
        self._step += 1
        turn = self._input(purpose, self.lent.redactor.text(prompt), form)
        asked = turn.encoded()
        key = digest_of(asked)
        answered = None
        if not live:
            answered = await recall(TurnId(self.lent.run, self.node.id, self._step), turn, key, self.lent)
        if answered is None:
            order = self._order(turn, key)
            self._measure(order)
            answered = await answer(order, asked, self.assignment.retries, self.lent)
        self._thread += (Message(role="user", text=turn.prompt), answered.done.message)
        return answered

    def _input(self, purpose: Purpose, prompt: str, form: Form) -> TurnInput:
        to = self.assignment
        options: dict[str, JsonValue] = {"effort": to.effort} if to.effort else {}
        return TurnInput(
            agent=self.node.agent.id,
            purpose=purpose,
            backend=to.card.name,
            model=to.model,
            options=options,
            tools=to.tools,
            prompt=prompt,
            prior=thread_digest(self._thread),
            output_schema=form.schema,
            inputs=self.around.given.inputs,
            memory=self.around.given.recollections,
        )

    def _order(self, turn: TurnInput, key: Digest) -> TurnOrder:
        return TurnOrder(
            id=TurnId(self.lent.run, self.node.id, self._step),
            key=key,
            input=turn,
            thread=tuple(self._thread),
            max_tokens=self.assignment.max_tokens,
            deadline_s=self.assignment.timeout_s,
            urgency=self.lent.state.urgency(self.node.id),
        )

    def _measure(self, order: TurnOrder) -> None:
        """Show a prompt's size, and refuse one that cannot fit the model's window, naming what is in it."""
        to = self.assignment
        if self.lent.measures:
            self.lent.recorder.show(measured(order.id, order.input))
        tokens = estimate_tokens(order.input.prompt, *(message.text for message in order.thread))
        if tokens + order.max_tokens <= to.card.window_tokens:
            return
        said = {each.node: each.text for each in self.around.review.shown}
        parts = {"the task": self.around.task, **self.around.outputs, **said, **self.around.given.texts}
        sizes = ", ".join(f"{name} {estimate_tokens(text):,}" for name, text in parts.items())
        raise GaveUp(
            f"the {order.input.purpose} prompt does not fit: about {tokens:,} tokens, and up to"
            f" {order.max_tokens:,} for the answer, but {to.model} takes {to.card.window_tokens:,} in all."
            f" What is in it: {sizes}. Shorten the largest (a shorter task, shorter upstream outputs, one"
            " dependency less, fewer files), or lower max_output_tokens"
        )


def measured(id: TurnId, turn: TurnInput) -> PromptMeasured:
    """The size of a turn's prompt."""
    prompt = turn.prompt
    return PromptMeasured(
        id=id,
        purpose=turn.purpose,
        characters=len(prompt),
        bytes=len(prompt.encode("utf-8", "surrogatepass")),
        lines=len(prompt.splitlines()),
    )
