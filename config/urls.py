"""Addresses: which app answers under which path."""

from django.contrib import admin
from django.urls import include, path

import assets.finance_urls
import finance.urls
import repairs.costs_urls
from campus.urls_people import login_patterns
from config import my_data, setup, views
from core.health import healthz

admin.site.site_header = admin.site.site_title = "后勤台 管理后台"
admin.site.index_title = "基础数据"

config_patterns = (
    [
        path("", views.Home.as_view(), name="home"),
        path("r/<str:token>/", views.Scan.as_view(), name="scan"),
        path("search/", views.Search.as_view(), name="search"),
        path("more/", views.More.as_view(), name="more"),
        path("account/data/", my_data.MyData.as_view(), name="my-data"),
        path("setup/<str:token>/", setup.Setup.as_view(), name="setup"),
    ],
    "config",
)

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include(config_patterns)),
    *login_patterns,
    path("", include("core.urls")),
    path("", include("campus.urls")),
    path("", include("repairs.urls")),
    path("checks/", include("inspections.urls")),
    path("dormitory/", include("dormitory.urls")),
    path("classrooms/", include("classrooms.urls")),
    path("canteen/", include("canteen.urls")),
    path("assets/", include("assets.urls")),
    path("stores/", include("stores.urls")),
    path("outside/", include("repairs.outside.urls")),
    path(
        "",
        include(
            ([*finance.urls.urlpatterns, *repairs.costs_urls.urlpatterns, *assets.finance_urls.urlpatterns], "finance")
        ),
    ),
    path("plan/", include("workplan.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "core.errors.handler400"
handler403 = "core.errors.handler403"
handler404 = "core.errors.handler404"
handler500 = "core.errors.handler500"
