"""Addresses of the area."""

from django.urls import path

from canteen import views

app_name = "canteen"
urlpatterns = [path("", views.Home.as_view(), name="home")]
