"""Addresses of the area."""

from django.urls import path

from dormitory import views

app_name = "dormitory"
urlpatterns = [path("", views.Home.as_view(), name="home")]
