"""Addresses of the sheets of repairs among those of finance; config puts them under one name."""

from django.urls import path

from repairs import costs_views as views
from repairs.outside import sheets

urlpatterns = [
    path("finance/repairs/", views.RepairCosts.as_view(), name="repairs"),
    path("finance/repairs/summary/", views.Summary.as_view(), name="summary"),
    path("finance/outside/", sheets.Settlements.as_view(), name="outside"),
    path("finance/contractors/", sheets.Contractors.as_view(), name="contractors"),
    path("finance/exceptions/", sheets.Exceptions.as_view(), name="exceptions"),
]
