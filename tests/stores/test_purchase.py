"""The pages of a purchase request: asking, looking, answering."""

import pytest
from django.urls import reverse

from core.models import LogEntry, Notice
from stores import services
from stores.models import PurchaseRequest
from tests import make

pytestmark = pytest.mark.django_db


def answer_url(request):
    return reverse("stores:purchase-answer", args=[request.number])


def test_repairer_asks_for_an_item_or_for_anything_else(client):
    fixer = make.user(role="repairer")
    client.force_login(fixer)
    item = make.item(name="灯管", spec="30W", unit="支")

    client.post(reverse("stores:purchase-new"), {"item": "灯管 30W", "quantity": "20", "why": "库存不足"})
    client.post(
        reverse("stores:purchase-new"), {"what": "加热管 2 kW", "quantity": "1", "unit": "支", "why": "312 热水器"}
    )

    assert list(PurchaseRequest.objects.order_by("pk").values_list("item", "what", "quantity", "unit", "by")) == [
        (item.pk, "灯管 30W", 20, "支", fixer.pk), (None, "加热管 2 kW", 1, "支", fixer.pk),
    ]  # fmt: skip


def test_asking_for_nothing_is_refused(client):
    client.force_login(make.user(role="repairer"))

    response = client.post(reverse("stores:purchase-new"), {"quantity": "1", "why": "要用"})

    assert response.status_code == 409
    assert response.context["form"].errors == {"__all__": ["要买什么还没有写，请填名称规格。"]}
    assert PurchaseRequest.objects.count() == 0


def test_item_page_leads_to_a_filled_form(client):
    client.force_login(make.user(role="repairer"))
    item = make.item(name="灯管", spec="30W")

    page = client.get(f"{reverse('stores:purchase-new')}?item={item.pk}").content.decode()

    assert 'value="灯管 30W"' in page


@pytest.mark.parametrize("role", ["teacher", "warden", "principal"])
def test_who_may_not_ask(client, role):
    client.force_login(make.user(role=role))

    assert client.post(reverse("stores:purchase-new"), {"what": "伞", "quantity": "1", "why": "雨"}).status_code == 403
    assert PurchaseRequest.objects.count() == 0


def test_foreign_request_is_not_found(client):
    request = make.purchase()
    codes = {}
    for name, user in {
        "asker": request.by, "teacher": make.user(role="teacher"), "clerk": make.user(role="clerk"),
        "storekeeper": make.user(role="storekeeper"),
    }.items():  # fmt: skip
        client.force_login(user)
        codes[name] = client.get(request.get_absolute_url()).status_code

    assert codes == {"asker": 200, "teacher": 404, "clerk": 200, "storekeeper": 200}


def test_office_answers_and_who_asked_is_told(client):
    request, clerk = make.purchase(), make.user(role="clerk")
    client.force_login(clerk)

    response = client.post(answer_url(request), {"answer": "refused", "words": "库里有同款", "version": "1"})

    request.refresh_from_db()
    assert response.status_code == 302
    assert (request.answer, request.answer_words, request.answered_by) == ("refused", "库里有同款", clerk)
    assert list(Notice.objects.values_list("user", "text", "url")) == [
        (request.by_id, f"申购 {request.number}（{request.what}）已答复：不采购", request.get_absolute_url())
    ]


def test_wrong_role_and_own_request_are_refused_with_reasons(client):
    request = make.purchase(by=make.user(role="clerk"))
    client.force_login(make.user(role="repairer"))
    assert client.post(answer_url(request), {"answer": "bought"}).status_code == 403
    client.force_login(request.by)

    response = client.post(answer_url(request), {"answer": "bought", "version": "1"})

    assert response.status_code == 403
    assert response.context["reasons"] == ["这是您自己提出的申购，要由别人答复。"]
    assert LogEntry.objects.of(request).first().verb == "refused"
    request.refresh_from_db()
    assert request.answer == ""


def test_second_answer_is_told_what_happened(client):
    request = make.purchase()
    services.answer_purchase(request, by=make.user(role="director"), answer="bought")
    client.force_login(make.user(role="clerk"))

    response = client.post(answer_url(request), {"answer": "refused", "words": "不用", "version": "1"})

    assert response.status_code == 403
    assert response.context["reasons"] == ["这张申购已经答复：已采购。"]


def test_own_request_shows_the_answer_blocked(client):
    request = make.purchase(by=make.user(role="clerk"))
    client.force_login(request.by)

    assert client.get(request.get_absolute_url()).context["moves"][0]["reasons"] == [
        "这是您自己提出的申购，要由别人答复。"
    ]
