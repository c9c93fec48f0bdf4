"""Addresses of the dormitories."""

from django.urls import path

from dormitory import imports
from dormitory.views import appeals, boards, home, rooms, scores, sweeps

app_name = "dormitory"
urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("rooms/", rooms.Rooms.as_view(), name="rooms"),
    path("rooms/import/", imports.ImportRooms.as_view(), name="rooms-import"),
    path("rooms/ensure/", rooms.EnsureRooms.as_view(), name="rooms-ensure"),
    path("rooms/<int:pk>/", rooms.RoomPage.as_view(), name="room"),
    path("rooms/<int:pk>/edit/", rooms.EditRoom.as_view(), name="room-edit"),
    path("scores/", scores.Scores.as_view(), name="scores"),
    path("scores/<str:by>/<int:pk>/", scores.Trend.as_view(), name="trend"),
    path("twice/", scores.Twice.as_view(), name="twice"),
    path("boards/", boards.Boards.as_view(), name="boards"),
    path("boards/publish/", boards.PublishBoard.as_view(), name="board-publish"),
    path("boards/<slug:slug>/", boards.BoardPage.as_view(), name="board"),
    path("boards/<slug:slug>/print/", boards.BoardNotice.as_view(), name="board-print"),
    path("boards/<slug:slug>/reissue/", boards.ReissueBoard.as_view(), name="board-reissue"),
    path("appeals/", appeals.Appeals.as_view(), name="appeals"),
    path("appeals/new/<int:pk>/", appeals.FileAppeal.as_view(), name="appeal-new"),
    path("appeals/<int:pk>/", appeals.AppealPage.as_view(), name="appeal"),
    path("appeals/<int:pk>/answer/", appeals.AnswerAppeal.as_view(), name="appeal-answer"),
    path("sweeps/", sweeps.Sweeps.as_view(), name="sweeps"),
    path("sweeps/new/<int:pk>/", sweeps.StartSweep.as_view(), name="sweep-new"),
    path("sweeps/<slug:slug>/", sweeps.SweepPage.as_view(), name="sweep"),
]
