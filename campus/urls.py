"""Addresses of the school: places, labels, settings; people stand in `urls_people`."""

from django.urls import include, path

from campus import settings_views as s
from campus import views

app_name = "campus"

urlpatterns = [
    path("", include("campus.urls_people")),
    path("places/", views.PlacesPage.as_view(), name="places"),
    path("places/new/", views.NewPlace.as_view(), name="place-new"),
    path("places/import/", views.ImportPlaces.as_view(), name="place-import"),
    path("places/labels/", views.LabelsPage.as_view(), name="labels"),
    path("places/<int:pk>/", views.PlacePage.as_view(), name="place"),
    path("places/<int:pk>/edit/", views.EditPlace.as_view(), name="place-edit"),
    path("places/<int:pk>/add/", views.NewPlace.as_view(), name="place-add"),
    path("places/<int:pk>/range/", views.AddRange.as_view(), name="place-range"),
    path("places/<int:pk>/alias/", views.AddAlias.as_view(), name="place-alias"),
    path("places/<int:pk>/move/", views.MovePlace.as_view(), name="place-move"),
    path("places/<int:pk>/retire/", views.RetirePlace.as_view(), name="place-retire"),
    path("places/<int:pk>/revive/", views.RevivePlace.as_view(), name="place-revive"),
    path("places/<int:pk>/labels/", views.MakeLabels.as_view(), name="place-labels"),
    path("places/<int:pk>/labels/sheet/", views.LabelSheet.as_view(), name="label-sheet"),
    path("places/alias/<int:pk>/drop/", views.DropAlias.as_view(), name="alias-drop"),
    path("settings/", s.SettingsPage.as_view(), name="settings"),
    path("settings/school/", s.ProfilePage.as_view(), name="profile"),
    path("settings/terms/", s.Terms.as_view(), name="terms"),
    path("settings/terms/new/", s.EditTerm.as_view(), name="term-new"),
    path("settings/terms/<int:pk>/", s.EditTerm.as_view(), name="term-edit"),
    path("settings/terms/<int:pk>/remove/", s.RemoveTerm.as_view(), name="term-remove"),
    path("settings/days/", s.SchoolDays.as_view(), name="school-days"),
    path("settings/days/set/", s.SetSchoolDays.as_view(), name="school-days-set"),
    path("settings/figures/", s.Figures.as_view(), name="figures"),
    path("settings/figures/<int:pk>/", s.EditFigure.as_view(), name="figure-edit"),
    path("settings/duty/", s.Duties.as_view(), name="duties"),
    path("settings/duty/new/", s.EditDuty.as_view(), name="duty-new"),
    path("settings/duty/<int:pk>/", s.EditDuty.as_view(), name="duty-edit"),
    path("settings/duty/<int:pk>/remove/", s.RemoveDuty.as_view(), name="duty-remove"),
    path("settings/delegation/", s.Delegations.as_view(), name="delegations"),
    path("settings/delegation/new/", s.EditDelegation.as_view(), name="delegation-new"),
    path("settings/delegation/<int:pk>/", s.EditDelegation.as_view(), name="delegation-edit"),
    path("settings/departments/", s.Departments.as_view(), name="departments"),
    path("settings/departments/new/", s.EditDepartment.as_view(), name="department-new"),
    path("settings/departments/<int:pk>/", s.EditDepartment.as_view(), name="department-edit"),
    path("settings/departments/<int:pk>/remove/", s.RemoveDepartment.as_view(), name="department-remove"),
    path("settings/classes/", s.Classes.as_view(), name="classes"),
    path("settings/classes/new/", s.EditClass.as_view(), name="class-new"),
    path("settings/classes/<int:pk>/", s.EditClass.as_view(), name="class-edit"),
    path("settings/classes/<int:pk>/remove/", s.RemoveClass.as_view(), name="class-remove"),
]
