"""One picture through the service, in the words of the tests."""

from vaedemo.data.domains import DOMAINS, get_domain
from vaedemo.services.restore import run
from vaedemo.services.restore.task import Task
from vaedemo.services.restore.tiles import TILE


def task(y, domain, mask=None, **options):
    return Task(get_domain(domain, DOMAINS), y, mask, **options)


def answers(library, y, domain, mask=None, **options):
    """The Answer by a domain's conditional VAE."""
    return run.answers(library, task(y, domain, mask, **options))[0]


def by(library, method, y, domain, mask=None, sigma=0.25, **options):
    """The picture restored by one method; of a photograph without samples."""
    samples = 0 if domain == "photos" else 8
    return answers(library, y, domain, mask, method=method, sigma=sigma, samples=samples, **options).mean


def photo(library, y, sigma=0.0, mask=None, seeds=(), tile=TILE):
    """The Tiles or the CoarseToFine over a photograph, to be iterated."""
    given = task(y, "photos", mask, sigma=sigma, samples=len(seeds), seed=min(seeds, default=0))
    return run._network(library, given, tile)


def estimated(library, y, domain, mask=None):
    """The noise's strength in a picture."""
    return run.estimate(library, task(y, domain, mask))[0]
