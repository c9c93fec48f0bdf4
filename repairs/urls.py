"""Addresses of repairs: lists, one ticket and its moves, reporting, the desk, the repairer's jobs."""

from django.urls import include, path, register_converter

from repairs.views import desk, jobs, moves, prints, reporting, tickets


class NumberConverter:
    """BX202611-0042."""

    regex = r"BX\d{6}-\d{4,7}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NumberConverter, "ticket")

TICKET_MOVES = {
    "accept": moves.AcceptTicket, "ask": moves.AskReporter, "answer": moves.AnswerQuestion, "decline": moves.DeclineTicket,
    "merge": moves.MergeTicket, "restore": moves.RestoreTicket, "claim": moves.ClaimTicket,
    "dispatch": moves.DispatchTicket, "reassign": moves.ReassignTicket, "take": moves.TakeTicket, "start": moves.StartWork,
    "hold": moves.HoldTicket, "redate": moves.RedateTicket, "resume": moves.ResumeTicket, "hand-back": moves.HandBack,
    "finish": moves.FinishTicket, "accept-work": moves.AcceptWork, "send-back": moves.SendBack, "reopen": moves.ReopenTicket,
    "clear": moves.ClearHazard, "rate": moves.RateTicket, "chase": moves.ChaseTicket, "withdraw": moves.WithdrawTicket,
    "correct": moves.CorrectTicket, "prioritise": moves.SetPriority, "raise-hazard": moves.RaiseHazard,
    "lower-hazard": moves.LowerHazard, "protect": moves.Protect, "phone": moves.MarkPhoned, "open": moves.MarkSeen,
    "draw": moves.DrawMaterial, "give-back": moves.GiveBackMaterial, "say": moves.Say, "join": moves.JoinTicket,
}  # fmt: skip

FOLLOW_MOVES = {
    "answer": reporting.GuestAnswer, "accept-work": reporting.GuestAccept, "send-back": reporting.GuestSendBack,
    "chase": reporting.GuestChase, "withdraw": reporting.GuestWithdraw, "reopen": reporting.GuestReopen,
    "rate": reporting.GuestRate, "claim": reporting.GuestClaim,
}  # fmt: skip

app_name = "repairs"
urlpatterns = [
    path("desk/", desk.Desk.as_view(), name="desk"),
    path("desk/bulk/", desk.DeskBulk.as_view(), name="desk-bulk"),
    path("desk/file/", desk.FileLines.as_view(), name="desk-file"),
    path("desk/reassign/", desk.ReassignAll.as_view(), name="desk-reassign"),
    path("jobs/", jobs.Jobs.as_view(), name="jobs"),
    path("repairs/", tickets.Tickets.as_view(), name="list"),
    path("repairs/mine/", tickets.Mine.as_view(), name="mine"),
    path("repairs/new/", reporting.Report.as_view(), name="new"),
    path("repairs/sent/<str:token>/", reporting.Sent.as_view(), name="sent"),
    path("repairs/slips/", prints.Slips.as_view(), name="slips"),
    path("repairs/follow/<str:token>/", reporting.FollowPage.as_view(), name="follow"),
    path(
        "repairs/follow/<str:token>/",
        include([path(f"{name}/", view.as_view(), name=f"follow-{name}") for name, view in FOLLOW_MOVES.items()]),
    ),
    path("repairs/<ticket:number>/", tickets.TicketPage.as_view(), name="ticket"),
    path("repairs/<ticket:number>/paper/", prints.AcceptancePaper.as_view(), name="ticket-paper"),
    path(
        "repairs/<ticket:number>/",
        include([path(f"{name}/", view.as_view(), name=f"ticket-{name}") for name, view in TICKET_MOVES.items()]),
    ),
]
