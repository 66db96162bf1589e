"""What Schemathesis cannot know from the document."""

import itertools
import re

import schemathesis
from hypothesis.provisional import urls

# Which URLs a task may name.
schemathesis.openapi.format("uri", urls())

numbers = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Gives each request an Idempotency-Key of its own, of the same form: with another body the same one is refused."""
    key = (case.headers or {}).get("Idempotency-Key", "")
    if re.fullmatch(r"[!#-~]{8,255}", key):
        case.headers["Idempotency-Key"] = f"{next(numbers):08}".ljust(len(key), "0")
    elif re.fullmatch(r'"[ !#-\[\]-~]{8,255}"', key):
        case.headers["Idempotency-Key"] = '"' + f"{next(numbers):08}".ljust(len(key) - 2, "0") + '"'
    elif re.fullmatch(r'[!#-~]{1,7}|"([ !#-\[\]-~]|\\["\\])+"', key):
        case.headers["Idempotency-Key"] = f"{next(numbers):08}"
