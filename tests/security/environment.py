"""The settings a process of one role needs on the locked servers."""

from ops.rights.redis import REDIS_ROLES
from tests.security.conftest import BY_CERTIFICATE, PARTITIONS, Locked, password_of

SECRETS_IN_FILES = ("operator", "ticker")
"""The roles whose passwords are not in the environment itself."""


def environment_of(locked: Locked, role: str, redis_place: str | None = None) -> dict[str, str]:
    """Return them: by certificate for the one who has it; Redis encrypted where its front is named."""
    settings = {
        "ITILNEXT_KAFKA__SSL_CAFILE": str(locked.certificates.authority),
        "ITILNEXT_TOPICS__PREFIX": locked.working.prefix,
        "ITILNEXT_TOPICS__PARTITIONS": str(PARTITIONS),
    }
    if role == BY_CERTIFICATE:
        settings |= {
            "ITILNEXT_KAFKA__BOOTSTRAP_SERVERS": locked.kafka.mutual_tls,
            "ITILNEXT_KAFKA__SECURITY_PROTOCOL": "SSL",
            "ITILNEXT_KAFKA__SSL_CERTFILE": str(locked.certificates.client),
        }
    else:
        settings |= {
            "ITILNEXT_KAFKA__BOOTSTRAP_SERVERS": locked.kafka.sasl_ssl,
            "ITILNEXT_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
            "ITILNEXT_KAFKA__SASL_MECHANISM": "SCRAM-SHA-512",
            "ITILNEXT_KAFKA__SASL_USERNAME": role,
            "ITILNEXT_KAFKA__SASL_PASSWORD": password_of(role),
        }
    if role in REDIS_ROLES:
        settings["ITILNEXT_REDIS__URL"] = locked.redis_url(role, redis_place)
        if redis_place is not None:
            settings |= {
                "ITILNEXT_REDIS__SSL_CAFILE": str(locked.certificates.authority),
                "ITILNEXT_REDIS__SSL_CERTFILE": str(locked.certificates.client),
            }
    return _with_secrets_in_files(locked, role, settings) if role in SECRETS_IN_FILES else settings


def _with_secrets_in_files(locked: Locked, role: str, settings: dict[str, str]) -> dict[str, str]:
    for name in ("ITILNEXT_KAFKA__SASL_PASSWORD", "ITILNEXT_REDIS__URL"):
        if name in settings:
            path = locked.certificates.folder / f"{role}.{name}"
            path.write_text(settings.pop(name) + "\n", encoding="utf-8")
            settings[f"{name}_FILE"] = str(path)
    return settings
