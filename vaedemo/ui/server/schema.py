"""What /info says of the endpoints, and with it the API page's snippets and MCP tools: types, choices and results.

PARAMETERS and RESULTS are JSON schemas by name. Python's hints cannot say them all: Gradio makes nothing of a type that
it does not know, and its JavaScript client reads the word `type` alone.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import gradio as gr

from vaedemo.configs import KINDS
from vaedemo.data.domains import DOMAINS
from vaedemo.pictures.prepare import FITS, POLARITIES
from vaedemo.services import walk
from vaedemo.services.generate import PRIORS
from vaedemo.services.restore.task import DENOISING, FILLING, MAX_SAMPLES
from vaedemo.ui.server.calls import sentences
from vaedemo.ui.server.service import Service

__all__ = ["PARAMETERS", "RESULTS", "describe", "endpoints"]

Schema = dict[str, Any]
# A diagonal stroke, so that a snippet runs as it stands, without a file and without a network.
EXAMPLE = [[1.0 if row == column else 0.0 for column in range(8)] for row in range(8)]


def _text(*choices: str) -> Schema:
    return {"type": "string", "enum": list(choices)} if choices else {"type": "string"}


def _number(low: float | None = None, high: float | None = None, kind: str = "number") -> Schema:
    limits = {"minimum": low, "maximum": high}
    return {"type": kind, **{key: value for key, value in limits.items() if value is not None}}


def _whole(low: int, high: int | None = None) -> Schema:
    return _number(low, high, "integer")


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [*schema.get("anyOf", [schema]), {"type": "null"}]}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _each(schema: Schema, *names: str) -> dict[str, Schema]:
    """Properties of these names, all of one schema."""
    return dict.fromkeys(names, schema)


ANY_KIND = _text(*KINDS)
NUMBERS, TEXT, FLAG = _list(_number()), _text(), {"type": "boolean"}
# What Gradio's clients make of handle_file("my.png"); named so by the mark in `meta`.
FILE = _object(path=TEXT, meta=_object(_type={"const": "gradio.FileData"}))
ROWS = _list(_list({"anyOf": [_number(0, 1), _list(_number(0, 1))]}))
PICTURE = {"anyOf": [FILE, TEXT, ROWS]}
CODED = {"anyOf": [FILE, TEXT, ROWS, NUMBERS]}

PARAMETERS = {
    "picture": (PICTURE, "a file, an address, a data URI, base64 of a file, or rows of numbers in [0, 1]"),
    "mask": (PICTURE, "a picture of the same size; white marks what is missing"),
    "clean": (PICTURE, "the undamaged picture, to measure against"),
    "a": (PICTURE, "a picture in any form"),
    "b": (PICTURE, "a picture in any form, taken away"),
    "c": (PICTURE, "a picture in any form, added"),
    "start": (CODED, "a picture in any form, or a code, a list of numbers"),
    "end": (CODED, "a picture in any form, or a code, a list of numbers"),
    "z": (NUMBERS, "a code, as many numbers as the model has"),
    "domain": (TEXT, "what the pictures are of"),
    "kind": (ANY_KIND, "kind of model, or what there is"),
    "latent_dim": (_whole(1, 4096), "numbers that describe a picture"),
    "beta": (_number(), "weight of the KL term the model was trained with"),
    "fit": (_text(*FITS), "how a picture is made square"),
    "polarity": (_text(*POLARITIES), "whether light and dark are exchanged"),
    "prior": (_text(*PRIORS), "what codes are drawn from"),
    "n": (_whole(1, 100), "pictures to make"),
    "seed": (_whole(0, 2**31 - 1), "of the random numbers"),
    "temperature": (_number(0, 5), "scale of the codes' spread"),
    "label": (_whole(0), "number of a class"),
    "steps": (_whole(2, walk.MAX_STEPS), "pictures of a row"),
    "path": (_text(*walk.PATHS), "line between the codes"),
    "animation": (_text("gif", "webp"), "moving picture to make besides"),
    "span": (_number(), "how far to either side, in sigmas"),
    "rows": (_whole(1, 100), "numbers of the code to change"),
    "sigma": (_number(0, 1), "standard deviation of the noise"),
    "samples": (_whole(1, MAX_SAMPLES), "answers to draw"),
    "method": (TEXT, "what restores"),
    "quality": (_number(0, 100), "smallest to best; 50 if nothing else is asked for"),
    "bytes": (_whole(1), "as good as fits in so many bytes"),
    "bpp": (_number(0), "as good as fits in so many bits a pixel"),
    "psnr": (_number(0), "as small as a PSNR in dB allows"),
    "channels": (_whole(1), "numbers that describe a block of 16 x 16 pixels"),
    "refine": (_number(0, 120), "seconds for which the numbers are improved"),
    "false_alarms": (_number(0.001, 0.999), "share of known pictures above the threshold, at most"),
    "file": ({"anyOf": [FILE, TEXT]}, "a compressed file, a data URI or base64"),
}
# Where an endpoint takes something else than its parameter's row says.
OWN = {
    ("walk", "latent_dim"): (_whole(0, 4096), "0 for a code's length, else the domain's largest"),
    ("traverse", "latent_dim"): (_whole(0, 4096), "0 for the code's length, else the domain's largest"),
    ("traverse", "picture"): (CODED, "a picture in any form, a code, or null for the origin"),
    ("score", "latent_dim"): (_whole(0, 4096), "numbers that describe a picture; 0 for the largest"),
    ("denoise", "method"): (_text(*DENOISING), "what takes the noise away"),
    ("inpaint", "method"): (_text(*FILLING), "what fills the holes"),
    ("map", "kind"): (_text("ae", "vae"), "kind of model"),
}

FIGURE = _or_null(_number())
_MODEL = {"domain": TEXT, "kind": TEXT, "latent_dim": _whole(1), "beta": _number()}
_RESTORED = {
    **_each(TEXT, "domain", "method", "x_hat"),
    "samples": _list(TEXT),
    **_each(FIGURE, "sigma", "estimated", "psnr", "ssim", "hole_psnr"),
    "seed": _whole(0),
}
_SIZED = _each(_whole(1), "width", "height", "bytes") | _each(_number(), "bpp", "ratio", "quality")
RESULTS = {
    "models": _list(_object(**_MODEL, shape=_list(_whole(1)), mse=FIGURE, psnr=FIGURE)),
    "reconstruct": _object(
        **_MODEL,
        **_each(TEXT, "x", "x_hat"),
        **{"z": NUMBERS, "sigma": _or_null(NUMBERS)},
        **_each(_number(), "mse", "psnr", "ssim"),
        **_each(_whole(1), "picture_bytes", "png_bytes", "webp_bytes"),
        latent_bytes=_or_null(_whole(0)),
        **_each(FIGURE, "latent_bits", "ratio", "coded_psnr"),
        unusual=_or_null(FLAG),
        **_each(FIGURE, "distortion", "kl"),
    ),
    "encode": _object(domain=TEXT, mu=NUMBERS, sigma=_or_null(NUMBERS)),
    "decode": _object(picture=TEXT, x_hat=_list(_list(NUMBERS))),
    "walk": _object(**_MODEL, z=_list(NUMBERS), pictures=_list(TEXT), step_mse=NUMBERS, animation=_or_null(TEXT)),
    "traverse": _object(
        **_MODEL,
        **{"z": NUMBERS, "dims": _list(_whole(0)), "values": _list(NUMBERS), "pictures": _list(_list(TEXT))},
        **{"unit": TEXT, "importance": NUMBERS, "active": _list(FLAG)},
    ),
    "map": {
        "type": "object",
        "properties": _MODEL
        | {"low": NUMBERS, "high": NUMBERS, "sigma": _or_null(NUMBERS), "mean": NUMBERS}
        | {"components": _list(NUMBERS), "explained": NUMBERS}
        | {"points": _list(NUMBERS), "labels": _list(_whole(0)), "classes": _list(TEXT)},
        "required": [*_MODEL, "points", "labels", "classes"],
    },
    "sample": _object(
        **{"domain": TEXT, "kind": TEXT, "latent_dim": _whole(1), "prior": TEXT},
        **{"pictures": _list(TEXT), "z": _list(NUMBERS)},
        **{"classes": _or_null(_list(TEXT)), "confidence": _or_null(NUMBERS)},
    ),
    "arithmetic": _object(domain=TEXT, x=_list(TEXT), x_hat=TEXT, z=NUMBERS),
    "denoise": _object(**_RESTORED),
    "inpaint": _object(**_RESTORED, note=_or_null(TEXT)),
    "compress": _object(
        **{"file": TEXT, "picture": TEXT, **_SIZED, "channels": _whole(0)},
        **_each(FIGURE, "psnr", "ssim", "ms_ssim"),
        tried=_list(_whole(0)),
    ),
    "score": _object(
        **_MODEL,
        scores=_list(
            _object(
                **{"name": TEXT, "value": _number(), "unit": TEXT},
                **_each(FIGURE, "share", "threshold"),
                strange=_or_null(FLAG),
            )
        ),
    ),
    "decompress": _object(picture=TEXT, **_SIZED, **_each(_whole(0), "channels", "in_part", "coded", "missing")),
}


def describe(endpoint: Any, table: Schema) -> None:
    """Write the schemas of one endpoint, a BlockFunction of gr.api, into its inputs and outputs. table: what
    models there are, as Service.table gives it."""
    parameters = inspect.signature(endpoint.fn).parameters.values()
    for block, parameter in zip(endpoint.inputs, parameters, strict=True):
        schema, text = _typed(endpoint.api_name, parameter, table)
        schema |= {"description": text, "additional_description": text}
        _say(block, parameter.name, schema, _example(endpoint.fn, parameter))
    doc = " ".join((inspect.getdoc(endpoint.fn) or "").split())
    result = RESULTS[endpoint.api_name] | {"description": doc[max(doc.find("Gives "), 0) :]}
    _say(endpoint.outputs[0], "result", result, None)


def endpoints(service: Service, blocks: gr.Blocks, makers: Iterable[Callable[[Service], Iterable[Any]]]) -> None:
    """Add public endpoints to the Blocks that are being built; each maker takes the Service and gives documented
    functions."""
    table = service.table()
    for functions in makers:
        for function in functions(service):
            added = gr.api(sentences()(function), api_name=function.__name__, concurrency_id="models")
            describe(blocks.fns[added["id"]], table)


def _typed(endpoint: str, parameter: inspect.Parameter, table: Schema) -> tuple[Schema, str]:
    """(JSON schema, description) of a parameter of an endpoint, with what depends on the models that there are, and ""
    and null where they are the default."""
    schema, text = OWN.get((endpoint, parameter.name)) or PARAMETERS[parameter.name]
    if parameter.name == "domain":
        schema = _text(*dict.fromkeys((*table, *DOMAINS) if endpoint in ("denoise", "inpaint") else table))
    if schema is ANY_KIND:
        have = {kind for row in table.values() for kind in row["kinds"]}
        schema = _text(*(kind for kind in KINDS if kind in have or not have))
    if parameter.default == "":
        schema = schema | {"enum": ["", *schema["enum"]]}
    return _or_null(schema) if parameter.default is None else dict(schema), text


def _example(function: Any, parameter: inspect.Parameter) -> Any:
    """What a snippet calls with, or a function that makes it: of its own a function has `examples`."""
    own = getattr(function, "examples", {})
    if parameter.name in own:
        return own[parameter.name]
    if parameter.default is not parameter.empty:
        return parameter.default
    return [0.0, 0.0] if parameter.name in ("z", "start", "end") else EXAMPLE


def _say(block: Any, label: str, schema: Schema, example: Any) -> None:
    block.label, block._api_info = label, schema
    block.example_payload = block.example_value = example if callable(example) else lambda: example
