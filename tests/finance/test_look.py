"""What the pages of money leave out, and how they speak: no empty lines, named sums, states in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from finance.models import Invoice
from tests import make
from tests.finance.test_pages import get

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def test_sums_carry_their_label_for_phones(client: Any, finance: Any) -> None:
    make.invoice(800), make.invoice(200)
    assert '<span class="sum-of">金额</span> ¥1,000.00' in get(client, finance, "/finance/invoices/")
    make.payment(300)
    page = get(client, finance, "/finance/")
    assert '<span class="sum-of">付出（元）</span> ¥300.00' in page
    assert '<span class="sum-of">收入（元）</span> ¥0.00' in page


def test_a_record_has_no_line_for_what_is_not_known(client: Any, finance: Any) -> None:
    payment = make.payment(800)
    page = get(client, finance, payment.get_absolute_url())
    assert [word for word in ("事由", "凭证号", "收费依据", "冲正") if f"<dt>{word}</dt>" in page] == ["事由"]
    assert "<dd>—</dd>" not in page


def test_invoices_are_in_force_or_voided(client: Any, finance: Any) -> None:
    good, bad = make.invoice(800), make.invoice(200)
    Invoice.objects.filter(pk=bad.pk).update(voided=True, void_reason="开错")
    page = get(client, finance, "/finance/invoices/")
    assert "未知" not in page and "全部状态" in page
    page = get(client, finance, "/finance/invoices/?voided=1")
    assert (good.number in page, bad.number in page) == (False, True)


def test_a_band_says_from_how_much_on_and_asks_who(client: Any, finance: Any) -> None:
    make.bands()
    assert ">1,000.00 元起</a>" in get(client, finance, "/finance/bands/")
    page = get(client, finance, "/finance/bands/new/")
    assert ("请选择" in page, "---" in page) == (True, False)


def test_an_objection_is_answered_only_while_it_waits(client: Any, finance: Any) -> None:
    claim = make.claim("due")
    assert "答复异议" not in get(client, finance, claim.get_absolute_url())


def test_a_contractor_has_one_page(client: Any, clerk: Any) -> None:
    job = make.outside_job("working")
    address = job.party.get_absolute_url()
    for page in (job.get_absolute_url(), reverse("outside:contractors")):
        assert f'href="{address}"' in get(client, clerk, page)
    page = get(client, clerk, address)
    assert f'href="{job.get_absolute_url()}"' in page
    assert 'href="tel:' not in page
    job.party.phone = "138 0000 3003"
    job.party.save()
    assert '<a href="tel:13800003003">138 0000 3003</a>' in get(client, clerk, address)
