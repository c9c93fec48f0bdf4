"""Addresses of entering and of paper: the grid, its cells, the sheets, Excel in and out."""

from django.urls import path

from inspections.views import grid, prints

urlpatterns = [
    path("rounds/<str:number>/grid/", grid.GridPage.as_view(), name="grid"),
    path("rounds/<str:number>/cells/", grid.Cells.as_view(), name="cells"),
    path("rounds/<str:number>/blank/", prints.BlankPaper.as_view(), name="blank"),
    path("rounds/<str:number>/result/", prints.ResultPaper.as_view(), name="result"),
    path("rounds/<str:number>/sheet/", prints.ResultSheet.as_view(), name="result-sheet"),
    path("rounds/<str:number>/import/", prints.ImportResults.as_view(), name="import"),
]
