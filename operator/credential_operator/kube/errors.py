"""What the API server refused, without the text of its answer: that may repeat what was sent."""

from __future__ import annotations

from http import HTTPStatus

NAMESPACE_TERMINATING = "NamespaceTerminating"
EXCEEDED_QUOTA, DENIED = "ExceededQuota", "Denied"
"""Our words for a 403 that no permission would change: the API server says `Forbidden` to each of them."""


class KubeError(Exception):
    """A request failed.

    Attributes:
        status: The HTTP status; 0 when no answer came.
        verb: What was tried, such as `create`.
        resource: On what, such as `secrets`.
        reason: The API server's word for it, such as `AlreadyExists`.
        retry_after: Seconds that the server asks to wait.
    """

    def __init__(self, status: int, verb: str, resource: str, reason: str = "", retry_after: float = 0.0) -> None:
        super().__init__(f"{verb} {resource}: {status} {reason}".rstrip())
        self.status, self.verb, self.resource, self.reason = status, verb, resource, reason
        self.retry_after = retry_after

    @property
    def missing(self) -> bool:
        """Tell whether what was named is not there."""
        return self.status == HTTPStatus.NOT_FOUND

    @property
    def conflict(self) -> bool:
        """Tell whether someone else was first: it exists, or has another version than was expected."""
        return self.status == HTTPStatus.CONFLICT

    @property
    def forbidden(self) -> bool:
        """Tell whether a permission is missing."""
        return self.status == HTTPStatus.FORBIDDEN and self.reason not in {
            NAMESPACE_TERMINATING,
            EXCEEDED_QUOTA,
            DENIED,
        }

    @property
    def denied(self) -> bool:
        """Tell whether what was sent cannot stand: for validation, an admission rule or a quota."""
        wrong = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
        return self.status in wrong or self.reason in {EXCEEDED_QUOTA, DENIED}

    @property
    def sentence(self) -> str:
        """What failed, for people: a missing permission by its verb and resource."""
        if self.forbidden:
            return f"the operator may not {self.verb} {self.resource}"
        if not self.status:
            return "the API server is out of reach"
        return f"{self.verb} {self.resource} failed with {self.status} {self.reason}".rstrip()

    @property
    def ending(self) -> bool:
        """Tell whether the namespace is being deleted."""
        return self.reason == NAMESPACE_TERMINATING

    @property
    def expired(self) -> bool:
        """Tell whether a watch has to begin with a list again."""
        return self.status == HTTPStatus.GONE
