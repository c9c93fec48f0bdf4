"""What the ledger gives to the monthly plan: scrap proposals without an answer."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from assets.models import ScrapProposal
from core import clock
from core.plan import Kind, Members, Month, Record, SourceLine, Without, fresh

NAMED = 5
TITLE = 190


def _show(proposal: ScrapProposal) -> Record:
    return Record(
        key=proposal.number, title=f"{proposal.what} {proposal.quantity} 件", url=proposal.get_absolute_url(),
        where=proposal.place.full_name if proposal.place else proposal.number, state=proposal.get_answer_display(),
        css={"": "new", "agreed": "done"}.get(proposal.answer, "declined"), owner=proposal.by.name,
        opened=clock.local(proposal.at).date(), closed=proposal.answer != "",
    )  # fmt: skip


KINDS = {
    "scrap": Kind(
        label="报废建议",
        key="number",
        open=lambda: ScrapProposal.objects.open(),
        records=lambda user: ScrapProposal.objects.visible_to(user).select_related("by", "place"),
        show=_show,
    )
}


def plan_lines(month: Month, without: Without | None = None) -> list[SourceLine]:
    """One line at most."""
    found = list(fresh("scrap", KINDS["scrap"], without).order_by("at", "pk").values_list("what", "quantity", "at"))
    if not found:
        return []
    words = [f"{what} {quantity} 件" for what, quantity, _ in found]
    more = f"等 {len(words)} 项" if len(words) > NAMED else ""
    oldest = clock.local(found[0][2]).date()
    days = (clock.today() - oldest).days
    return [
        SourceLine(
            key="scrap", section="routine-property", title=f"待答复的报废建议 {len(found)} 项：{'、'.join(words[:NAMED])}{more}"[:TITLE],
            count=len(found), quantity=sum(quantity for _, quantity, _ in found), oldest=oldest, owner="资产管理员",
            reason=f"最早的一项已等 {days} 天" if days else "今天提出", url=reverse("assets:scraps"), rank=(1,),
        )
    ]  # fmt: skip


def members(month: Month, key: str, without: Without | None = None) -> Members:
    """The proposals behind the line."""
    if key != "scrap":
        return []
    rows = fresh("scrap", KINDS["scrap"], without).order_by("pk").values_list("number", "at")
    return [("scrap", number, clock.local(at).date()) for number, at in rows]


def all_members(month: Month, keys: Iterable[str], without: Without | None = None) -> dict[str, Members]:
    """The records behind each of the lines."""
    return {key: members(month, key, without) for key in keys}
