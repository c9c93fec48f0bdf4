"""Addresses of the mechanisms: inbox and files."""

from django.urls import path

from core import views

app_name = "core"
urlpatterns = [
    path("inbox/", views.Inbox.as_view(), name="inbox"),
    path("inbox/read/", views.ReadAll.as_view(), name="inbox-read"),
    path("inbox/<int:pk>/open/", views.OpenNotice.as_view(), name="notice-open"),
    path("files/<str:token>/", views.File.as_view(), name="file"),
    path("files/<str:token>/thumb/", views.File.as_view(small=True), name="file-thumb"),
]
