"""A file where Gradio lays what a visitor sends."""

import hashlib
from pathlib import Path


def laid(folder, data: bytes, name: str = "picture") -> Path:
    """The path of an upload with this content in the folder of the uploads; its folder has the hash of its name and
    content, so that no two are the same."""
    path = Path(folder) / hashlib.sha256(name.encode() + data).hexdigest() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
