"""Addresses of the finance sheets of repairs, mounted under /finance/."""

from django.urls import path

from repairs import costs_views as views

app_name = "finance"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("repairs/", views.RepairCosts.as_view(), name="repairs"),
    path("repairs/summary/", views.Summary.as_view(), name="summary"),
]
