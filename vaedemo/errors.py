"""The exceptions, one tree. Every message is one plain sentence or two: the value that is wrong, and the remedy.

VaedemoError
 +- ConfigError        a setting out of its range
 |   +- UnknownDomain
 |   +- UnknownModel   no such kind, latent dimension or beta
 +- PictureError       what was given cannot be read as a picture
 |   +- Gone           what was sent before is no longer kept here
 +- DataError          a data folder that is missing, too small or unreadable
 +- CheckpointError    a checkpoint that is missing, cut or of another model
 +- CodecError         a compressed file that is damaged, foreign or of another model
 +- TrainingError      a run that cannot go on
     +- NotFinite      the loss became infinite or not a number
"""

__all__ = [
    "CheckpointError",
    "CodecError",
    "ConfigError",
    "DataError",
    "Gone",
    "NotFinite",
    "PictureError",
    "TrainingError",
    "UnknownDomain",
    "UnknownModel",
    "VaedemoError",
]


class VaedemoError(Exception):
    """Anything that a person can put right; its text is fit to be shown as it is."""


class ConfigError(VaedemoError, ValueError):
    """A setting out of its range."""


class UnknownDomain(ConfigError):
    """A domain that is not in DOMAINS."""


class UnknownModel(ConfigError):
    """A kind, latent dimension or beta for which there is no model."""


class PictureError(VaedemoError, ValueError):
    """What was given cannot be read as a picture."""


class Gone(PictureError):
    """An upload or a photograph that is no longer kept here; sent once more, it is read."""


class DataError(VaedemoError):
    """A data folder that is missing, too small or unreadable."""


class CheckpointError(VaedemoError):
    """A checkpoint that is missing, cut or of another model."""


class CodecError(VaedemoError, ValueError):
    """A compressed file that is damaged, foreign or of another model."""


class TrainingError(VaedemoError):
    """A training run that cannot go on."""


class NotFinite(TrainingError):
    """The loss became infinite or not a number."""
