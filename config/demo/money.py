"""Outside jobs and money of three terms, played in order of time after the repairs."""

from __future__ import annotations

import datetime as dt

from config.demo import jobs, jobs_now, works
from config.demo.road import Days, Desk
from config.demo.world import World
from core import clock


def play(world: World) -> None:
    """Everything about outside jobs and money."""
    world.say("正在建立往来单位、外修和收付款 …")
    desk = Desk(world)
    desk.run(stories(desk))


def stories(desk: Desk) -> list[tuple[float | dt.datetime, Days]]:
    """Each job, and what else happens to money."""
    found: list[tuple[float | dt.datetime, Days]] = [
        (450, jobs.pump(desk)), (445, jobs.facade(desk)), (440, jobs.small(desk)), (430, jobs.hot_water(desk)),
        (425, jobs.exhaust(desk)), (415, jobs.fume_hood(desk)), (400, jobs.fire_panel(desk)), (390, jobs.roof(desk)),
        (370, jobs.track(desk)), (350, jobs.shed(desk)), (330, jobs.cameras(desk)), (270, jobs.road_surface(desk)),
        (260, jobs.hoops(desk)), (250, jobs.store_door(desk)), (240, jobs.cable(desk)), (230, jobs.burst_pipe(desk)),
        (215, jobs.flagpole(desk)), (205, jobs.loudspeakers(desk)), (190, jobs.extra_refused(desk)),
        (175, jobs.greening(desk)), (desk.late(2, 0), jobs.drains(desk)),
        (desk.late(1, 0), jobs_now.quoting_now(desk)), (30, jobs_now.proposed_now(desk)),
        (34, jobs_now.approving_now(desk)), (28, jobs_now.small_approving(desk)), (36, jobs_now.extra_waiting(desk)),
        (desk.late(1, 20), jobs_now.working_now(desk)), (40, jobs_now.checking_now(desk)),
        (52, jobs_now.undecided_now(desk)), (38, jobs_now.pricing_now(desk)), (50, jobs_now.settling_now(desk)),
        (48, jobs_now.contested_now(desk)), (5, jobs_now.emergency_now(desk)),
        (desk.late(2, 20), jobs.warranty_return(desk)), (46, jobs_now.cancelled(desk)),
        (300, works.claims_of_last_year(desk)), (40, works.claims_of_this_term(desk)),
        (120, works.other_income(desk)),
    ]  # fmt: skip
    year = desk.world.today.year - (desk.world.today < dt.date(desk.world.today.year, 10, 20))
    return [*found, (clock.moment(year, 4, 13, 9), works.summer(desk, year))]
