"""The keys that secrets in the database are encrypted with: where they are kept, and how the first one is made.

``[core] fernet_key`` overrides the key file of the home folder. Either holds one key or several, newest first,
separated by commas or line breaks: the first encrypts, all decrypt. It must not encrypt anything itself:
``daemon/vault.py`` does, the one place that holds keys for longer than a look. Airflow page: security/secrets/fernet.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from queuack.errors import SettingError

KEY_BYTES = 32
FINGERPRINT = 12
"""Hexadecimal digits."""


@dataclass(frozen=True)
class FernetKeys:
    """What was found. ``keys`` is empty where there is no key yet."""

    keys: tuple[str, ...]
    source: str
    """For people: the setting, or the path of the file."""

    @property
    def fingerprints(self) -> list[str]:
        """What two processes compare without telling each other the keys."""
        return [hashlib.sha256(key.encode()).hexdigest()[:FINGERPRINT] for key in self.keys]


def find_keys(setting: str | None, file: Path) -> FernetKeys:
    """The keys of ``[core] fernet_key`` when it is set, else of ``file``.

    Raises SettingError for what is not a Fernet key: 32 bytes in URL-safe base64. The message never shows it.
    """
    if setting:
        return FernetKeys(_split(setting, "core.fernet_key"), "core.fernet_key")
    try:
        text = file.read_text(encoding="ascii")
    except FileNotFoundError:
        return FernetKeys((), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The key file {file} cannot be read: {error}.") from None
    keys = _split(text, str(file))
    if not keys:
        raise SettingError(
            f"The key file {file} is empty. Put the key back, or remove the file to begin with a new one."
        )
    return FernetKeys(keys, str(file))


def make_key_file(file: Path) -> None:
    """Write a new key to ``file``, mode 0600. One that is there already is kept."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(new_key() + "\n")
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)


def new_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def _split(text: str, source: str) -> tuple[str, ...]:
    keys = tuple(part for part in re.split(r"[,\s]+", text) if part)
    for position, key in enumerate(keys, 1):
        try:
            size = len(base64.b64decode(key, altchars=b"-_", validate=True))
        except (ValueError, binascii.Error):
            size = 0
        if size != KEY_BYTES:
            raise SettingError(
                f"Key {position} of {source} is not a Fernet key: it must be {KEY_BYTES} bytes in URL-safe base64, as "
                '`python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"` prints.'
            )
    return keys
