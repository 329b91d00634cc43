"""Publish this repository as a Hugging Face Space: python -m vaedemo.cli.space USER/NAME [--dry-run]

It first checks for what the hub would refuse. `git push` does not work: the hub rejects commits with binary files
outside LFS, whatever their size, which upload_folder handles. (LFS rules in .gitattributes would let the push through,
but whoever has git-lfs would see every checkpoint of a fresh clone, committed as a plain file, as changed.)
"""

import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from vaedemo.cli import terminal
from vaedemo.cli.common import harmless
from vaedemo.errors import ConfigError

__all__ = ["check", "files", "front_matter", "main", "publish"]

ROOT = Path(__file__).resolve().parents[2]
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
# What each setting of the front matter has to match, and the remedy.
RULES = {
    "title": (r".*\S.*", "give it a name"),
    "emoji": (r"(?=.*[^\x00-\x7f])[^A-Za-z\s]{1,12}", "give one emoji"),
    "colorFrom": ("|".join(COLOURS), f"choose from {', '.join(COLOURS)}"),
    "colorTo": ("|".join(COLOURS), f"choose from {', '.join(COLOURS)}"),
    "sdk": ("gradio", "it has to be gradio"),
    "python_version": (r"3\.1[1-9](\.\d+)?", 'give 3.11 or later in quotes, like "3.11"'),
    "app_file": (r".+", "name the file that starts the page"),
    "license": (r"[a-z0-9][a-z0-9.-]*", "give the licence's name in small letters, like mit"),
    "short_description": (r".{1,60}", "give at most 60 characters"),
}
MAX_FILE = 5_000_000_000  # bytes of a file in LFS
MAX_SPACE = 1_000_000_000  # bytes of a Space, all of it
HUBS_OWN = (".gitattributes",)  # the hub writes one with its rules for LFS, which ours would replace


def files(root: Path) -> dict[str, int]:
    """{path in the repository, with /: bytes} of the files that git tracks, or without git of those that .gitignore
    does not name, less HUBS_OWN."""
    names = _tracked(root)
    if names is None:
        lines = _text(root, ".gitignore").splitlines() if (root / ".gitignore").exists() else []
        ignored = [line.strip().rstrip("/") for line in lines if line.strip() and not line.startswith("#")]
        ignored += [".git", ".env", ".venv"]
        names = sorted(_walk(root, PurePosixPath(), ignored))
    paths = {name: root / name for name in names if name not in HUBS_OWN and (root / name).is_file()}
    # What a link leads to elsewhere stays private.
    return {n: p.stat().st_size for n, p in paths.items() if p.resolve().is_relative_to(root.resolve())}


def _text(root: Path, name: str) -> str:
    try:
        return (root / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is not text in UTF-8, as the hub wants it; save it so") from None


def _tracked(root: Path) -> list[str] | None:
    """The files that git tracks, or None without git."""
    if not (root / ".git").exists() or not shutil.which("git"):
        return None
    listing = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, check=False)
    return None if listing.returncode else [os.fsdecode(name) for name in listing.stdout.split(b"\0") if name]


def _walk(root: Path, folder: PurePosixPath, ignored: list[str]) -> Iterator[str]:
    for entry in os.scandir(root / folder):
        path = folder / entry.name
        # As in git, a pattern that begins with a slash is of the root alone.
        if any(fnmatch.fnmatch(entry.name, p) or fnmatch.fnmatch(str(path), p.lstrip("/")) for p in ignored):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, path, ignored)
        else:
            yield str(path)


def front_matter(text: str) -> dict[str, Any]:
    """The settings between the two lines of --- at the top of a Space's README."""
    import yaml

    found = re.match(r"---\s*\n(.*?)\n---\s*\n", text, re.DOTALL)
    try:
        settings = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        settings = None
    if not isinstance(settings, dict):
        raise ConfigError("README.md has no front matter that can be read; begin it with the Space's settings in ---")
    return settings


def check(root: Path, found: dict[str, int]) -> None:
    """ConfigError for the first thing that the hub would refuse or could not build; found: from files()."""
    for name in ("README.md", "requirements.txt", "constraints.txt"):
        if name not in found:
            raise ConfigError(f"{name} is missing; a Space cannot be made without it")
    settings = front_matter(_text(root, "README.md"))
    gradio = re.search(r"^gradio==(\S+)", _text(root, "constraints.txt"), re.MULTILINE)
    tested = gradio[1] if gradio else ""
    rules = RULES | {"sdk_version": (re.escape(tested), f"the tested one is {tested!r}")}
    for key, (pattern, remedy) in rules.items():
        value = settings.get(key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):  # 3.10 without quotes is YAML's number 3.1
            raise ConfigError(f"README.md's front matter has {key}: {value!r}; {remedy}")
    app = settings["app_file"]
    if app not in found:
        raise ConfigError(f"README.md's front matter has app_file: {app!r}, which is not in the repository")
    if not any(name.startswith("checkpoints/") and name.endswith(".safetensors") for name in found):
        raise ConfigError("there are no models in checkpoints/; fetch or train them first")
    largest = max(found, key=found.__getitem__)
    if found[largest] > MAX_FILE:
        raise ConfigError(f"{largest} has {found[largest] / 1e9:.1f} GB; the hub takes {MAX_FILE / 1e9:g} GB a file")
    if sum(found.values()) > MAX_SPACE:
        raise ConfigError(f"all files have {sum(found.values()) / 1e9:.1f} GB; a Space takes {MAX_SPACE / 1e9:g} GB")


def publish(root: Path, space: str, found: dict[str, int]) -> str:
    """Create the Space if there is none, send the files that files() found, and return the Space's address."""
    import huggingface_hub
    from huggingface_hub.errors import HFValidationError

    token = huggingface_hub.get_token()
    if not token:
        raise ConfigError("no token: set HF_TOKEN to one that may write, or log in with `hf auth login`")
    hub = huggingface_hub.HfApi(token=token)
    try:
        address = hub.create_repo(space, repo_type="space", space_sdk="gradio", exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:  # of exactly what was listed
            for name in found:
                target = Path(folder, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / name, target)
            message = "Publish the application"
            hub.upload_folder(repo_id=space, repo_type="space", folder_path=folder, commit_message=message)
    except HFValidationError:
        raise ConfigError(f"{space!r} is no name of a Space; take letters, digits, -, _ and . for both parts") from None
    except Exception as error:  # the hub's client and its uploader in Rust raise errors of many trees
        answer = getattr(error, "response", None)
        if answer is not None and answer.status_code in (401, 403):
            raise ConfigError(f"the hub does not let this token write to {space}; check both") from None
        said = " ".join((getattr(error, "server_message", None) or str(error)).split())[:200].rstrip(".")
        raise ConfigError(f"the hub did not take it ({said or type(error).__name__}); try again") from None
    return str(address)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see --help")


def main(args: Sequence[str] | None = None, root: Path = ROOT) -> None:
    """Run the command; exit code 0, or 2 with one line on the error stream."""
    parser = _Parser(prog="python -m vaedemo.cli.space", description="Publish this repository as a Hugging Face Space.")
    parser.add_argument("space", metavar="USER/NAME", nargs="?", default="", help="the Space, created if there is none")
    parser.add_argument("--dry-run", action="store_true", help="only check, and list what would be sent, with sizes")

    def run() -> None:
        given = parser.parse_args(args)
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", given.space, re.ASCII) and (given.space or not given.dry_run):
            raise ConfigError(f"name the Space as user/name, not {given.space!r}: make space SPACE=user/name")
        found = files(root)
        check(root, found)
        if given.dry_run:
            for name, size in found.items():
                print(f"{size:>12,}  {harmless(name)}")
        print(f"{sum(found.values()):>12,}  bytes in {len(found)} files")
        if not given.dry_run:
            try:
                print(publish(root, given.space, found))
            except KeyboardInterrupt:
                raise KeyboardInterrupt("stopped; the same command sends what is missing") from None

    terminal.guarded(run)


if __name__ == "__main__":
    main()
