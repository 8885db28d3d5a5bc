"""The demo's passwords, and the authenticator that asks for them."""

import hmac
import json
import os
import secrets

from jupyterhub.auth import Authenticator

from classroom.hub import people
from classroom.hub.people import DATA

PASSWORDS = DATA / "hub" / "passwords.json"


def passwords():
    """A dict from username to password for everybody on the list; a new person gets a random one, and the others keep theirs."""
    known = json.loads(PASSWORDS.read_text()) if PASSWORDS.exists() else {}
    all_of_them = {name: known.get(name) or f"{name[:8]}-{secrets.token_hex(4)}" for name in people.read()}
    if all_of_them != known:
        PASSWORDS.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = PASSWORDS.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(all_of_them, file, indent=1)
        os.replace(new, PASSWORDS)
    return all_of_them


class DemoAuthenticator(Authenticator):
    """One password for each person on the list."""

    async def authenticate(self, handler, data):
        name = self.normalize_username(data["username"])
        right = passwords().get(name)
        return name if right and hmac.compare_digest(right.encode(), data["password"].encode()) else None
