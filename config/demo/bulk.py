"""Older history by the hundred thousand: closed tickets with their log, written in bulk, for load tests."""
from config.demo.world import World


def closed_tickets(world: World, count: int) -> None:
    return
