"""Addresses of the area."""

from django.urls import path

from classrooms import views

app_name = "classrooms"
urlpatterns = [path("", views.Home.as_view(), name="home")]
