"""The key to people's records, as this deployment has it."""

from __future__ import annotations

from api.access.keys import KeyMissingError, field_keys
from api.settings import Settings
from layers.personal_cipher import Cipher, PersonalKeyError

VALUES, INDEX = "personal values", "personal index"
"""What the two keys are for; one never stands in for the other."""


def cipher_of(settings: Settings) -> Cipher:
    """Return what seals and opens people's records; raises PersonalKeyError where the deployment has no usable key."""
    try:
        return Cipher(field_keys(settings, VALUES), field_keys(settings, INDEX))
    except KeyMissingError as error:
        raise PersonalKeyError(f"申请人信息现在不能读写，其他功能不受影响：{error}") from error
