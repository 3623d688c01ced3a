"""Why a photo is refused: one class and one stable slug for each reason."""

from __future__ import annotations

from server.core.errors import Problem
from server.core.text import Text


class ImageRefused(Problem):
    """A photo is not taken; ``slug`` says which of the reasons below (422)."""

    slug, status = "image-refused", 422
    title = Text("照片未被接受", "The photo is not accepted")


class EmptyFile(ImageRefused):
    """No byte at all."""

    slug = "image-empty"
    title = Text("照片文件是空的", "The photo file is empty")


class NotAnImage(ImageRefused):
    """The content is not that of any picture format we know (415)."""

    slug, status = "not-an-image", 415
    title = Text("文件内容不是图片", "The content is not an image")


class UnsupportedImage(ImageRefused):
    """A picture, but of a format or variant that is not taken (415)."""

    slug, status = "image-unsupported", 415
    title = Text("不支持的图片格式", "This image format is not supported")


class Truncated(ImageRefused):
    """The file stops before the picture does."""

    slug = "image-truncated"
    title = Text("照片不完整，请重新上传", "The photo is incomplete; send it again")


class DecompressionBomb(ImageRefused):
    """Decoding would take more memory or time than allowed."""

    slug = "image-too-large-to-decode"
    title = Text("照片像素过大", "The photo has too many pixels to decode")


class DamagedImage(ImageRefused):
    """The bytes are all there but contradict the format or do not decode."""

    slug = "image-damaged"
    title = Text("照片已损坏", "The photo is damaged")


def unsupported(name: str) -> UnsupportedImage:
    """Return the refusal of a format or variant, naming it."""
    return UnsupportedImage(
        Text(
            f"不支持 {name}，请使用 JPEG、PNG 或 WebP",
            f"{name} is not supported; send JPEG, PNG or WebP",
        )
    )


def damaged(what: str) -> DamagedImage:
    """Return the refusal of a broken file; ``what`` is the part (a format term)."""
    return DamagedImage(Text(f"照片已损坏：{what}", f"The photo is damaged: {what}"))
