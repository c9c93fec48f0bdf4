"""Addresses of the ledger's sheets among those of finance; config puts them under one name."""

from django.urls import path

from assets import statement_views as views

urlpatterns = [
    path("finance/assets/changes/", views.Changes.as_view(), name="asset-changes"),
    path("finance/assets/depreciation/", views.Depreciation.as_view(), name="asset-depreciation"),
    path("finance/assets/check/", views.Agreement.as_view(), name="asset-agreement"),
    path("finance/assets/ledger/", views.EnterLedger.as_view(), name="asset-ledger"),
]
