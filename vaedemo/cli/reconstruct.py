"""The command reconstruct: one picture through one model, written as a picture."""

import json
from dataclasses import dataclass
from pathlib import Path

import tyro

from vaedemo.cli.common import OfModel, figures, write_picture
from vaedemo.cli.outputs import planned, require_ending
from vaedemo.pictures.draw import to_image
from vaedemo.services.reconstruct import reconstruct, sheet
from vaedemo.store.inputs import seen
from vaedemo.store.library import Library

__all__ = ["Reconstruct"]


@dataclass(frozen=True, kw_only=True)
class Reconstruct(OfModel):
    """Send a picture through a model: input, reconstruction and error map side by side."""

    picture: tyro.conf.Positional[Path]
    """the picture: any format that Pillow reads"""
    out: Path
    """the picture to write; its ending names the format, and one that is there already is replaced"""
    only: bool = False
    """write the reconstruction alone, at its own size"""
    fit: str = "crop"
    """crop (centre square) or pad (the whole picture)"""
    polarity: str = "auto"
    """of digits and clothes: auto, keep or invert"""

    def run(self) -> None:
        require_ending(self.out)
        planned([self.out], inputs=[self.picture])
        library = Library(self.checkpoints)
        given = seen(library, self.picture, self.domain, self.fit, self.polarity)
        key = library.key(given.row.name, self.kind, self.latent_dim, self.beta, usual="ae")
        made = reconstruct(library, given.x, key)
        write_picture(to_image(made.x_hat) if self.only else sheet(given.x, made.x_hat), self.out)
        if self.json:
            print(json.dumps(figures(made, "x_hat"), indent=1))
            return
        print(
            f"{key.domain}, {key.kind}, {key.latent_dim} numbers: PSNR {made.psnr:.1f} dB, SSIM {made.ssim:.2f}, MSE "
            f"{made.mse:.5f}, {made.latent_bytes} bytes of {made.picture_bytes}: {made.ratio:.0f} x smaller"
        )
