"""Addresses of people and login: `login_patterns` stand at the root, `urlpatterns` belong to the namespace campus."""

from django.urls import path

from campus import accounts, people_imports, people_views

login_patterns = [
    path("login/", accounts.Login.as_view(), name="login"),
    path("logout/", accounts.Logout.as_view(), name="logout"),
]

urlpatterns = [
    path("account/", accounts.Account.as_view(), name="account"),
    path("account/password/", accounts.ChangePassword.as_view(), name="password"),
    path("account/confirm/", accounts.ConfirmPassword.as_view(), name="confirm-password"),
    path("people/", people_views.PeopleList.as_view(), name="people"),
    path("people/new/", people_views.PersonEdit.as_view(), name="person-new"),
    path("people/import/", people_imports.ImportPeople.as_view(), name="people-import"),
    path("people/slips/", people_views.FirstPasswords.as_view(), name="people-slips"),
    path("people/<int:pk>/", people_views.PersonPage.as_view(), name="person"),
    path("people/<int:pk>/edit/", people_views.PersonEdit.as_view(), name="person-edit"),
    path("people/<int:pk>/reset/", people_views.ResetPassword.as_view(), name="person-reset"),
    path("people/<int:pk>/lift/", people_views.LiftLockout.as_view(), name="person-lift"),
    path("people/<int:pk>/deactivate/", people_views.Deactivate.as_view(), name="person-deactivate"),
    path("people/<int:pk>/reactivate/", people_views.Reactivate.as_view(), name="person-reactivate"),
    path("people/<int:pk>/blank/", people_views.Blank.as_view(), name="person-blank"),
]
