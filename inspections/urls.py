"""Addresses of checklists, rounds, findings, zones and recurring work."""

from django.urls import URLPattern

from inspections import finding_urls, grid_urls, round_urls

app_name = "inspections"
urlpatterns: list[URLPattern] = [
    *round_urls.urlpatterns,
    *grid_urls.urlpatterns,
    *finding_urls.urlpatterns,
]
