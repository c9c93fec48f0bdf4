"""Addresses of the stores."""

from django.urls import path

from stores import views

app_name = "stores"
urlpatterns = [
    path("", views.MoveList.as_view(), name="list"),
    path("receive/", views.Receive.as_view(), name="receive"),
    path("issue/", views.Issue.as_view(), name="issue"),
    path("moves/<int:pk>/return/", views.GiveBack.as_view(), name="return"),
    path("moves/<int:pk>/reverse/", views.Reverse.as_view(), name="reverse"),
    path("items/", views.ItemList.as_view(), name="items"),
    path("items/new/", views.ItemEdit.as_view(), name="item-new"),
    path("items/<int:pk>/", views.ItemDetail.as_view(), name="item"),
    path("items/<int:pk>/edit/", views.ItemEdit.as_view(), name="item-edit"),
    path("items/<int:pk>/count/", views.Count.as_view(), name="count"),
    path("purchases/", views.PurchaseList.as_view(), name="purchases"),
    path("purchases/new/", views.PurchaseNew.as_view(), name="purchase-new"),
    path("purchases/<str:number>/", views.Purchase.as_view(), name="purchase"),
    path("purchases/<str:number>/answer/", views.PurchaseAnswer.as_view(), name="purchase-answer"),
]
