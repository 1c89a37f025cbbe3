"""Encrypts what is secret before it is written to the database, and decrypts it for who may know.

The one place that holds keys: in the daemon, or in a command that has the file to itself. Which keys there are is
``fernet_keys``'s business. A first key is made when a first secret is written; where values are encrypted already and
their key is gone, none is made. Airflow page: security/secrets/fernet.
"""

from __future__ import annotations

from typing import Any

from queuack import config
from queuack.daemon.port import Port
from queuack.errors import SecretUnreadable
from queuack.fernet_keys import FernetKeys, find_keys, make_key_file
from queuack.store.queries.variables import count_encrypted


class Vault:
    """Encrypts with the first key, decrypts with any."""

    def __init__(self, keys: FernetKeys) -> None:
        from cryptography.fernet import Fernet, MultiFernet  # start-up time: most commands touch no secret

        self.keys = keys
        self._fernet: Any = MultiFernet([Fernet(key) for key in keys.keys]) if keys.keys else None

    def lock(self, text: str) -> str:
        """The encrypted form of ``text``, ASCII."""
        token: bytes = self._fernet.encrypt(text.encode())
        return token.decode()

    def unlock(self, token: str, what: str) -> str:
        """Raises SecretUnreadable, which names ``what``, when none of the keys fits."""
        from cryptography.fernet import InvalidToken  # start-up time: as above

        if self._fernet is None:
            raise SecretUnreadable(
                f"{what} cannot be decrypted: there is no key. Put the key file {self.keys.source} back, or set "
                "core.fernet_key."
            )
        try:
            text: bytes = self._fernet.decrypt(token)
        except InvalidToken:
            raise SecretUnreadable(
                f"{what} cannot be decrypted with the {_count(self.keys)} of {self.keys.source}. Put back the key that "
                "it was encrypted with, or set the value again."
            ) from None
        return text.decode()


_last: Vault | None = None


def vault() -> Vault:
    """For reading. Its keys are looked at anew, so that a key file may change while a daemon runs."""
    global _last
    settings = config.current()
    setting = settings.get("core", "fernet_key")
    keys = find_keys(None if setting is None else str(setting), settings.home.fernet_key_file)
    if _last is None or _last.keys != keys:
        _last = Vault(keys)
    return _last


def writing_vault(port: Port) -> Vault:
    """For writing: with a new key file where there is no key yet.

    Raises SecretUnreadable when there is none and the database holds encrypted values.
    """
    found = vault()
    if found.keys.keys:
        return found
    with port.reader() as reader:
        encrypted = count_encrypted(reader)
    if encrypted:
        raise SecretUnreadable(
            f"The key file {found.keys.source} is gone, and {encrypted} values in the database need it. Put it back, "
            "or set core.fernet_key; else delete those variables and connections first."
        )
    make_key_file(config.current().home.fernet_key_file)
    return vault()


def _count(keys: FernetKeys) -> str:
    return "key" if len(keys.keys) == 1 else f"{len(keys.keys)} keys"
