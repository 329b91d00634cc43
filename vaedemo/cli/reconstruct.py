"""The command reconstruct: one picture through one model, written as a picture."""

import json
from dataclasses import dataclass
from pathlib import Path

import tyro

from vaedemo.cli.common import figures, read_picture, write_picture
from vaedemo.cli.outputs import planned, require_ending
from vaedemo.pictures.draw import to_image
from vaedemo.services.reconstruct import reconstruct, sheet
from vaedemo.store.library import CHECKPOINTS, Library

__all__ = ["Reconstruct"]


@dataclass(frozen=True)
class Reconstruct:
    """Send a picture through a model: input, reconstruction and error map side by side."""

    picture: tyro.conf.Positional[Path]
    """the picture: any format that Pillow reads"""
    out: Path
    """the picture to write; its ending names the format, and one that is there already is replaced"""
    domain: str | None = None
    """digits, fashion, objects or shapes; proposed from the picture if left out"""
    kind: str | None = None
    """ae, vae, dense or pca; if left out ae, or where a domain has none what it has"""
    latent_dim: int | None = None
    """numbers that describe the picture; the domain's largest if left out"""
    beta: float = 1.0
    """of a vae"""
    only: bool = False
    """write the reconstruction alone, at its own size"""
    fit: str = "crop"
    """crop (centre square) or pad (the whole picture)"""
    polarity: str = "auto"
    """of digits and clothes: auto, keep or invert"""
    json: bool = False
    """print the figures as JSON"""
    seed: int = 0
    """accepted like everywhere; a reconstruction decodes the mean code"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self):
        require_ending(self.out)
        planned([self.out], inputs=[self.picture])
        library = Library(self.checkpoints)
        x, name = read_picture(self.picture, self.domain, self.fit, self.polarity, library=library)
        key = library.key(name, self.kind, self.latent_dim, self.beta, usual="ae")
        made = reconstruct(library, x, key)
        write_picture(to_image(made.x_hat) if self.only else sheet(x, made.x_hat), self.out)
        if self.json:
            print(json.dumps(figures(made, "x_hat"), indent=1))
            return
        print(
            f"{name}, {key.kind}, {key.latent_dim} numbers: PSNR {made.psnr:.1f} dB, SSIM {made.ssim:.2f}, MSE "
            f"{made.mse:.5f}, {made.latent_bytes} bytes of {made.picture_bytes}: {made.ratio:.0f} x smaller"
        )
