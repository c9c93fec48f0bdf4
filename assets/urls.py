"""Addresses of the ledger."""

from django.urls import path

from assets import views

app_name = "assets"
urlpatterns = [
    path("", views.CardList.as_view(), name="list"),
    path("new/", views.CardNew.as_view(), name="card-new"),
    path("numbers/", views.NumberFormatPage.as_view(), name="numbers"),
    path("mine/", views.Mine.as_view(), name="mine"),
    path("scraps/", views.ScrapList.as_view(), name="scraps"),
    path("scraps/new/", views.ScrapNew.as_view(), name="scrap-new"),
    path("scraps/<str:number>/", views.Scrap.as_view(), name="scrap"),
    path("scraps/<str:number>/answer/", views.ScrapAnswer.as_view(), name="scrap-answer"),
    path("<str:number>/", views.CardDetail.as_view(), name="card"),
    path("<str:number>/paper/", views.CardPaper.as_view(), name="card-paper"),
    path("<str:number>/edit/", views.CardEdit.as_view(), name="card-edit"),
    path("<str:number>/move/", views.CardMove.as_view(), name="card-move"),
    path("<str:number>/mark/", views.CardMark.as_view(), name="card-mark"),
    path("<str:number>/swap/", views.CardSwap.as_view(), name="card-swap"),
]
