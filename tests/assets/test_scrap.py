"""The pages of a scrap proposal: proposing, looking, answering."""

import pytest
from django.urls import reverse

from assets import services
from assets.models import ScrapProposal
from core.models import LogEntry, Notice
from tests import make

pytestmark = pytest.mark.django_db


def answer_url(proposal):
    return reverse("assets:scrap-answer", args=[proposal.number])


def test_repairer_proposes_a_card_or_anything_else(client):
    fixer = make.user(role="repairer")
    client.force_login(fixer)
    card, room = make.card(name="壁扇", number="A-1", quantity=2), make.room()

    client.post(reverse("assets:scrap-new"), {"card": "A-1", "quantity": "2", "why": "电机烧毁"})
    client.post(
        reverse("assets:scrap-new"), {"what": "旧课桌", "quantity": "3", "place": room.full_name, "why": "桌面开裂"}
    )

    assert list(ScrapProposal.objects.order_by("pk").values_list("card", "what", "quantity", "place", "by")) == [
        (card.pk, "壁扇 A-1", 2, None, fixer.pk), (None, "旧课桌", 3, room.pk, fixer.pk),
    ]  # fmt: skip


def test_unknown_card_and_too_many_are_refused(client):
    client.force_login(make.user(role="repairer"))
    make.card(name="壁扇", number="A-1", unit="台")

    unknown = client.post(reverse("assets:scrap-new"), {"card": "Z-9", "quantity": "1", "why": "坏"})
    many = client.post(reverse("assets:scrap-new"), {"card": "A-1", "quantity": "2", "why": "坏"})

    assert unknown.context["form"].errors == {"card": ["没有编号为 Z-9 的资产，请核对标签上的编号。"]}
    assert many.context["form"].errors == {"__all__": ["壁扇 A-1共 1 台，报废不了 2 台。请减少数量。"]}
    assert ScrapProposal.objects.count() == 0


@pytest.mark.parametrize("role", ["teacher", "warden", "principal"])
def test_who_may_not_propose(client, role):
    client.force_login(make.user(role=role))

    assert client.post(reverse("assets:scrap-new"), {"what": "桌", "quantity": "1", "why": "坏"}).status_code == 403


def test_foreign_proposal_is_not_found(client):
    proposal, codes = make.scrap(), {}
    for name, user in {
        "proposer": proposal.by, "teacher": make.user(role="teacher"), "assetkeeper": make.user(role="assetkeeper"),
    }.items():  # fmt: skip
        client.force_login(user)
        codes[name] = client.get(proposal.get_absolute_url()).status_code

    assert codes == {"proposer": 200, "teacher": 404, "assetkeeper": 200}


def test_asset_keeper_answers_and_who_proposed_is_told(client):
    proposal, keeper = make.scrap(), make.user(role="assetkeeper")
    client.force_login(keeper)

    response = client.post(answer_url(proposal), {"answer": "agreed", "version": "1"})

    proposal.refresh_from_db()
    assert response.status_code == 302
    assert (proposal.answer, proposal.answered_by) == ("agreed", keeper)
    assert list(Notice.objects.values_list("user", "text")) == [
        (proposal.by_id, f"报废建议 {proposal.number}（旧课桌）已答复：同意报废")
    ]


def test_wrong_role_own_proposal_and_second_answer_are_refused(client):
    own = make.scrap(by=make.user(role="clerk"))
    client.force_login(make.user(role="repairer"))
    assert client.post(answer_url(own), {"answer": "agreed"}).status_code == 403
    client.force_login(own.by)
    first = client.post(answer_url(own), {"answer": "agreed", "version": "1"})
    services.answer_scrap(own, by=make.user(role="director"), answer="refused", words="还能修")
    client.force_login(make.user(role="assetkeeper"))
    second = client.post(answer_url(own), {"answer": "agreed", "version": "1"})

    assert (first.status_code, first.context["reasons"]) == (403, ["这是您自己提出的报废建议，要由别人答复。"])
    assert (second.status_code, second.context["reasons"]) == (403, ["这条报废建议已经答复：不同意。"])
    assert [entry.verb for entry in LogEntry.objects.of(own)] == ["refused", "answer", "refused", "propose"]
