"""Addresses of the monthly plan."""

from django.urls import path

from workplan import views

app_name = "workplan"
urlpatterns = [
    path("", views.Current.as_view(), name="current"),
    path("<str:month>/", views.MonthPage.as_view(), name="month"),
    path("<str:month>/prose/", views.ProsePage.as_view(), name="prose"),
    path("<str:month>/lines/new/", views.LineNew.as_view(), name="line-new"),
    path("<str:month>/live/<str:source>/<str:key>/", views.LivePage.as_view(), name="live"),
    path("<str:month>/<int:pk>/", views.LinePage.as_view(), name="line"),
    path("<str:month>/<int:pk>/edit/", views.LineEdit.as_view(), name="line-edit"),
    path("<str:month>/<int:pk>/done/", views.LineDone.as_view(), name="line-done"),
    path("<str:month>/<int:pk>/undone/", views.LineUndone.as_view(), name="line-undone"),
    path("<str:month>/<int:pk>/withdraw/", views.LineWithdraw.as_view(), name="line-withdraw"),
]
