"""What tests of the services share: the shipped models, and an example as they see it."""

import pytest

from vaedemo.pictures.examples import example
from vaedemo.pictures.prepare import prepare
from vaedemo.store.library import Library


@pytest.fixture(scope="session")
def shipped():
    return Library()


@pytest.fixture(scope="session")
def x():
    """float32 (1, 28, 28)."""
    return prepare(example("digits", "two"), channels=1, size=28, strokes="digits").x
