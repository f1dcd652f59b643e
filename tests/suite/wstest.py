"""Runs the Autobahn test suite from the folder that it was installed into (Python 2.7).

    wstest.py FOLDER -m fuzzingclient -s SPEC.json
"""

import site
import sys

# `zope` is a namespace package: its folder counts only with the `.pth` files beside it.
site.addsitedir(sys.argv.pop(1))

from autobahntestsuite.wstest import run  # noqa: E402

run()
