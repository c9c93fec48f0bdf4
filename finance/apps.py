"""Finance: parties, approvals, payments, invoices, claims, periods."""

from django.apps import AppConfig


class FinanceConfig(AppConfig):
    name = "finance"
    verbose_name = "财务"
