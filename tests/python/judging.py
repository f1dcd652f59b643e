"""Authorizers that are components, asked about requests of Autobahn|Python; and floods of requests, which are held up."""

import txaio
from autobahn.wamp.types import EventDetails, PublishOptions, RegisterOptions, SubscribeOptions

from authority import Judge, ticket_of
from logins import PLACES, Place
from peer import LOOP, ApplicationError, Inbox, Refused, equal, fails, joined

JUDGE = Judge()
CROSSBAR = PLACES["crossbar"]
DENIED, FAILED = ApplicationError.NOT_AUTHORIZED, "wamp.error.authorization_failed"
ACKNOWLEDGE = PublishOptions(acknowledge=True)


def requests(session, uri):
    """One of each kind."""
    yield "call", lambda: session.call(uri)
    yield "register", lambda: session.register(lambda: 1, uri)
    yield "publish", lambda: session.publish(uri, options=ACKNOWLEDGE)
    yield "subscribe", lambda: session.subscribe(lambda: 1, uri)


def uri_of(place, verdict):
    """Each column has its own, for registrations to find their place."""
    return f"com.judged.{place.kind}.{place.serializer}.{verdict}"


async def with_judged(place, check, name="judged"):
    session = await joined(place.transport(), ticket_of(name))
    try:
        await check(session)
    finally:
        await LOOP.within(session.leave())


async def z03_each_action_is_asked_about(place):
    async def check(session):
        for verdict in ("yes", "granted"):
            for action, request in requests(session, uri_of(place, verdict)):
                await LOOP.within(request())
                details, uri, asked, options = JUDGE.asked_by(session)
                equal([uri, asked], [uri_of(place, verdict), action])
                equal([details["authid"], details["authrole"], details["authmethod"]], ["judged", "judged", "ticket"])
        for verdict in ("no", "denied"):
            for _, request in requests(session, uri_of(place, verdict)):
                await fails(request(), DENIED)

    await with_judged(place, check)


async def z03_an_authorizer_that_fails(place):
    async def check(session):
        for verdict in ("raises", "odd"):
            for _, request in requests(session, uri_of(place, verdict)):
                await fails(request(), FAILED)

    await with_judged(place, check)


async def z03_nobody_to_ask(place):
    async def check(session):
        for _, request in requests(session, uri_of(place, "yes")):
            await fails(request(), FAILED)

    await with_judged(place, check, "judged-by-nobody")


async def z03_an_authorizer_that_is_late(place):
    """Holds up those that it is asked about, and nobody else."""

    async def check(session):
        async def other(bystander):
            late = session.call(uri_of(place, "yes"))
            equal(await LOOP.within(bystander.call(uri_of(place, "yes"))), "served")
            equal(txaio.is_called(late), False)
            await fails(late, FAILED)

        await with_judged(place, other)

    await with_judged(place, check, "judged-late")


async def z03_decisions_are_kept_for_the_session(place):
    async def check(session):
        for verdict in ("kept", "withheld"):
            uri = uri_of(place, verdict)
            before = JUDGE.count(uri)
            for _ in range(3):
                if verdict == "kept":
                    equal(await LOOP.within(session.call(uri)), "served")
                else:
                    await fails(session.call(uri), DENIED)
            # Crossbar.io keeps them for all sessions of the role.
            equal(JUDGE.count(uri) - before in ((0, 1) if CROSSBAR else (1,)), True)

    await with_judged(place, check)
    await with_judged(place, check)


async def z03_decisions_are_kept_for_the_role_if_it_says_so(place):
    # The router may have been asked before.
    uri = uri_of(place, f"{JUDGE.session.join_details.session}.shared")

    async def check(session):
        equal(await LOOP.within(session.call(uri)), "served")

    await with_judged(place, check)
    await with_judged(place, check)
    equal(JUDGE.count(uri), 1)


async def z03_decisions_are_not_kept_unasked(place):
    async def check(session):
        uri = uri_of(place, "granted")
        before = JUDGE.count(uri)
        for _ in range(3):
            await LOOP.within(session.call(uri))
        equal(JUDGE.count(uri) - before, 3)

    await with_judged(place, check)


async def z03_the_authorizer_discloses(place):
    inbox = Inbox()
    uri = uri_of(place, "disclosed")

    def received(details: EventDetails = None):
        inbox.put((details.publisher, details.publisher_authid))

    subscription = await LOOP.within(JUDGE.session.subscribe(received, uri, SubscribeOptions(details=True)))

    async def check(session):
        await LOOP.within(session.publish(uri, options=ACKNOWLEDGE))
        equal(await inbox.take(), (session.join_details.session, "judged"))

    await with_judged(place, check)
    await LOOP.within(subscription.unsubscribe())


async def a_flood_is_held_up_and_nobody_else(place):
    """20 messages a second are let through there: of 100 calls at once some wait, while others are answered as ever."""
    here = place.on("limited")
    flooder, other = [await joined(here.transport(), ticket_of("plain")) for _ in range(2)]
    answers = [flooder.call("wamp.session.count") for _ in range(100)]
    for _ in range(5):
        await LOOP.within(other.call("wamp.session.count"))
    equal(txaio.is_called(answers[-1]), False)
    await LOOP.within(answers[-1])
    equal(all(txaio.is_called(answer) for answer in answers), True)
    for session in (flooder, other):
        await LOOP.within(session.leave())


async def a_flood_ends_the_session_if_configured(place):
    here = place.on("strict")
    ended = Inbox()
    flooder = await joined(here.transport(), ticket_of("plain"))
    flooder.on("leave", lambda _session, details: ended.put(details.reason))
    other = await joined(here.transport(), ticket_of("plain"))
    for _ in range(100):
        flooder.publish("com.flood")
    # To Autobahn an ABORT in an open session is an end without a reason.
    equal(await ended.take(), "wamp.close.transport_lost")
    await LOOP.within(other.call("wamp.session.count"))
    await LOOP.within(other.leave())


CHECKS = [
    z03_each_action_is_asked_about,
    z03_an_authorizer_that_fails,
    z03_nobody_to_ask,
    z03_decisions_are_kept_for_the_session,
    z03_decisions_are_not_kept_unasked,
    z03_the_authorizer_discloses,
]
OURS = [
    z03_an_authorizer_that_is_late,
    z03_decisions_are_kept_for_the_role_if_it_says_so,
    a_flood_is_held_up_and_nobody_else,
    a_flood_ends_the_session_if_configured,
]


def columns():
    for place in Place.all():
        if not place.tls:
            yield place, CHECKS if CROSSBAR else CHECKS + OURS
