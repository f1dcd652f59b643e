"""Cookies with Autobahn|Python, which sends those that it is told: on asyncio or on Twisted.

    cookies.py asyncio|twisted PLACES.json

Prints a line for each check that fails, then `N passed, N failed`.
"""

import json
import pathlib
import sys
from http.cookies import SimpleCookie

# The framework is chosen there, before anything of Autobahn is loaded.
from peer import FRAMEWORK, LOOP, Checks, Inbox, equal

if FRAMEWORK == "twisted":
    from autobahn.twisted.wamp import ApplicationSession
    from autobahn.twisted.websocket import WampWebSocketClientFactory, WampWebSocketClientProtocol
else:
    from autobahn.asyncio.wamp import ApplicationSession
    from autobahn.asyncio.websocket import WampWebSocketClientFactory, WampWebSocketClientProtocol

NOBODY = "wamp.error.no_auth_method"

class Browser:
    """Keeps one cookie, the last that it was given."""

    def __init__(self, place):
        self.host, self.port, self.path = place
        self.cookie, self.given = None, None

    async def connect(self, methods, authid="joe"):
        """A session, and what it hears first: its details, or why it is refused."""
        heard = Inbox()
        browser = self

        class Session(ApplicationSession):
            def onConnect(self):
                self.ended = Inbox()
                self.join("realm1", authmethods=methods, authid=authid)

            def onChallenge(self, challenge):
                equal(challenge.method, "ticket")
                return "secret!!!"

            def onJoin(self, details):
                heard.put((self, details))

            def onLeave(self, details):
                heard.put((self, details.reason))
                self.ended.put(details.reason)
                self.disconnect()

        class Protocol(WampWebSocketClientProtocol):
            def onConnect(self, response):
                browser.given = None
                if "set-cookie" in response.headers:
                    for name, morsel in SimpleCookie(response.headers["set-cookie"]).items():
                        browser.cookie = browser.given = f"{name}={morsel.value}"
                return super().onConnect(response)

        headers = {"Cookie": self.cookie} if self.cookie else {}
        url = f"ws://{self.host}:{self.port}{self.path}"
        factory = WampWebSocketClientFactory(lambda: Session(), url=url, headers=headers)
        factory.protocol = Protocol
        if FRAMEWORK == "twisted":
            LOOP.reactor.connectTCP(self.host, self.port, factory)
        else:
            await LOOP.reactor.create_connection(factory, self.host, self.port)
        return await heard.take()

def told(details):
    return (details.authid, details.authmethod, details.authprovider)

async def a11_a_login_is_known_again(place):
    browser = Browser(place)
    equal((await browser.connect(["cookie"]))[1], NOBODY)
    session, details = await browser.connect(["cookie", "ticket"])
    equal(told(details), ("joe", "ticket", "static"))
    equal(browser.given is not None, True)
    session.leave()
    await session.ended.take()
    for methods in (["cookie", "ticket"], ["cookie"]):
        _, details = await browser.connect(methods)
        equal(told(details), ("joe", "ticket", "cookie"))
        equal(browser.given, None)

async def a11_a_log_out_ends_the_others(place):
    browser = Browser(place)
    one, _ = await browser.connect(["ticket"])
    two, details = await browser.connect(["cookie"])
    equal(told(details), ("joe", "ticket", "cookie"))
    one.leave("wamp.close.logout")
    equal(await two.ended.take(), "wamp.close.logout")
    await one.ended.take()
    equal((await browser.connect(["cookie"]))[1], NOBODY)

async def a01_a11_an_anonymous_client_is_the_same_one_again(place):
    browser = Browser(place)
    _, first = await browser.connect(["anonymous"])
    _, second = await browser.connect(["cookie", "anonymous"])
    equal(second.authid, first.authid)
    _, stranger = await Browser(place).connect(["anonymous"])
    equal(stranger.authid == first.authid, False)

async def a11_a_made_up_cookie_is_worth_nothing(place):
    browser = Browser(place)
    browser.cookie = "cbtid=abcdefghijklmnopqrstuvwx"
    equal((await browser.connect(["cookie"]))[1], NOBODY)
    equal(browser.given in (None, "cbtid=abcdefghijklmnopqrstuvwx"), False)

async def main():
    place = json.loads(pathlib.Path(sys.argv[2]).read_text())["ws/ws"]
    checks = Checks()
    for check in (
        a11_a_login_is_known_again,
        a11_a_log_out_ends_the_others,
        a01_a11_an_anonymous_client_is_the_same_one_again,
        a11_a_made_up_cookie_is_worth_nothing,
    ):
        await checks.hold(check.__name__, check(place))
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")
    sys.exit(1 if checks.failed else 0)

LOOP.run(main)
