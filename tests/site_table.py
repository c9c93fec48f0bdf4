"""Who may open what: one row an address, written by hand; `test_site` holds it against the resolver and the site.

A row says to which of the world's records the address leads, which roles get the page, what the others get, and
what a guest gets. Whoever adds an address decides here who may open it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ALL = frozenset(
    (
        "teacher", "homeroom", "repairer", "clerk", "director", "warden", "steward", "storekeeper", "assetkeeper",
        "finance", "viceprincipal", "principal", "admin",
    )
)  # fmt: skip
OFFICE = frozenset({"clerk", "director"})
LEADERS = frozenset({"viceprincipal", "principal"})
READERS = OFFICE | LEADERS | {"finance"}
ADMIN = frozenset({"admin"})
SCHOOL = OFFICE | ADMIN  # settings and places
STAFF = ALL - ADMIN  # whoever has to do with the school's daily life
NOBODY: frozenset[str] = frozenset()

SEES_TICKET = READERS | {
    "repairer",
    "assetkeeper",
    "warden",
    "homeroom",
}  # in a dormitory room kept by the class teacher
SEES_CARD = READERS | {"repairer", "assetkeeper", "homeroom"}  # the class teacher keeps it, the repairer works on it
STORES = READERS | {"repairer", "storekeeper"}
KEEPS_STORES = frozenset({"director", "storekeeper"})
KEEPS_LEDGER = frozenset({"director", "assetkeeper"})
HANDLES_CLAIMS = OFFICE | {"finance", "assetkeeper"}
SEES_CLAIM = READERS | {"assetkeeper", "homeroom"}  # of his class
SEES_JOB = READERS | {"repairer", "assetkeeper", "warden", "homeroom"}  # in a dormitory room kept by the class teacher
ACCEPTS_JOB = SEES_JOB - {"clerk", "principal"}  # who ordered it, and who approved it
ANSWERS_SCRAP = OFFICE | {"assetkeeper"}
SEES_ROOM = READERS | {"warden", "homeroom"}  # his class sleeps there
KEEPS_ROOMS = OFFICE | {"warden"}
SWAPS = OFFICE | {"repairer", "assetkeeper"}
KEEPS_POOLS = OFFICE | {"assetkeeper"}
CHECKS = READERS | {"repairer", "assetkeeper", "warden", "steward"}
MANAGES_CHECKS = OFFICE | {"warden", "steward"}
SEES_FINDING = READERS | {"warden", "homeroom"}  # in a dormitory room kept by the class teacher
WALKS_CLASSROOMS = READERS | {"repairer", "assetkeeper"}


@dataclass(frozen=True)
class Row:
    """One address."""

    args: str  # key of World.args
    who: frozenset[str]  # get the page
    others: int = 403
    guest: int | str = "login"
    leads: dict[str, str] = field(default_factory=dict)  # role -> where it is sent instead; "*": everybody with access
    query: str = ""
    does: frozenset[str] | None = None  # may change something by posting here, as the world stands; None: as `who`
    plain: bool = False  # answers something else than a page of ours
    noted: bool = False  # hands out a sheet, so asking is itself noted in the log


def ticket(does: frozenset[str] = NOBODY) -> Row:
    """A move of the ticket that waits for acceptance: who sees the ticket sees what stands in the way."""
    return Row("ticket", SEES_TICKET, 404, does=does)


def job(does: frozenset[str] = NOBODY) -> Row:
    """A move of the outside job that waits for acceptance: who sees the job sees what stands in the way."""
    return Row("job", SEES_JOB, 404, does=does)


def follow() -> Row:
    """By follow address, which is a key: whoever holds it may open it."""
    return Row("guest", ALL, guest=200)


def dorm_check(args: str, does: frozenset[str] = NOBODY, leads: str = "") -> Row:
    """A page about a check of the dormitory: its readers see it, other areas' people do not (`ELSE`)."""
    return Row(args, READERS | {"warden"}, does=does, leads={"*": leads} if leads else {})


TABLE: dict[str, Row] = {
    "healthz": Row("", ALL, guest=200, plain=True),
    "login": Row("", ALL, guest=200, leads={"*": "/"}),
    "logout": Row("", NOBODY, 405, guest=405),
    # the roof
    "config:home": Row(
        "",
        ALL,
        leads={
            "repairer": "/jobs/",
            "clerk": "/desk/",
            "director": "/desk/",
            "viceprincipal": "/plan/",
            "principal": "/plan/",
        },
    ),
    "config:scan": Row(
        "label",
        ALL,
        guest=302,
        leads=dict.fromkeys(READERS | {"repairer", "warden", "steward", "assetkeeper", "admin"}, "/places/")
        | dict.fromkeys(("teacher", "homeroom", "storekeeper", "guest"), "/repairs/new/?at="),
    ),
    "config:search": Row("", ALL),
    "config:more": Row("", ALL),
    "config:my-data": Row("", ALL, plain=True, noted=True),
    "config:setup": Row("setup", NOBODY, 404, guest=404),
    # inbox and files
    "core:inbox": Row("", ALL),
    "core:inbox-read": Row("", ALL, leads={"*": "/inbox/"}),
    "core:notice-open": Row("notice", ALL, leads={"*": "/inbox/"}, does=frozenset({"teacher"})),
    "core:file": Row("file", SEES_TICKET, 404, guest=404, plain=True),
    "core:file-thumb": Row("file", SEES_TICKET, 404, guest=404, plain=True),
    # people
    "campus:account": Row("", ALL),
    "campus:password": Row("", ALL),
    "campus:confirm-password": Row("", ALL),
    "campus:people": Row("", SCHOOL),
    "campus:person-new": Row("", ADMIN),
    "campus:people-import": Row("", ADMIN),
    "campus:people-slips": Row("", SCHOOL),
    "campus:person": Row("person", SCHOOL),
    "campus:person-edit": Row("person", ADMIN),
    "campus:person-reset": Row("person", SCHOOL),
    "campus:person-lift": Row("person", SCHOOL),
    "campus:person-deactivate": Row("person", ADMIN),
    "campus:person-reactivate": Row("person", ADMIN),
    "campus:person-blank": Row("person", ADMIN),
    # places
    "campus:places": Row("", ALL),
    "campus:place": Row("place", ALL),
    "campus:place-new": Row("", SCHOOL),
    "campus:place-import": Row("", SCHOOL),
    "campus:labels": Row("", SCHOOL),
    "campus:place-edit": Row("place", SCHOOL),
    "campus:place-add": Row("place", SCHOOL),
    "campus:place-range": Row("place", SCHOOL),
    "campus:place-alias": Row("place", SCHOOL),
    "campus:place-move": Row("place", SCHOOL),
    "campus:place-retire": Row("place", SCHOOL),
    "campus:place-revive": Row("place", SCHOOL),
    "campus:place-labels": Row("place", SCHOOL),
    "campus:label-sheet": Row("place", SCHOOL),
    "campus:alias-drop": Row("alias", SCHOOL),
    # settings
    "campus:settings": Row("", SCHOOL),
    "campus:profile": Row("", SCHOOL),
    "campus:terms": Row("", SCHOOL),
    "campus:term-new": Row("", SCHOOL),
    "campus:term-edit": Row("term", SCHOOL),
    "campus:term-remove": Row("term", SCHOOL),
    "campus:school-days": Row("", SCHOOL),
    "campus:school-days-set": Row("", SCHOOL),
    "campus:figures": Row("", SCHOOL),
    "campus:figure-edit": Row("figure", SCHOOL),
    "campus:duties": Row("", SCHOOL),
    "campus:duty-new": Row("", SCHOOL),
    "campus:duty-edit": Row("duty", SCHOOL),
    "campus:duty-remove": Row("duty", SCHOOL),
    "campus:delegations": Row("", SCHOOL),
    "campus:delegation-new": Row("", SCHOOL),
    "campus:delegation-edit": Row("delegation", SCHOOL),
    "campus:departments": Row("", ADMIN),
    "campus:department-new": Row("", ADMIN),
    "campus:department-edit": Row("department", ADMIN),
    "campus:department-remove": Row("department", ADMIN),
    "campus:classes": Row("", SCHOOL),
    "campus:class-new": Row("", SCHOOL),
    "campus:class-edit": Row("class", SCHOOL),
    "campus:class-remove": Row("class", SCHOOL),
    # repairs: lists, desk, reporting
    "repairs:desk": Row("", OFFICE),
    "repairs:desk-bulk": Row("", OFFICE, leads={"*": "/desk/"}),
    "repairs:desk-file": Row("", OFFICE),
    "repairs:desk-reassign": Row("", OFFICE),
    "repairs:jobs": Row("", frozenset({"repairer"})),
    "repairs:list": Row("", ALL),
    "repairs:mine": Row("", STAFF),
    "repairs:new": Row("", STAFF, guest=200),
    "repairs:sent": Row("sent", ALL, guest=200),
    "repairs:slips": Row("", OFFICE | {"repairer"}, query="?pick={number}"),
    "repairs:follow": follow(),
    "repairs:follow-answer": follow(),
    "repairs:follow-accept-work": follow(),
    "repairs:follow-send-back": follow(),
    "repairs:follow-chase": follow(),
    "repairs:follow-withdraw": follow(),
    "repairs:follow-reopen": follow(),
    "repairs:follow-rate": follow(),
    "repairs:follow-claim": follow(),
    # one ticket, waiting for acceptance: reported by another teacher, repaired by the repairer
    "repairs:ticket": ticket(),
    "repairs:ticket-paper": ticket(),
    "repairs:ticket-accept": ticket(),
    "repairs:ticket-ask": ticket(),
    "repairs:ticket-answer": ticket(),
    "repairs:ticket-decline": ticket(),
    "repairs:ticket-merge": ticket(),
    "repairs:ticket-restore": ticket(),
    "repairs:ticket-claim": ticket(),
    "repairs:ticket-dispatch": ticket(),
    "repairs:ticket-reassign": ticket(),
    "repairs:ticket-take": ticket(),
    "repairs:ticket-start": ticket(),
    "repairs:ticket-hold": ticket(),
    "repairs:ticket-redate": ticket(),
    "repairs:ticket-resume": ticket(),
    "repairs:ticket-hand-back": ticket(),
    "repairs:ticket-finish": ticket(),
    "repairs:ticket-accept-work": ticket(frozenset({"homeroom"})),
    "repairs:ticket-send-back": ticket(frozenset({"homeroom"})),
    "repairs:ticket-reopen": ticket(),
    "repairs:ticket-clear": ticket(),
    "repairs:ticket-rate": ticket(),
    "repairs:ticket-chase": ticket(),
    "repairs:ticket-withdraw": ticket(),
    "repairs:ticket-correct": ticket(OFFICE),
    "repairs:ticket-prioritise": ticket(OFFICE),
    "repairs:ticket-raise-hazard": ticket(OFFICE),
    "repairs:ticket-lower-hazard": ticket(),
    "repairs:ticket-protect": ticket(),
    "repairs:ticket-phone": ticket(),
    "repairs:ticket-open": ticket(),
    "repairs:ticket-draw": ticket(),
    "repairs:ticket-give-back": ticket(OFFICE | {"repairer"}),
    "repairs:ticket-say": ticket(SEES_TICKET),
    "repairs:ticket-join": Row("ticket", STAFF, leads={"*": "/repairs/"}),
    # checks: a round, its checklist with a draft, and a schedule of the dormitory
    "inspections:home": Row("", CHECKS),
    "inspections:round-new": Row("", MANAGES_CHECKS),
    "inspections:round": dorm_check("round"),
    "inspections:round-change": dorm_check("round", OFFICE | {"warden"}),
    "inspections:round-add": dorm_check("round", OFFICE | {"warden"}),
    "inspections:round-close": dorm_check("round", OFFICE | {"warden"}),
    "inspections:round-cancel": dorm_check("round", OFFICE | {"warden"}),
    "inspections:targets-remove": dorm_check("round", OFFICE | {"warden"}, "/checks/rounds/"),
    "inspections:checklists": Row("", CHECKS),
    "inspections:checklist-new": Row("", MANAGES_CHECKS),
    "inspections:checklist": dorm_check("checklist"),
    "inspections:checklist-switch": dorm_check("checklist", OFFICE | {"warden"}),
    "inspections:draft": Row("checklist", OFFICE | {"warden"}),
    "inspections:draft-scores": Row("checklist", OFFICE | {"warden"}),
    "inspections:draft-publish": Row("checklist", OFFICE | {"warden"}),
    "inspections:draft-drop": Row("checklist", OFFICE | {"warden"}),
    "inspections:line-new": Row("checklist", OFFICE | {"warden"}),
    "inspections:line": Row("check_line", OFFICE | {"warden"}),
    "inspections:line-step": Row("check_step", OFFICE | {"warden"}, leads={"*": "/checks/lists/"}),
    "inspections:schedules": Row("", CHECKS),
    "inspections:schedule-new": Row("of_checklist", OFFICE | {"warden"}),
    "inspections:schedule": dorm_check("schedule"),
    "inspections:schedule-edit": Row("schedule", OFFICE | {"warden"}),
    "inspections:schedule-switch": dorm_check("schedule", OFFICE | {"warden"}),
    # entering results, paper, Excel in and out
    "inspections:grid": Row("round", OFFICE | {"warden"}),
    "inspections:cells": Row("round", OFFICE | {"warden"}, guest=401, plain=True),
    "inspections:blank": dorm_check("round"),
    "inspections:result": dorm_check("round"),
    "inspections:result-sheet": Row("round", READERS | {"warden"}, plain=True, noted=True, does=NOBODY),
    "inspections:import": Row("round", OFFICE | {"warden"}),
    # findings, recurring work, zones
    "inspections:findings": Row("", CHECKS),
    "inspections:finding-new": Row("", CHECKS - LEADERS - {"finance"}),
    "inspections:finding": Row("finding", SEES_FINDING, 404),  # put right by the class teacher, found by the warden
    "inspections:finding-fix": Row("finding", SEES_FINDING, 404, does=NOBODY),
    "inspections:finding-pass": Row("finding", SEES_FINDING, 404, does=OFFICE),
    "inspections:finding-fail": Row("finding", SEES_FINDING, 404, does=OFFICE),
    "inspections:finding-file": Row("finding", SEES_FINDING, 404, does=NOBODY),
    "inspections:finding-assign": Row("finding", SEES_FINDING, 404, does=OFFICE | {"warden"}),
    "inspections:finding-protect": Row("finding", SEES_FINDING, 404, does=OFFICE | {"warden"}),
    "inspections:finding-void": Row("finding", SEES_FINDING, 404, does=OFFICE | {"warden"}),
    "inspections:upkeeps": Row("", CHECKS),
    "inspections:upkeep-new": Row("", MANAGES_CHECKS),
    "inspections:upkeep": Row("upkeep", READERS | {"warden"}, 404),
    "inspections:upkeep-edit": Row("upkeep", OFFICE | {"warden"}, 404),
    "inspections:upkeep-done": Row("upkeep", OFFICE | {"warden"}, 404),
    "inspections:upkeep-make": Row("upkeep", OFFICE | {"warden"}, 404),
    "inspections:zones": Row("", CHECKS | {"teacher"}),  # one zone is the teacher's
    "inspections:zone-new": Row("", MANAGES_CHECKS),
    "inspections:zone": Row("zone", READERS | {"warden", "teacher"}, 404),
    "inspections:zone-edit": Row("zone", OFFICE | {"warden"}, 404),
    "inspections:trends": Row("", CHECKS),
    # areas
    "dormitory:home": Row("", READERS | {"warden"}),
    "dormitory:rooms": Row("", SEES_ROOM),
    "dormitory:rooms-import": Row("", KEEPS_ROOMS),
    "dormitory:rooms-ensure": Row("", KEEPS_ROOMS, leads={"*": "/dormitory/rooms/"}),
    "dormitory:room": Row("dorm_room", SEES_ROOM, 404),
    "dormitory:room-edit": Row("dorm_room", KEEPS_ROOMS),
    "dormitory:scores": Row("", SEES_ROOM),
    "dormitory:trend": Row("dorm_trend", SEES_ROOM - {"homeroom"}),
    "dormitory:twice": Row("", SEES_ROOM - {"homeroom"}),
    "dormitory:boards": Row("", ALL - {"admin"}),
    "dormitory:board": Row("board", ALL - {"admin"}),
    "dormitory:board-print": Row("board", ALL - {"admin"}),
    "dormitory:board-publish": Row("", KEEPS_ROOMS),
    "dormitory:board-reissue": Row("board", KEEPS_ROOMS),
    "dormitory:appeals": Row("", SEES_ROOM),
    # the class teacher objected, another warden than the one of the table gave the score
    "dormitory:appeal": Row("appeal", SEES_ROOM),
    "dormitory:appeal-new": Row("score", frozenset({"homeroom"})),
    "dormitory:appeal-answer": Row("appeal", KEEPS_ROOMS),
    "dormitory:sweeps": Row("", SEES_ROOM - {"homeroom"}),
    "dormitory:sweep-new": Row("dorm_house", KEEPS_ROOMS),
    "dormitory:sweep": Row("sweep", SEES_ROOM - {"homeroom"}),
    "classrooms:home": Row("", READERS | {"assetkeeper"}),
    "classrooms:facade": Row("", WALKS_CLASSROOMS),
    "classrooms:water": Row("", WALKS_CLASSROOMS),
    "classrooms:tallies": Row("", WALKS_CLASSROOMS),
    "classrooms:chairs": Row("", WALKS_CLASSROOMS),
    "classrooms:pools": Row("", WALKS_CLASSROOMS),
    "classrooms:pool-new": Row("", KEEPS_POOLS),
    "classrooms:pool": Row("pool", WALKS_CLASSROOMS),
    "classrooms:pool-edit": Row("pool", KEEPS_POOLS),
    "classrooms:swap": Row("swap", SWAPS, does=NOBODY),  # the ticket waits for acceptance
    "classrooms:batches": Row("", WALKS_CLASSROOMS),
    "classrooms:batch-new": Row("batch_pool", SWAPS),
    # one open batch of broken chairs, a part drawn for it
    "classrooms:batch": Row("batch", WALKS_CLASSROOMS),
    "classrooms:batch-paper": Row("batch", WALKS_CLASSROOMS),
    "classrooms:batch-draw": Row("batch", SWAPS, does=SWAPS - {"assetkeeper"}),  # who may not draw from the stores
    "classrooms:batch-give-back": Row("batch", SWAPS, does=SWAPS - {"assetkeeper"}),
    "classrooms:batch-finish": Row("batch", SWAPS),
    "classrooms:batch-void": Row("batch", SWAPS, does=NOBODY),  # its part has not come back
    "canteen:home": Row("", READERS | {"steward"}),
    # the ledger
    "assets:list": Row("", ALL),
    "assets:mine": Row("", ALL),
    "assets:card": Row("card", SEES_CARD, 404),
    "assets:card-new": Row("", KEEPS_LEDGER),
    "assets:card-edit": Row("card", KEEPS_LEDGER),
    "assets:card-paper": Row("card", READERS | {"repairer", "assetkeeper"}),
    "assets:numbers": Row("", KEEPS_LEDGER),
    "assets:card-move": Row("card", KEEPS_LEDGER),
    "assets:card-mark": Row("card", KEEPS_LEDGER),
    "assets:card-swap": Row("card", KEEPS_LEDGER),
    "assets:scraps": Row("", READERS | {"repairer", "assetkeeper"}),
    "assets:scrap-new": Row("", OFFICE | {"repairer", "assetkeeper"}),
    "assets:scrap": Row("scrap", READERS | {"repairer", "assetkeeper"}, 404),
    "assets:scrap-answer": Row("scrap", ANSWERS_SCRAP),
    # the stores
    "stores:list": Row("", STORES),
    "stores:items": Row("", STORES),
    "stores:item": Row("item", STORES),
    "stores:item-new": Row("", KEEPS_STORES),
    "stores:item-edit": Row("item", KEEPS_STORES),
    "stores:receive": Row("", KEEPS_STORES),
    "stores:issue": Row("", OFFICE | {"repairer", "storekeeper"}),
    "stores:return": Row("move", KEEPS_STORES | {"repairer"}),
    "stores:reverse": Row("move", KEEPS_STORES),
    "stores:count": Row("item", KEEPS_STORES),
    "stores:purchases": Row("", STORES),
    "stores:purchase": Row("purchase", STORES, 404),
    "stores:purchase-new": Row("", OFFICE | {"repairer", "storekeeper"}),
    "stores:purchase-answer": Row("purchase", OFFICE | {"storekeeper"}),
    # money
    "finance:home": Row("", READERS),
    "finance:repairs": Row("", READERS),
    "finance:asset-changes": Row("", READERS),
    "finance:asset-depreciation": Row("", READERS),
    "finance:asset-agreement": Row("", READERS),
    "finance:asset-ledger": Row("", {"finance"}),
    "finance:summary": Row("", READERS),
    "finance:outside": Row("", READERS),
    "finance:contractors": Row("", READERS),
    "finance:exceptions": Row("", READERS),
    "finance:expenses": Row("", READERS),
    "finance:invoices": Row("", READERS),
    "finance:budget": Row("", READERS),
    "finance:budget-lines": Row("", READERS),
    "finance:bands": Row("", READERS),
    "finance:periods": Row("", READERS),
    "finance:claim-income": Row("", READERS),
    "finance:parties": Row("", READERS),
    "finance:contracts": Row("", READERS),
    "finance:projects": Row("", READERS),
    "finance:approvals": Row("", OFFICE | LEADERS),  # the clerk stands in for the director
    "finance:expense-new": Row("", OFFICE | {"finance"}),
    "finance:expense": Row("expense", READERS, 404),
    "finance:expense-approve": Row("expense", READERS, 404, does=LEADERS | {"director"}),
    "finance:expense-refuse": Row("expense", READERS, 404, does=LEADERS | {"director"}),
    "finance:expense-void": Row("expense", READERS, 404),
    "finance:expense-pay": Row("expense", frozenset({"finance"}), does=NOBODY),  # not approved yet
    "finance:expense-refund": Row("expense", frozenset({"finance"}), does=NOBODY),
    "finance:payment": Row("payment", READERS),
    "finance:payment-correct": Row("payment", frozenset({"finance"})),
    "finance:income-new": Row("", frozenset({"finance"})),
    "finance:invoice": Row("invoice", READERS),
    "finance:invoice-new": Row("", OFFICE | {"finance"}),
    "finance:invoice-void": Row("invoice", OFFICE | {"finance"}),
    "finance:budget-line-new": Row("", frozenset({"finance"})),
    "finance:budget-line-edit": Row("budget", frozenset({"finance"})),
    "finance:band-new": Row("", frozenset({"finance"})),
    "finance:band-edit": Row("band", frozenset({"finance"})),
    "finance:period-close": Row("month", frozenset({"finance"}), does=NOBODY),  # the month is not over
    "finance:period-reopen": Row("month", frozenset({"principal"}), does=NOBODY),
    "finance:claims": Row("", READERS | {"assetkeeper"}),
    "finance:claim-new": Row("", HANDLES_CLAIMS),
    "finance:claim": Row("claim", SEES_CLAIM, 404),
    "finance:claim-paper": Row("claim", SEES_CLAIM, 404),
    "finance:claim-judge": Row("claim", SEES_CLAIM, 404, does=NOBODY),  # judged already
    "finance:claim-receive": Row("claim", SEES_CLAIM, 404, does=frozenset({"finance"})),
    "finance:claim-object": Row("claim", SEES_CLAIM, 404, does=HANDLES_CLAIMS | {"homeroom"}),
    "finance:claim-answer": Row("claim", SEES_CLAIM, 404, does=NOBODY),
    "finance:claim-waive": Row("claim", SEES_CLAIM, 404, does=LEADERS | {"director"}),
    "finance:claim-withdraw": Row("claim", SEES_CLAIM, 404, does=HANDLES_CLAIMS),
    "finance:claim-give-back": Row("claim", SEES_CLAIM, 404, does=NOBODY),
    "finance:party": Row("party", READERS),
    "finance:party-new": Row("", OFFICE | {"finance"}),
    "finance:party-edit": Row("party", OFFICE | {"finance"}),
    "finance:party-mark": Row("party", OFFICE | {"finance"}),
    "finance:contract": Row("contract", READERS),
    "finance:contract-new": Row("", OFFICE | {"finance"}),
    "finance:contract-edit": Row("contract", OFFICE | {"finance"}),
    "finance:project": Row("project", READERS),
    "finance:project-new": Row("", OFFICE | {"finance"}),
    "finance:project-edit": Row("project", OFFICE | {"finance"}),
    "finance:milestone-new": Row("milestones", OFFICE | {"finance"}),
    "finance:milestone-edit": Row("milestone", OFFICE | {"finance"}),
    # outside jobs
    "outside:list": Row("", STAFF),
    "outside:new": Row("", OFFICE),
    "outside:send": Row("ticket", OFFICE, does=NOBODY),  # done already
    "outside:contractors": Row("", READERS),
    # one outside job, waiting for acceptance: ordered by the clerk, approved by the principal
    "outside:job": Row("job", SEES_JOB, 404),
    "outside:job-edit": job(),
    "outside:job-ask-quotes": job(),
    "outside:job-quote": job(),
    "outside:job-drop-quote": job(),
    "outside:job-submit": job(),
    "outside:job-approve": job(),
    "outside:job-refuse": job(),
    "outside:job-approve-late": job(),
    "outside:job-refuse-late": job(),
    "outside:job-rule": job(),
    "outside:job-recall": job(),
    "outside:job-emergency": job(),
    "outside:job-begin-warranty": job(),
    "outside:job-extra": job(),
    "outside:job-bill": job(),
    "outside:job-fail": job(),
    "outside:job-redate": job(OFFICE),
    "outside:job-join": job(),
    "outside:job-take-off": job(OFFICE),
    "outside:job-contract": job(OFFICE),
    "outside:job-cancel": job(),
    "outside:job-photo": job(SEES_JOB - {"principal"}),  # the clerk ordered it, and the office may
    "outside:job-done": job(),
    "outside:job-record": job(ACCEPTS_JOB),
    "outside:job-cosign": job(),  # nobody has recorded the acceptance yet
    "outside:job-sign": job(),
    "outside:job-decide": job(),
    "outside:job-task": job(),
    "outside:job-task-done": job(),
    "outside:job-accept-task": job(),
    "outside:job-leave-defect": job(SEES_JOB - {"principal"}),
    "outside:job-mend-defect": job(),
    "outside:job-check-prices": job(),
    "outside:job-dispute": job(),
    "outside:job-agree": job(),
    "outside:job-decide-words": job(),
    "outside:job-contest": job(),
    "outside:job-invoice": job(OFFICE | {"finance"}),
    "outside:job-pay": job(frozenset({"finance"})),  # approved
    "outside:job-refund": job(frozenset({"finance"})),
    "outside:job-settle": job(),
    "outside:job-pay-retention": job(),
    "outside:job-forfeit": job(),
    # the sheets of works whose price is checked; three show amounts
    "outside:print-quotes": Row("works", READERS, 404),
    "outside:print-acceptance": Row("works", SEES_JOB, 404),
    "outside:print-check": Row("works", READERS, 404),
    "outside:print-settlement": Row("works", READERS, 404),
    # the plan
    "workplan:current": Row("", READERS),
    "workplan:month": Row("month", READERS),
    "workplan:prose": Row("month", OFFICE),
    "workplan:line-new": Row("month", OFFICE),
    "workplan:live": Row("live", READERS),
    "workplan:line": Row("line", READERS),
    "workplan:line-edit": Row("hand", OFFICE),
    "workplan:line-done": Row("hand", OFFICE),
    "workplan:line-undone": Row("hand", OFFICE),
    "workplan:line-withdraw": Row("hand", OFFICE),
    # Django's admin, for look-ups
    "admin:index": Row("", ADMIN, 302, guest=302, plain=True),
}

# Exceptions to `others`: role -> status, where the address tells some people more than others.
ELSE: dict[str, dict[str, int]] = (
    {
        "stores:return": {"clerk": 404},  # he may draw, but this was not his issue
    }
    | {
        f"inspections:{page}": dict.fromkeys(("repairer", "assetkeeper", "steward"), 404)  # they check other areas
        for page in (
            "round",
            "round-change",
            "round-add",
            "round-close",
            "round-cancel",
            "targets-remove",
            "checklist",
            "checklist-switch",
            "schedule",
            "schedule-switch",
            "grid",
            "cells",
            "blank",
            "result",
            "result-sheet",
            "import",
        )  # fmt: skip
    }
    | {
        f"inspections:{page}": {"steward": 404}  # he manages the canteen's only
        for page in (
            "draft",
            "draft-scores",
            "draft-publish",
            "draft-drop",
            "line-new",
            "line",
            "line-step",
            "schedule-edit",
            "schedule-new",
        )  # fmt: skip
    }
    | {
        f"outside:print-{sheet}": dict.fromkeys(SEES_JOB - READERS, 403)  # they see the job but no amounts
        for sheet in ("quotes", "check", "settlement")
    }
)
