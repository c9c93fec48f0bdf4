"""Workflow: the only road to a new state, and to the log entry that tells of it.

An app declares its table of moves once:

    FLOW = Flow("state", [Step("start", "开始维修", sources=("dispatched",), target="doing", who=is_lead, needs=(...))])

A guard (`who`, `needs`) is called with (record, actor or None) and returns a reason in Chinese, or None. With no actor
it judges facts only. `who` answers "may this person", `needs` "is it ready"; both are shown to the user as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from core import log

Guard = Callable[[Any, Any], str | None]


class System:
    """The actor of what happens by itself (`tick`)."""

    pk = None
    name = "系统"
    is_active = True
    is_authenticated = False


SYSTEM = System()


class RuleBroken(Exception):
    """A rule refused: `reasons` say in Chinese what is so and what to do."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("；".join(reasons))
        self.reasons = list(reasons)


class Stale(RuleBroken):
    """The record was changed by somebody else since it was read."""


@dataclass(frozen=True)
class Step:
    """One move: from `sources` to `target` (None keeps the state; a callable gets (record, data))."""

    name: str
    label: str
    sources: tuple[str, ...]
    target: str | None | Callable[[Any, dict[str, Any]], str | None]
    who: Guard
    needs: tuple[Guard, ...] = ()
    quiet: bool = False  # not offered as a button: an effect of something else, or the system's
    danger: bool = False  # ends something: its button stands on a confirm page
    hints: dict[str, str] = field(default_factory=dict)  # state -> reason why the step is not open there


@dataclass
class Flow:
    """A model's table of moves over its state field."""

    steps: list[Step]
    states: dict[str, str]  # value -> Chinese word
    field: str = "state"

    def __post_init__(self) -> None:
        self.by_name = {step.name: step for step in self.steps}

    def __getitem__(self, name: str) -> Step:
        return self.by_name[name]

    def blockers(self, record: Any, step: str, by: Any) -> list[str]:
        """Every reason why `by` cannot take the step now; empty: he can."""
        it = self[step]
        state = getattr(record, self.field)
        if state not in it.sources:
            word = self.states.get(state, state)
            return [it.hints.get(state) or f"现在是“{word}”，不能{it.label}。"]
        refused = it.who(record, by)
        if refused:
            return [refused]
        return [reason for need in it.needs if (reason := need(record, by))]

    def missing(self, record: Any, step: str) -> list[str]:
        """The facts that still stand in the way, whoever asks: the plan's "stuck on"."""
        return [reason for need in self[step].needs if (reason := need(record, None))]

    def open_to(self, record: Any, by: Any) -> list[tuple[Step, list[str]]]:
        """The steps that concern `by` in this state, each with what blocks it: first the free ones.

        A step of the wrong state or for other people is left out; one that only lacks something is shown with
        its reasons.
        """
        state = getattr(record, self.field)
        found = []
        for step in self.steps:
            if step.quiet or state not in step.sources or step.who(record, by):
                continue
            found.append((step, [reason for need in step.needs if (reason := need(record, by))]))
        return sorted(found, key=lambda pair: bool(pair[1]))

    def run(
        self,
        record: Any,
        step: str,
        *,
        by: Any,
        text: str = "",
        said: str = "",
        then: Callable[[Any, dict[str, Any]], None] | None = None,
        data: dict[str, Any] | None = None,
        checks: Iterable[Callable[[Any], str | None]] = (),
        changes: dict[str, Any] | None = None,
        acting_for: Any = None,
        version: int | None = None,
        anonymous: bool = False,
    ) -> Any:
        """Take the step: lock the row, ask every guard again, set the state, write the log; all or nothing.

        `checks` are further guards on the locked record that need the form's data; `then(record, data)` sets the
        other columns before the record is saved. Raises RuleBroken with all reasons, Stale when `version` is not
        the record's. Returns the fresh record.
        """
        it, data = self[step], dict(data or {})
        with transaction.atomic():
            fresh = type(record)._default_manager.select_for_update(of=("self",)).get(pk=record.pk)
            if version is not None and fresh.version != version:
                raise Stale(*(self.blockers(fresh, step, by) or ["别人刚改过这张单，请看过最新情况再操作。"]))
            reasons = self.blockers(fresh, step, by) or [r for check in checks if (r := check(fresh))]
            if reasons:
                raise RuleBroken(*reasons)
            before = getattr(fresh, self.field)
            target = it.target(fresh, data) if callable(it.target) else it.target
            if target is not None:
                self._set(fresh, target)
            if then is not None:
                then(fresh, data)
            if hasattr(fresh, "version"):
                fresh.version += 1
            fresh.save()
            log.write(
                fresh, step, by=by, text=text or it.label, said=said, before=before,
                after=getattr(fresh, self.field), changes=changes, acting_for=acting_for, anonymous=anonymous,
            )  # fmt: skip
        return fresh

    def _set(self, record: models.Model, state: str) -> None:
        setattr(record, self.field, state)
