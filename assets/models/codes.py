"""Class codes of assets (资产分类) in both editions of GB/T 14885, and the accountant's own figure for each class."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock, pinyin

# The six classes under which a school's accounts carry fixed assets (政府会计制度 1601).
SIX = {
    "buildings": "房屋和构筑物", "equipment": "设备", "relics": "文物和陈列品", "books": "图书和档案", "furniture": "家具和用具",
    "living": "特种动植物",
}  # fmt: skip
OF_2022 = {"A01": "buildings", "A02": "equipment", "A03": "relics", "A04": "books", "A05": "furniture", "A06": "living"}
OF_2010 = {"1": "buildings", "2": "equipment", "3": "equipment", "4": "relics", "5": "books", "6": "furniture"}
LIVING_2010 = ("603", "604")


def six_of(code: str) -> str:
    """Under which of the six classes a code of either edition stands; "" for materials and intangibles."""
    if code.startswith("A"):
        return OF_2022.get(code[:3], "")
    return "living" if code.startswith(LIVING_2010) else OF_2010.get(code[:1], "")


class ClassCodeQuerySet(models.QuerySet["ClassCode"]):
    """Vocabulary of class codes."""

    def search(self, words: str) -> ClassCodeQuerySet:
        """By the beginning of the code, any part of the name, or pinyin initials."""
        found = Q(name__icontains=words) | Q(pinyin__startswith=words.lower())
        return self.filter(found | Q(code__istartswith=words))


class ClassCode(models.Model):
    """One class of GB/T 14885: 2022 has nine characters (A05010304), 2010 seven digits (6010300)."""

    EDITIONS = {2022: "GB/T 14885-2022", 2010: "GB/T 14885-2010"}

    edition = models.PositiveSmallIntegerField("版本", choices=EDITIONS)
    code = models.CharField("代码", max_length=9)
    name = models.CharField("名称", max_length=60)
    level = models.PositiveSmallIntegerField("级次")
    six = models.CharField("大类", max_length=10, choices=SIX, blank=True)
    months = models.PositiveSmallIntegerField("折旧年限（月）", null=True, blank=True)
    depreciates = models.BooleanField("计提折旧", default=True)
    verified = models.BooleanField("代码已核对", default=False)
    pinyin = models.CharField(max_length=60, blank=True, db_index=True)

    objects = ClassCodeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "资产分类代码"
        ordering = ["-edition", "code"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="class_code_once"),
            models.CheckConstraint(condition=Q(months=None) | Q(months__gt=0), name="class_code_months"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.six, self.pinyin = six_of(self.code), pinyin.initials(self.name)
        super().save(*args, **kwargs)


class GeneralLedger(models.Model):
    """What the accountant's general ledger says for one of the six classes at the end of a month, typed in by finance."""

    month = models.DateField("月份")  # its first day
    six = models.CharField("大类", max_length=10, choices=SIX)
    amount = models.DecimalField("总账余额", max_digits=14, decimal_places=2)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="填报人")
    at = models.DateTimeField(default=clock.now)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = verbose_name_plural = "固定资产总账余额"
        constraints = [models.UniqueConstraint(fields=["month", "six"], name="general_ledger_once")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.get_six_display()}"


class NumberFormat(models.Model):
    """How this school numbers its cards; one row (`assets.numbers`)."""

    pattern = models.CharField("编号格式", max_length=60, default="ZC{年}-{流水4}")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = verbose_name_plural = "资产编号格式"

    def __str__(self) -> str:
        return self.pattern
