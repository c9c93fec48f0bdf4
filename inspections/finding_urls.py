"""Addresses of findings, recurring work, zones and trends; `inspections.urls` takes them in."""

from django.urls import path

from inspections.views import findings, trends, upkeep, zones

urlpatterns = [
    path("findings/", findings.Findings.as_view(), name="findings"),
    path("findings/new/", findings.NewFinding.as_view(), name="finding-new"),
    path("findings/<str:number>/", findings.FindingPage.as_view(), name="finding"),
    *(
        path(f"findings/<str:number>/{step}/", view.as_view(), name=f"finding-{step}")
        for step, view in findings.FINDING_MOVES.items()
    ),
    path("upkeep/", upkeep.Upkeeps.as_view(), name="upkeeps"),
    path("upkeep/new/", upkeep.UpkeepEdit.as_view(), name="upkeep-new"),
    path("upkeep/<int:pk>/", upkeep.UpkeepPage.as_view(), name="upkeep"),
    path("upkeep/<int:pk>/edit/", upkeep.UpkeepEdit.as_view(), name="upkeep-edit"),
    path("upkeep/<int:pk>/done/", upkeep.UpkeepDone.as_view(), name="upkeep-done"),
    path("upkeep/<int:pk>/make/", upkeep.UpkeepMake.as_view(), name="upkeep-make"),
    path("zones/", zones.Zones.as_view(), name="zones"),
    path("zones/new/", zones.ZoneEdit.as_view(), name="zone-new"),
    path("zones/<int:pk>/", zones.ZonePage.as_view(), name="zone"),
    path("zones/<int:pk>/edit/", zones.ZoneEdit.as_view(), name="zone-edit"),
    path("trends/", trends.Trends.as_view(), name="trends"),
]
