"""Addresses of outside jobs: the list, one job and its moves, its papers, the contractors."""

from django.urls import include, path, register_converter

from repairs.outside import prints
from repairs.outside.views import jobs, moves


class JobNumberConverter:
    """WX202611-0007."""

    regex = r"WX\d{6}-\d{4,7}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(JobNumberConverter, "job")

PAPERS = {
    "quotes": prints.QuotesPaper, "acceptance": prints.AcceptancePaper, "check": prints.CheckPaper,
    "settlement": prints.SettlementPaper,
}  # fmt: skip

app_name = "outside"
urlpatterns = [
    path("", jobs.Jobs.as_view(), name="list"),
    path("new/", jobs.NewJob.as_view(), name="new"),
    path("send/<ticket:number>/", moves.Send.as_view(), name="send"),
    path("contractors/", jobs.Contractors.as_view(), name="contractors"),
    path("<job:number>/", jobs.JobPage.as_view(), name="job"),
    path("<job:number>/drop-quote/", moves.DropQuote.as_view(), name="job-drop-quote"),
    path(
        "<job:number>/",
        include([
            path(f"{name.replace('_', '-')}/", view.as_view(), name=f"job-{name.replace('_', '-')}")
            for name, view in moves.MOVES.items()
        ]),
    ),
    path("<job:number>/print/", include([path(f"{name}/", view.as_view(), name=f"print-{name}") for name, view in PAPERS.items()])),
]  # fmt: skip
