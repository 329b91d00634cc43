"""The one place that every call passes, whichever client makes it: what is left out is filled in, what fails is said.

Gradio's clients and plain HTTP reach an endpoint by four routes (/run, /call, /call/v2 and the queue). All of them end
in Blocks.process_api; what Gradio refuses before that comes to one of the HANDLERS.
"""

import contextlib
import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import gradio as gr
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vaedemo.ui.server import wire
from vaedemo.ui.server.uploads import Uploads

__all__ = ["Blocks", "HANDLERS", "arguments", "sentences"]

# After every call Gradio sums up all calls so far, for a page of figures that is not shown: of 10,000 calls that takes
# longer than most pictures. It reads this when Blocks are made.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")
_CALL = re.compile(r"/gradio_api/(run|api|call|queue|upload)\b")
_NAMED = re.compile(r"/call/v2/([^/]+)/?$")


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Whatever fails within, or in a function that it decorates, becomes gr.Error of one sentence, which is all that a
    caller sees."""
    try:
        yield
    except gr.Error:
        raise
    except Exception as error:
        raise gr.Error(wire.failure(error, "a call")["error"], print_exception=False) from None


class Blocks(gr.Blocks):
    """gr.Blocks whose endpoints take a list of any length up to all their parameters, and fail with one sentence."""

    uploads: Uploads  # that the tabs read

    def get_config_file(self) -> Any:
        # So marked, the page goes by the address at which the browser has it, as on Colab: a proxy that hands no name
        # on, as nginx does of itself, leaves the server with that of the inside alone. Only links of files that
        # Gradio's own components offer for download differ besides; there are none.
        return super().get_config_file() | {"is_colab": True}

    async def process_api(self, block_fn: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        with sentences():
            return await super().process_api(block_fn, inputs, *args, **kwargs)

    async def preprocess_data(self, block_fn: Any, inputs: Any, state: Any, explicit_call: bool = False) -> Any:
        # Gradio would ask for as many inputs as there are, look for files and fetch addresses itself, and not say what
        # went wrong; source_of does it for the endpoints, which all have the name of their function.
        if block_fn.api_visibility == "public":
            return arguments(block_fn.fn, inputs)
        return await super().preprocess_data(block_fn, inputs, state, explicit_call)


def arguments(function: Callable[..., Any], given: Sequence[Any]) -> list[Any]:
    """The arguments of a call, all of them: what is missing or null is the default. (Gradio's JavaScript client sends
    null for what it was not given, plain HTTP nothing.)"""
    parameters = inspect.signature(function).parameters
    takes = _takes(function.__name__, parameters)
    if len(given) > len(parameters):
        raise wire.RequestError(f"{len(given)} values were given, more than there are parameters; {takes}")
    complete = []
    for value, parameter in zip_longest(given, parameters.values()):
        if value is None and parameter.default is parameter.empty:
            raise wire.RequestError(f"there is no value for {parameter.name}; {takes}")
        complete.append(parameter.default if value is None else value)
    return complete


def _takes(name: str, parameters: Mapping[str, Any]) -> str:
    return f"{name} takes {', '.join(parameters) or 'no values'}"


def _answer(status: int, sentence: str, **more: Any) -> JSONResponse:
    """What plain HTTP gets where a call did not come as far as an endpoint."""
    return JSONResponse({"error": wire.sentence(sentence), **more}, status)


def _endpoints(request: Request) -> dict[str, Callable[..., Any]]:
    return {fn.api_name: fn.fn for fn in request.app.get_blocks().fns.values() if fn.api_visibility == "public"}


def _unknown_endpoint(request: Request, error: Exception) -> Response:
    name = request.url.path.rstrip("/").rpartition("/")[2]
    return _answer(404, f"there is no endpoint {name[:40]!r}; choose from {', '.join(_endpoints(request))}")


def _named_arguments(request: Request, error: Exception) -> Response:
    """What /call/v2 does not take: an endpoint or a name that there is not, or no value where there is no default."""
    found = _NAMED.search(request.url.path)
    if not found:
        raise error
    known = _endpoints(request)
    if found[1] not in known:
        return _unknown_endpoint(request, error)
    takes = _takes(found[1], inspect.signature(known[found[1]]).parameters)
    if named := re.search(r"Parameter `(.*?)`", str(error), re.DOTALL):
        return _answer(422, f"there is no parameter {named[1][:40]!r}; {takes}")
    return _answer(422, f"there is no value for {str(error).rpartition(': ')[2][:40]}; {takes}")


async def _refused(request: Request, error: HTTPException) -> Response:
    if not _CALL.search(request.url.path) or not isinstance(error.detail, str):
        return await http_exception_handler(request, error)
    full = error.status_code == 503 and "full" in error.detail
    said = "too many calls are waiting; try again in a moment" if full else error.detail
    return _answer(error.status_code, said, detail=error.detail)  # Gradio's clients go by the status and the detail


UNREADABLE = 'the call cannot be read; send JSON like {"data": [...]}, the arguments in their order'
HANDLERS: dict[Any, Callable[..., Any]] = {
    FnIndexInferError: _unknown_endpoint,
    KeyError: _named_arguments,
    TypeError: _named_arguments,
    RequestValidationError: lambda request, error: _answer(422, UNREADABLE),
    HTTPException: _refused,
    Exception: lambda request, error: _answer(500, wire.FAILED),  # the server logs the trace
}
