"""The providers, in the order of the page: one file and one line each."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.core.errors import NotFoundError
from webapp.core.providers.azureblob import AZUREBLOB
from webapp.core.providers.b2 import B2
from webapp.core.providers.base import Provider
from webapp.core.providers.box import BOX
from webapp.core.providers.dropbox import DROPBOX
from webapp.core.providers.ftp import FTP
from webapp.core.providers.googlecloudstorage import GOOGLE_CLOUD_STORAGE
from webapp.core.providers.googledrive import GOOGLE_DRIVE
from webapp.core.providers.googlephotos import GOOGLE_PHOTOS
from webapp.core.providers.httpserver import HTTP
from webapp.core.providers.hubic import HUBIC
from webapp.core.providers.mega import MEGA
from webapp.core.providers.onedrive import ONEDRIVE
from webapp.core.providers.openstackswift import OPENSTACK_SWIFT
from webapp.core.providers.pcloud import PCLOUD
from webapp.core.providers.s3 import S3
from webapp.core.providers.sftp import SFTP
from webapp.core.providers.webdav import WEBDAV
from webapp.core.providers.yandex import YANDEX

PROVIDERS: Mapping[str, Provider] = {
    listed.type: listed
    for listed in (
        S3,
        B2,
        BOX,
        DROPBOX,
        FTP,
        GOOGLE_CLOUD_STORAGE,
        GOOGLE_DRIVE,
        GOOGLE_PHOTOS,
        HTTP,
        HUBIC,
        MEGA,
        AZUREBLOB,
        ONEDRIVE,
        OPENSTACK_SWIFT,
        PCLOUD,
        SFTP,
        WEBDAV,
        YANDEX,
    )
}
"""Every provider by its type."""


def provider(provider_type: str) -> Provider:
    """Return a provider by its type, such as `S3`.

    Raises:
        NotFoundError: There is none of that type.
    """
    try:
        return PROVIDERS[provider_type]
    except (KeyError, TypeError):
        known = ", ".join(PROVIDERS)
        raise NotFoundError(f"There is no such provider. Known are {known}.", field="provider") from None
