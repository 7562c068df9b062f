"""One agent's engagement: its plan turn, its follow-up on the same thread, repairs, and how it ends.

Nothing depends on an answer before it is recorded. A turn that this run has already recorded is taken from
the journal, so that a resumed engagement walks through its recorded turns without a call and goes on where
the record ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from agentlark.prompts import TemplateFailed
from orchestrator.core.facts import NodeEnded
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.turn import Done, Message, Purpose, TurnId, TurnInput, TurnOrder, thread_digest
from orchestrator.run.assignment import Assignment
from orchestrator.run.calls import Answered, answer
from orchestrator.run.judges import Judge, any_answer, final_judge
from orchestrator.run.lent import GaveUp, Lent
from orchestrator.run.prompting import (
    Form,
    Surroundings,
    estimate_tokens,
    form_of,
    repair_prompt,
    turn_prompt,
)
from orchestrator.schedule.node import Node

MAX_REPAIRS = 2


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
        node, around = self.node, self.around
        last = final_judge(node, around, self.lent)
        plan_prompt = turn_prompt(node, "plan", around)
        if not node.agent.follow_up_enabled:
            await self._turn("plan", plan_prompt, Form(), last)
            return
        plan = await self._turn("plan", plan_prompt, Form(), any_answer)
        form = form_of(node, around)
        prompt = turn_prompt(node, "follow-up", around, plan=plan.message.text) + form.text
        await self._turn("follow-up", prompt, form, last)

    async def _turn(self, purpose: Purpose, prompt: str, form: Form, judge: Judge) -> Done:
        """The answer to a prompt, asked again with the judge's complaints, twice at most."""
        for repairs_left in range(MAX_REPAIRS, -1, -1):
            answered = await self._perform(purpose, prompt, form)
            verdict = judge(answered, not repairs_left)
            facts = [*answered.facts, *verdict.facts]
            if facts:
                await self.lent.recorder.record(facts, answered.bodies)
            if not verdict.complaints:
                return answered.done
            purpose, prompt = "repair", repair_prompt(verdict.complaints, form)
        raise GaveUp(f"no usable answer after {MAX_REPAIRS} repairs: {'; '.join(verdict.complaints)}")

    async def _perform(self, purpose: Purpose, prompt: str, form: Form) -> Answered:
        self._step += 1
        turn = self._input(purpose, self.lent.redactor.text(prompt), form)
        asked = turn.encoded()
        order = self._order(turn, digest_of(asked))
        self._measure(order)
        answered = await answer(order, asked, self.assignment.retries, self.lent)
        self._thread += (Message(role="user", text=order.input.prompt), answered.done.message)
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
        )

    def _order(self, turn: TurnInput, key: Digest) -> TurnOrder:
        return TurnOrder(
            id=TurnId(self.lent.run, self.node.id, self._step),
            key=key,
            input=turn,
            thread=tuple(self._thread),
            max_tokens=self.assignment.max_tokens,
            deadline_s=self.assignment.timeout_s,
        )

    def _measure(self, order: TurnOrder) -> None:
        """Refuse a prompt that cannot fit the model's window, naming what makes it so large."""
        to = self.assignment
        tokens = estimate_tokens(order.input.prompt, *(message.text for message in order.thread))
        if tokens + order.max_tokens <= to.card.window_tokens:
            return
        parts = {"the task": self.around.task, **self.around.outputs}
        sizes = ", ".join(f"{name} {estimate_tokens(text):,}" for name, text in parts.items())
        raise GaveUp(
            f"the {order.input.purpose} prompt does not fit: about {tokens:,} tokens, and up to"
            f" {order.max_tokens:,} for the answer, but {to.model} takes {to.card.window_tokens:,} in all."
            f" What is in it: {sizes}. Shorten the largest (a shorter task, shorter upstream outputs, one"
            " dependency less), or lower max_output_tokens"
        )
