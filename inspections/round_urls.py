"""Addresses of the front page, rounds, checklists and schedules."""

from django.urls import path

from inspections.views import checklists, rounds, schedules

LIST = "lists/<int:pk>/"

urlpatterns = [
    path("", rounds.Home.as_view(), name="home"),
    path("rounds/new/", rounds.RoundNew.as_view(), name="round-new"),
    path("rounds/<str:number>/", rounds.RoundDetail.as_view(), name="round"),
    path("rounds/<str:number>/change/", rounds.RoundChange.as_view(), name="round-change"),
    path("rounds/<str:number>/add/", rounds.RoundAdd.as_view(), name="round-add"),
    path("rounds/<str:number>/close/", rounds.RoundClose.as_view(), name="round-close"),
    path("rounds/<str:number>/cancel/", rounds.RoundCancel.as_view(), name="round-cancel"),
    path("rounds/<str:number>/remove/", rounds.TargetsRemove.as_view(), name="targets-remove"),
    path("lists/", checklists.ChecklistList.as_view(), name="checklists"),
    path("lists/new/", checklists.ChecklistNew.as_view(), name="checklist-new"),
    path(LIST, checklists.ChecklistDetail.as_view(), name="checklist"),
    path(LIST + "switch/", checklists.ChecklistSwitch.as_view(), name="checklist-switch"),
    path(LIST + "draft/", checklists.DraftEditor.as_view(), name="draft"),
    path(LIST + "draft/scores/", checklists.DraftScores.as_view(), name="draft-scores"),
    path(LIST + "draft/publish/", checklists.DraftPublish.as_view(), name="draft-publish"),
    path(LIST + "draft/drop/", checklists.DraftDrop.as_view(), name="draft-drop"),
    path(LIST + "draft/lines/new/", checklists.LineEdit.as_view(new=True), name="line-new"),
    path(LIST + "draft/lines/<int:line>/", checklists.LineEdit.as_view(), name="line"),
    path(LIST + "draft/lines/<int:line>/<slug:step>/", checklists.LineStep.as_view(), name="line-step"),
    path("schedules/", schedules.ScheduleList.as_view(), name="schedules"),
    path("lists/<int:checklist>/schedules/new/", schedules.ScheduleEdit.as_view(), name="schedule-new"),
    path("schedules/<int:pk>/", schedules.ScheduleDetail.as_view(), name="schedule"),
    path("schedules/<int:pk>/edit/", schedules.ScheduleEdit.as_view(), name="schedule-edit"),
    path("schedules/<int:pk>/switch/", schedules.ScheduleSwitch.as_view(), name="schedule-switch"),
]
