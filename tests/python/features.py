"""The advanced features with Autobahn|Python, in the manner of its examples, on asyncio or on Twisted.

    features.py asyncio|twisted PLACES.json [NAME]

Prints a line for each check that fails, then `N passed, N failed`.
"""

import json
import pathlib
import sys

# The framework is chosen there, before anything of Autobahn is loaded.
from peer import LOOP, ApplicationError, Checks, Inbox, endpoint, equal, fails, joined, with_two

import txaio
from autobahn.wamp.cryptobox import KeyRing
from autobahn.wamp.types import CallOptions, PublishOptions, RegisterOptions, SubscribeOptions

ACKNOWLEDGE = PublishOptions(acknowledge=True)


def session_id(session):
    return session.join_details.session


async def published(publisher, topic, *args, **options):
    """Publishes and waits for the acknowledgement; `kwargs` are the event's own."""
    kwargs = options.pop("kwargs", {})
    options = PublishOptions(acknowledge=True, **options)
    return await LOOP.within(publisher.publish(topic, *args, options=options, **kwargs))


def hanging():
    """A procedure that never answers, an inbox that tells when it is called, and one that tells when it is interrupted."""
    started, stopped = Inbox(), Inbox()

    def hang():
        started.put(True)
        return txaio.create_future(canceller=lambda *_: stopped.put(True))

    return hang, started, stopped


async def c01_an_error_may_follow_progress(one, two, _transport):
    def count(to, details=None):
        for number in range(to):
            details.progress(number, half=number / 2)
        raise ApplicationError("com.feature.broken", "after", to)

    got = []
    await LOOP.within(two.register(count, "com.feature.count", RegisterOptions(details_arg="details")))
    options = CallOptions(on_progress=lambda *args, **kwargs: got.append((args, kwargs)))
    raised = await fails(one.call("com.feature.count", 2, options=options), "com.feature.broken")
    equal(list(raised.args), ["after", 2])
    equal(got, [((0,), {"half": 0.0}), ((1,), {"half": 0.5})])


async def c01_no_progress_for_who_does_not_ask(one, two, _transport):
    await LOOP.within(
        two.register(
            lambda details=None: details.progress is None,
            "com.feature.unasked",
            RegisterOptions(details_arg="details"),
        )
    )
    equal(await LOOP.within(one.call("com.feature.unasked")), True)


async def c03_a_timeout_ends_the_call(one, two, _transport):
    hang, started, stopped = hanging()
    await LOOP.within(two.register(hang, "com.feature.slow"))
    pending = one.call("com.feature.slow", options=CallOptions(timeout=300))
    await started.take()
    await fails(pending, "wamp.error.timeout")
    await stopped.take()


async def c03_an_answer_in_time_ends_the_timer(one, two, _transport):
    await LOOP.within(two.register(lambda: "in time", "com.feature.quick"))
    equal(await LOOP.within(one.call("com.feature.quick", options=CallOptions(timeout=15_000))), "in time")


async def c04_a_cancelled_callee_is_interrupted(one, two, _transport):
    hang, started, stopped = hanging()
    await LOOP.within(two.register(hang, "com.feature.hang"))
    pending = one.call("com.feature.hang")
    await started.take()
    pending.cancel()
    await stopped.take()
    try:
        await LOOP.within(pending)
    except BaseException as raised:  # asyncio: CancelledError; Twisted: ApplicationError or CancelledError
        if "ancel" not in f"{type(raised).__name__} {raised}":
            raise


async def c07_the_best_pattern_serves(one, two, _transport):
    def at(name):
        return lambda details=None: [name, details.procedure]

    rows = [("com.feature.best.", "prefix"), ("com.feature.best.deep.", "prefix"), ("com.feature..wild", "wildcard")]
    rows += [("com.feature.best.exact", "exact")]
    for procedure, match in rows:
        options = RegisterOptions(match=match, details_arg="details")
        await LOOP.within(two.register(at(procedure), procedure, options=options))
    expected = {
        "com.feature.best.exact": ["com.feature.best.exact", None],
        "com.feature.best.other": ["com.feature.best.", "com.feature.best.other"],
        "com.feature.best.deep.x": ["com.feature.best.deep.", "com.feature.best.deep.x"],
        "com.feature.far.wild": ["com.feature..wild", "com.feature.far.wild"],
    }
    for procedure, wanted in expected.items():
        got = await LOOP.within(one.call(procedure))
        equal(got[0], wanted[0])
        if wanted[1] is not None:
            equal(got[1], wanted[1])
    await fails(one.call("com.feature.far.other"), ApplicationError.NO_SUCH_PROCEDURE)


async def c08_a_registration_is_revoked(one, two, _transport):
    registration = await LOOP.within(two.register(lambda: 1, "com.feature.revoked"))
    equal(await LOOP.within(one.call("com.feature.revoked")), 1)
    await LOOP.within(one.call("wamp.registration.remove_callee", registration.id, session_id(two)))
    await fails(one.call("com.feature.revoked"), ApplicationError.NO_SUCH_PROCEDURE)
    await LOOP.within(two.register(lambda: 2, "com.feature.revoked"))
    equal(await LOOP.within(one.call("com.feature.revoked")), 2)


async def c09_every_policy(one, two, transport):
    third = await joined(transport)
    callees = {"one": one, "two": two, "third": third}
    expected = {
        "roundrobin": ["one", "two", "third", "one", "two", "third"],
        "first": ["one"] * 6,
        "last": ["third"] * 6,
    }
    for policy in ("roundrobin", "first", "last", "random"):
        procedure = f"com.feature.{policy}"
        for name, callee in callees.items():
            options = RegisterOptions(invoke=policy)
            await LOOP.within(callee.register(lambda name=name: name, procedure, options=options))
        got = [await LOOP.within(two.call(procedure)) for _ in range(6)]
        if policy == "random":
            equal(set(got) - set(callees), set())
        else:
            equal(got, expected[policy])
    await LOOP.within(third.leave())
    equal(await LOOP.within(two.call("com.feature.last")), "two")


async def c09_another_policy_is_refused(one, two, _transport):
    await LOOP.within(one.register(lambda: 1, "com.feature.policy", options=RegisterOptions(invoke="first")))
    again = two.register(lambda: 2, "com.feature.policy", options=RegisterOptions(invoke="last"))
    await fails(again, "wamp.error.procedure_exists_with_different_invocation_policy")


async def c12_a_busy_callee_is_passed_over(one, two, _transport):
    free = Inbox()

    async def busy():
        await free.take()
        return "busy"

    options = RegisterOptions(concurrency=1)
    await LOOP.within(two.register(busy, "com.feature.busy", options=options))
    first = one.call("com.feature.busy")
    await fails(one.call("com.feature.busy"), "crossbar.error.max_concurrency_reached")
    free.put(True)
    equal(await LOOP.within(first), "busy")
    free.put(True)
    equal(await LOOP.within(one.call("com.feature.busy")), "busy")


async def c13_a_new_callee_evicts_the_old(one, two, _transport):
    await LOOP.within(one.register(lambda: "old", "com.feature.force"))
    options = RegisterOptions(force_reregister=True)
    await LOOP.within(two.register(lambda: "new", "com.feature.force", options=options))
    equal(await LOOP.within(one.call("com.feature.force")), "new")


async def p08_lists_of_authids_and_roles(one, two, transport):
    inbox = Inbox()
    await LOOP.within(two.subscribe(inbox.put, "com.feature.lists"))
    here, there = one.join_details.authid, two.join_details.authid
    await published(one, "com.feature.lists", 1, exclude_authid=[there])
    await published(one, "com.feature.lists", 2, eligible_authid=[here])
    await published(one, "com.feature.lists", 3, exclude_authrole=["anonymous"])
    await published(one, "com.feature.lists", 4, eligible_authrole=["anonymous"], eligible_authid=[there])
    equal(await inbox.take(), 4)


async def p12_a_testament_is_published(one, _two, transport):
    inbox = Inbox()
    await LOOP.within(one.subscribe(lambda *args, **kwargs: inbox.put((list(args), kwargs)), "com.feature.testament"))
    dying = await joined(transport)
    for scope, value in (("destroyed", 2), ("detached", 1)):
        await LOOP.within(
            dying.call("wamp.session.add_testament", "com.feature.testament", [value], {"scope": scope}, scope=scope)
        )
    await LOOP.within(dying.leave())
    equal(await inbox.take(), ([1], {"scope": "detached"}))
    equal(await inbox.take(), ([2], {"scope": "destroyed"}))


async def p12_flushed_testaments_are_not(one, two, transport):
    inbox = Inbox()
    await LOOP.within(one.subscribe(inbox.put, "com.feature.flushed"))
    dying = await joined(transport)
    await LOOP.within(dying.call("wamp.session.add_testament", "com.feature.flushed", [1], {}))
    await LOOP.within(dying.call("wamp.session.flush_testaments"))
    await LOOP.within(dying.leave())
    await published(two, "com.feature.flushed", 2)
    equal(await inbox.take(), 2)


async def p15_past_events(transport):
    session = await joined(transport, realm="history")
    topic = f"com.past.pre.{session_id(session)}"
    for number in range(4):
        await published(session, topic, number, kwargs={"even": number % 2 == 0})
    subscription = await LOOP.within(session.call("wamp.subscription.lookup", "com.past.pre", {"match": "prefix"}))

    async def past(**filters):
        return await LOOP.within(session.call("wamp.subscription.get_events", subscription, topic=topic, **filters))

    events = await past()
    equal([[event["args"], event["kwargs"]] for event in events], [[[n], {"even": n % 2 == 0}] for n in range(4)])
    equal([event["args"] for event in await past(limit=2, reverse=True)], [[3], [2]])
    after = await past(after_publication=events[1]["publication"])
    equal([event["args"] for event in after], [[2], [3]])
    equal(await past(before_time=events[0]["timestamp"]), [])
    await LOOP.within(session.leave())


async def p16_a_retained_event_waits_for_subscribers(one, two, _transport):
    inbox = Inbox()
    for value in (1, 2):
        await published(one, "com.feature.retained", value, retain=True)
    options = SubscribeOptions(get_retained=True, details=True)
    await LOOP.within(
        two.subscribe(lambda value, details=None: inbox.put((value, details.retained)), "com.feature.retained", options)
    )
    equal(await inbox.take(), (2, True))
    await published(one, "com.feature.retained", 3)
    value, retained = await inbox.take()
    equal((value, bool(retained)), (3, False))


async def p16_nobody_gets_it_unasked(one, two, _transport):
    inbox = Inbox()
    await published(one, "com.feature.unwanted", 1, retain=True)
    await LOOP.within(two.subscribe(inbox.put, "com.feature.unwanted"))
    await published(one, "com.feature.unwanted", 2)
    equal(await inbox.take(), 2)


async def m01_sessions_come_and_go(one, _two, transport):
    joins, leaves = Inbox(), Inbox()
    await LOOP.within(one.subscribe(joins.put, "wamp.session.on_join"))
    await LOOP.within(one.subscribe(lambda *args: leaves.put(args), "wamp.session.on_leave"))
    guest = await joined(transport)
    details = await joins.take()
    wanted = {"session": session_id(guest), "authid": guest.join_details.authid, "authrole": "anonymous"}
    equal({key: details.get(key) for key in wanted}, wanted)
    await LOOP.within(guest.leave())
    equal((await leaves.take())[0], session_id(guest))


async def m02_questions_about_sessions(one, two, _transport):
    ids = await LOOP.within(one.call("wamp.session.list"))
    equal({session_id(one), session_id(two)} - set(ids), set())
    equal(await LOOP.within(one.call("wamp.session.count")), len(ids))
    equal(await LOOP.within(one.call("wamp.session.count", ["nobody-has-it"])), 0)
    details = await LOOP.within(one.call("wamp.session.get", session_id(two)))
    wanted = {"session": session_id(two), "authid": two.join_details.authid, "authrole": "anonymous"}
    equal({key: details.get(key) for key in wanted}, wanted)
    await fails(one.call("wamp.session.get", 1), "wamp.error.no_such_session")


async def m03_a_session_is_killed(one, _two, transport):
    ends = Inbox()
    victim = await joined(transport)
    victim.on("leave", lambda _session, details: ends.put((details.reason, details.message)))
    await LOOP.within(
        one.call("wamp.session.kill", session_id(victim), reason="com.feature.killed", message="because")
    )
    equal(await ends.take(), ("com.feature.killed", "because"))
    await fails(one.call("wamp.session.kill", 1), "wamp.error.no_such_session")


async def m03_sessions_of_an_authid_are_killed(one, _two, transport):
    ends = Inbox()
    victim = await joined(transport)
    victim.on("leave", lambda _session, details: ends.put(details.reason))
    killed = await LOOP.within(
        one.call("wamp.session.kill_by_authid", victim.join_details.authid, reason="com.feature.killed")
    )
    equal(killed, [session_id(victim)])
    equal(await ends.take(), "com.feature.killed")


async def m04_registrations_come_and_go(one, two, _transport):
    inbox = Inbox()
    for name in ("on_create", "on_register", "on_unregister", "on_delete"):
        await LOOP.within(
            one.subscribe(lambda session, what, name=name: inbox.put((name, session, what)), f"wamp.registration.{name}")
        )
    options = RegisterOptions(match="prefix", invoke="roundrobin")
    registration = await LOOP.within(two.register(lambda: 1, "com.feature.meta", options=options))
    await LOOP.within(registration.unregister())
    name, session, details = await inbox.take()
    wanted = {"id": registration.id, "uri": "com.feature.meta", "match": "prefix", "invoke": "roundrobin"}
    equal((name, session), ("on_create", session_id(two)))
    equal({key: details.get(key) for key in wanted}, wanted)
    for name in ("on_register", "on_unregister", "on_delete"):
        equal(await inbox.take(), (name, session_id(two), registration.id))


async def m05_questions_about_registrations(one, two, _transport):
    registration = await LOOP.within(
        two.register(lambda: 1, "com.feature.asked", options=RegisterOptions(match="prefix"))
    )

    def ask(what, *args):
        return LOOP.within(one.call(f"wamp.registration.{what}", *args))

    equal((await ask("list"))["prefix"], [registration.id])
    equal(await ask("lookup", "com.feature.asked", {"match": "prefix"}), registration.id)
    equal(await ask("lookup", "com.feature.asked"), None)
    equal(await ask("match", "com.feature.asked.deep"), registration.id)
    details = await ask("get", registration.id)
    equal([details["id"], details["uri"], details["match"]], [registration.id, "com.feature.asked", "prefix"])
    equal(await ask("list_callees", registration.id), [session_id(two)])
    equal(await ask("count_callees", registration.id), 1)
    await fails(one.call("wamp.registration.get", 1), "wamp.error.no_such_registration")


async def m06_subscriptions_come_and_go(one, two, _transport):
    inbox = Inbox()
    for name in ("on_create", "on_subscribe", "on_unsubscribe", "on_delete"):
        await LOOP.within(
            one.subscribe(lambda session, what, name=name: inbox.put((name, session, what)), f"wamp.subscription.{name}")
        )
    options = SubscribeOptions(match="prefix")
    subscription = await LOOP.within(two.subscribe(lambda: None, "com.feature.meta", options=options))
    await LOOP.within(subscription.unsubscribe())
    name, session, details = await inbox.take()
    wanted = {"id": subscription.id, "uri": "com.feature.meta", "match": "prefix"}
    equal((name, session), ("on_create", session_id(two)))
    equal({key: details.get(key) for key in wanted}, wanted)
    for name in ("on_subscribe", "on_unsubscribe", "on_delete"):
        equal(await inbox.take(), (name, session_id(two), subscription.id))


async def m07_questions_about_subscriptions(one, two, _transport):
    subscription = await LOOP.within(
        two.subscribe(lambda: None, "com.feature.asked", options=SubscribeOptions(match="prefix"))
    )

    def ask(what, *args):
        return LOOP.within(one.call(f"wamp.subscription.{what}", *args))

    equal((await ask("list"))["prefix"], [subscription.id])
    equal(await ask("lookup", "com.feature.asked", {"match": "prefix"}), subscription.id)
    equal(await ask("match", "com.feature.asked.deep"), [subscription.id])
    details = await ask("get", subscription.id)
    equal([details["id"], details["uri"], details["match"]], [subscription.id, "com.feature.asked", "prefix"])
    equal(await ask("list_subscribers", subscription.id), [session_id(two)])
    equal(await ask("count_subscribers", subscription.id), 1)
    await fails(one.call("wamp.subscription.get", 1), "wamp.error.no_such_subscription")


async def e05_cryptobox_calls(one, two, _transport):
    key, _ = KeyRing().generate_key()
    for session in (one, two):
        session.set_payload_codec(KeyRing(key))
    await LOOP.within(two.register(lambda a, b=0: {"sum": a + b}, "com.feature.secret"))
    equal(await LOOP.within(one.call("com.feature.secret", 2, b=3)), {"sum": 5})

    def fail():
        raise ApplicationError("com.feature.error", "secretly", detail=1)

    await LOOP.within(two.register(fail, "com.feature.secretfail"))
    raised = await fails(one.call("com.feature.secretfail"), "com.feature.error")
    equal((list(raised.args), raised.kwargs), (["secretly"], {"detail": 1}))


async def e05_cryptobox_events(one, two, transport):
    key, _ = KeyRing().generate_key()
    for session in (one, two):
        session.set_payload_codec(KeyRing(key))
    inbox, stranger_inbox = Inbox(), Inbox()
    stranger = await joined(transport)
    await LOOP.within(two.subscribe(lambda *args, **kwargs: inbox.put((list(args), kwargs)), "com.feature.secrets"))
    await LOOP.within(stranger.subscribe(lambda *args: stranger_inbox.put(args), "com.feature.secrets"))
    await LOOP.within(one.publish("com.feature.secrets", "x", n=1, options=ACKNOWLEDGE))
    equal(await inbox.take(), (["x"], {"n": 1}))
    one.set_payload_codec(None)
    await LOOP.within(one.publish("com.feature.secrets", "open", options=ACKNOWLEDGE))
    equal(await stranger_inbox.take(), ("open",))
    await LOOP.within(stranger.leave())


async def x06_the_transaction_hash_goes_along(one, two, _transport):
    inbox = Inbox()
    options = RegisterOptions(details_arg="details")
    await LOOP.within(two.register(lambda details=None: details.transaction_hash, "com.feature.hash", options=options))
    await LOOP.within(
        two.subscribe(
            lambda details=None: inbox.put(details.transaction_hash),
            "com.feature.hash",
            options=SubscribeOptions(details=True),
        )
    )
    equal(await LOOP.within(one.call("com.feature.hash", options=CallOptions(transaction_hash="0x01"))), "0x01")
    await published(one, "com.feature.hash", transaction_hash="0x02")
    equal(await inbox.take(), "0x02")


TRANSPORTS = [("ws", "json"), ("raw", "msgpack"), ("ws", "cbor"), ("ws", "msgpack.batched"), ("raw", "ubjson")]
CHECKS = [
    c01_an_error_may_follow_progress,
    c01_no_progress_for_who_does_not_ask,
    c03_a_timeout_ends_the_call,
    c03_an_answer_in_time_ends_the_timer,
    c04_a_cancelled_callee_is_interrupted,
    c07_the_best_pattern_serves,
    c08_a_registration_is_revoked,
    c09_every_policy,
    c09_another_policy_is_refused,
    c12_a_busy_callee_is_passed_over,
    c13_a_new_callee_evicts_the_old,
    p08_lists_of_authids_and_roles,
    p12_a_testament_is_published,
    p12_flushed_testaments_are_not,
    p16_a_retained_event_waits_for_subscribers,
    p16_nobody_gets_it_unasked,
    m01_sessions_come_and_go,
    m02_questions_about_sessions,
    m03_a_session_is_killed,
    m03_sessions_of_an_authid_are_killed,
    m04_registrations_come_and_go,
    m05_questions_about_registrations,
    m06_subscriptions_come_and_go,
    m07_questions_about_subscriptions,
    e05_cryptobox_calls,
    e05_cryptobox_events,
    x06_the_transaction_hash_goes_along,
]


async def main():
    places = json.loads(pathlib.Path(sys.argv[2]).read_text())
    only = sys.argv[3] if len(sys.argv) > 3 else ""
    checks = Checks()
    for kind, serializer in TRANSPORTS:
        # What `crossbar init` writes leaves UBJSON out.
        place = kind if serializer == "ubjson" else f"init/{kind}"
        transport = endpoint(kind, serializer, places[place])
        past = endpoint(kind, serializer, places[kind])
        if only in p15_past_events.__name__:
            await checks.hold(f"{kind} {serializer} {p15_past_events.__name__}", p15_past_events(past))
        for check in CHECKS:
            if only in check.__name__:
                await checks.hold(f"{kind} {serializer} {check.__name__}", with_two(check, transport, transport))
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


LOOP.run(main)
