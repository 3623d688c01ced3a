"""Problems a caller can be told about, as RFC 9457 names them.

Services raise these; ``core.http`` turns them into ``application/problem+json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from server.core.text import Text


class FieldError(NamedTuple):
    """One wrong field: a JSON Pointer into the request and what is wrong."""

    pointer: str
    message: Text


class Problem(Exception):
    """A refusal with a stable slug.

    Attributes:
        slug: the ``type`` of the problem, stable across releases.
        status: the HTTP status it maps to.
        title: short and general; ``detail``: this very case.
        errors: field errors, possibly empty.
        extra: further members of the problem document.
        denied: True when the refusal is an access denial that the audit keeps.
        keeps: True when what was done so far is committed with the refusal (a
            failed sign-in must be counted).
        retry_after: seconds after which the same request may succeed, None when
            time alone changes nothing.
    """

    slug = "internal-error"
    status = 500
    title = Text("内部错误", "Internal error")
    denied = False
    keeps = False
    retry_after: int | None = None

    def __init__(
        self,
        detail: Text | None = None,
        *,
        errors: Sequence[FieldError] = (),
        slug: str | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail.en if detail else self.title.en)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.extra = extra or {}
        if slug:
            self.slug = slug


class BadRequest(Problem):
    """The request cannot be read at all (400)."""

    slug, status = "bad-request", 400
    title = Text("请求无法读取", "The request cannot be read")


class Unauthenticated(Problem):
    """No valid token (401)."""

    slug, status = "unauthenticated", 401
    title = Text("请先登录", "Sign in first")
    keeps = True


class Forbidden(Problem):
    """The caller may see the thing but not do this (403)."""

    slug, status = "forbidden", 403
    title = Text("无权进行此操作", "You may not do this")
    denied = True


class NotFound(Problem):
    """Not there, or outside the caller's area or department (404).

    ``hidden`` marks the second case for the audit; the answer is the same.
    """

    slug, status = "not-found", 404
    title = Text("没有找到", "Not found")

    def __init__(self, detail: Text | None = None, *, hidden: bool = False) -> None:
        super().__init__(detail)
        self.denied = hidden


class Conflict(Problem):
    """The state of things does not allow it (409)."""

    slug, status = "conflict", 409
    title = Text("与当前状态冲突", "In conflict with the current state")


class ContentDiffers(Conflict):
    """The same id came before with other content (409)."""

    slug = "content-differs"
    title = Text("同一编号的内容不同", "Same id, other content")


class NotAllowedInState(Conflict):
    """The state machine has no such step from here (409)."""

    slug = "not-allowed-in-state"
    title = Text("当前状态不允许此操作", "Not allowed in this state")


class PreconditionFailed(Problem):
    """``If-Match`` names an older version (412)."""

    slug, status = "precondition-failed", 412
    title = Text("数据已被他人更新", "Changed by someone else meanwhile")


class TooLarge(Problem):
    """The body is over the limit (413)."""

    slug, status = "too-large", 413
    title = Text("请求内容过大", "The body is too large")


class UnsupportedMedia(Problem):
    """The body is of a type this call does not take (415)."""

    slug, status = "unsupported-media-type", 415
    title = Text("不支持的内容类型", "Unsupported content type")


class Invalid(Problem):
    """Fields are wrong (422)."""

    slug, status = "invalid", 422
    title = Text("内容有误", "The content is not valid")

    @classmethod
    def at(cls, pointer: str, message: Text, **extra: Any) -> Invalid:
        """Return the problem for one wrong field."""
        return cls(message, errors=[FieldError(pointer, message)], extra=extra)

    @classmethod
    def of(cls, errors: list[FieldError]) -> Invalid:
        """Return the problem for several wrong fields; its detail names the first."""
        zh = "；".join(f"{e.pointer or '/'} {e.message.zh}" for e in errors[:3])
        en = "; ".join(f"{e.pointer or '/'} {e.message.en}" for e in errors[:3])
        return cls(Text(zh, en), errors=errors)


class PreconditionRequired(Problem):
    """``If-Match`` is missing, or ``*``, which guards nothing (428)."""

    slug, status = "precondition-required", 428
    title = Text("缺少 If-Match", "If-Match is required")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "请在 If-Match 中填写所见版本的 ETag（不能为 *）",
                "Give in If-Match the ETag of the version you have seen (not *)",
            )
        )


class TooManyRequests(Problem):
    """Throttled (429); ``retry_after`` is seconds."""

    slug, status = "too-many-requests", 429
    title = Text("尝试次数过多", "Too many attempts")
    keeps = True

    def __init__(self, detail: Text | None = None, *, retry_after: int = 60) -> None:
        super().__init__(detail, extra={"retry_after": retry_after})
        self.retry_after = retry_after


class Unavailable(Problem):
    """A server behind this one does not answer (503); nothing of it was kept, or the
    same request again finds it."""

    slug, status = "unavailable", 503
    title = Text("服务暂时不可用，请稍后重试", "Unavailable for now; try again later")
    retry_after = 5
