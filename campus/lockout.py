"""Waiting after wrong passwords: counted by account, address and device, with the owner's own devices counted apart.

A school sits behind one address, so a count by account and address alone would let a pupil lock out a teacher. Each
browser therefore carries a signed random id. A device that once logged in as a user has its own count for that user;
every other device counts by account, address and device, and all of them together by account and address, because a
new device id costs a guesser nothing.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import secrets
import unicodedata
from dataclasses import dataclass, field

from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from campus.models import LoginGuard, User
from core import clock, log

TRIES = 5
TRIES_TOGETHER = 20  # all unknown devices of one address for one account
FIRST_WAIT = 5
LONGEST_WAIT = 30
FORGET = dt.timedelta(hours=24)
COOKIE = "dev"
COOKIE_AGE = 400 * 24 * 3600
SALT = "campus.device"


def client_address(request: HttpRequest) -> str:
    """The client's address: behind N trusted proxies what the outermost of them saw, else the peer itself."""
    hops = settings.PROXY_HOPS
    found = request.META.get("REMOTE_ADDR", "")
    if hops:
        chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if len(chain) >= hops:
            found = chain[-hops]
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return found[:45]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        # One host owns a whole /64 and could count anew with each of its addresses.
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def device(request: HttpRequest) -> str:
    """The random id in the device cookie, empty without a valid one."""
    return request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=COOKIE_AGE) or ""


def give_device(request: HttpRequest, response: HttpResponse) -> str:
    """Return the device's id; one that has none yet gets it with `response`."""
    found = device(request)
    if not found:
        found = secrets.token_urlsafe(16)
        response.set_signed_cookie(
            COOKIE, found, salt=SALT, max_age=COOKIE_AGE, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
    return found


def plain_name(username: str) -> str:
    """An account name as typed on any keyboard: full-width letters and outer blanks do not matter."""
    return unicodedata.normalize("NFKC", username).strip()


def find_user(username: str) -> User | None:
    """The account of that name; a capital letter that a phone put there does not matter."""
    name = plain_name(username)
    found = {user.username: user for user in User.objects.filter(username__in={name, name.lower()})}
    return found.get(name) or found.get(name.lower())


def _key(*parts: str) -> str:
    return salted_hmac("campus.lockout", "\x1f".join(parts), algorithm="sha256").hexdigest()


def _known_key(user: User | None, device_id: str) -> str:
    return _key("known", str(user.pk if user else 0), device_id)


@dataclass
class Attempt:
    """One try to log in, counted before the password is looked at, so that parallel guesses count as well."""

    username: str
    user: User | None
    device: str
    address: str
    refused: int = 0  # minutes still to wait; the password is not looked at
    left: int = TRIES  # tries that remain if this one is wrong
    waits: int = 0  # minutes to wait if this one is wrong
    counted: list[tuple[int, int, bool]] = field(default_factory=list)  # (guard, tries, did this try lock it)


def _minutes(until: dt.datetime, now: dt.datetime) -> int:
    return max(1, math.ceil((until - now).total_seconds() / 60))


def _guards(attempt: Attempt) -> list[tuple[LoginGuard, int]]:
    """The locked rows on which this try counts, each with its number of tries."""
    rows = LoginGuard.objects.select_for_update()
    if attempt.device:
        known = rows.filter(key=_known_key(attempt.user, attempt.device), known=True).first()
        if known:
            return [(known, TRIES)]
    name = plain_name(attempt.username).casefold()
    first = {"user": attempt.user, "last_at": clock.now()}
    own, _ = rows.get_or_create(key=_key("device", name, attempt.address, attempt.device), defaults=first)
    together, _ = rows.get_or_create(key=_key("address", name, attempt.address), defaults=first)
    return [(own, TRIES), (together, TRIES_TOGETHER)]


def begin(request: HttpRequest, username: str) -> Attempt:
    """Count one try; with `refused` set the caller must not look at the password at all."""
    attempt = Attempt(username, find_user(username), device(request), client_address(request))
    now = clock.now()
    with transaction.atomic():
        guards = _guards(attempt)
        waiting = [guard.until for guard, _ in guards if guard.until and guard.until > now]
        if waiting:
            attempt.refused = _minutes(max(waiting), now)
            return attempt
        for guard, tries in guards:
            if now - guard.last_at > FORGET:
                guard.fails = guard.rounds = 0
            guard.fails += 1
            guard.last_at = now
            guard.until = None
            locks = guard.fails >= tries
            if locks:
                wait = min(FIRST_WAIT * 2**guard.rounds, LONGEST_WAIT)
                guard.until = now + dt.timedelta(minutes=wait)
                guard.rounds = min(guard.rounds + 1, 10)
                guard.fails = 0
                attempt.waits = max(attempt.waits, wait)
                attempt.left = 0
            else:
                attempt.left = min(attempt.left, tries - guard.fails)
            guard.save()
            attempt.counted.append((guard.pk, tries, locks))
    return attempt


def succeeded(attempt: Attempt, user: User, device_id: str) -> None:
    """The password was right: give the try back and remember the device as the user's own."""
    now = clock.now()
    with transaction.atomic():
        for pk, tries, locked in attempt.counted:
            guard = LoginGuard.objects.filter(pk=pk)
            if tries == TRIES:
                guard.update(fails=0, rounds=0, until=None)
            elif locked:
                guard.update(fails=tries - 1, rounds=models.F("rounds") - 1, until=None)
            else:
                guard.filter(fails__gt=0).update(fails=models.F("fails") - 1)
        if not device_id:
            return
        LoginGuard.objects.update_or_create(
            key=_known_key(user, device_id),
            defaults={"user": user, "known": True, "fails": 0, "rounds": 0, "until": None, "last_at": now},
        )


def waiting_until(user: User) -> dt.datetime | None:
    """Until when the longest waiting device of the account waits, None if none does."""
    found = LoginGuard.objects.filter(user=user, until__gt=clock.now()).aggregate(last=models.Max("until"))
    return found["last"]


def lift(user: User, *, by: User) -> int:
    """End all waiting of one account; its devices stay known. Who may is asked by the caller."""
    count = LoginGuard.objects.filter(user=user, until__gt=clock.now()).count()
    LoginGuard.objects.filter(user=user).update(fails=0, rounds=0, until=None)
    log.write(user, "lift_lockout", by=by, text="解除登录等待")
    return count


def prune(day: dt.date) -> str:
    """Daily: forget counts that no longer matter, of strange devices soon, of known ones when their cookie has ended."""
    now = clock.now()
    gone = LoginGuard.objects.filter(
        models.Q(known=False, last_at__lt=now - 2 * FORGET)
        | models.Q(known=True, last_at__lt=now - dt.timedelta(seconds=COOKIE_AGE))
    )
    return f"清理登录计数 {gone.delete()[0]} 条"
