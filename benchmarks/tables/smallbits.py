"""Tables of benchmarks/smallbits.py."""

from .cells import Section, Table, by_domain, number

COLUMNS = (
    "model", "d", "bits a picture", "on one stack", "all return", "numbers that cost nothing", "times smaller than raw",
    "than PNG", "PSNR dB", "PSNR dB, coded", "squared error",
)  # fmt: skip


def _row(domain: dict, model: dict) -> list[object]:
    bits = model["bits"][0]
    return [
        model["kind"],
        model["latent_dim"],
        number(model["bits"], 2),
        f"{model['stack_bits']:.2f}",
        "yes" if model["returned"] else "**no**",
        model["silent"] or "",
        f"{8 * domain['raw_bytes'] / bits:.0f}",
        f"{8 * domain['files']['png'][0] / bits:.0f}",
        f"{model['psnr'][0]:.2f}",
        f"{model['coded_psnr'][0]:.2f}",
        f"{model['growth']:+.1%}",
    ]


def smallbits(figures: dict) -> list[Table]:
    """A table a domain, a row a model; and the files of the same pictures."""
    domains = by_domain(figures["domains"])
    files = [
        [name, f["pictures"], f["raw_bytes"], number(f["files"]["png"], 1), number(f["files"]["webp"], 1)]
        for name, f in domains
    ]
    own = [Table(f"{name[0].upper()}{name[1:]}", COLUMNS, [_row(f, m) for m in f["models"]]) for name, f in domains]
    return [Table("The same pictures without loss, bytes", ["", "pictures", "raw", "PNG", "WebP"], files), *own]


SECTIONS = (
    Section(
        "What a small picture's code costs",
        "python benchmarks/smallbits.py --data-dir DIR",
        "smallbits",
        "Every number of the code rounded to a step and coded by how often training pictures had it, independently of "
        "the others. Steps are chosen on training pictures: inverse to the root of the picture's sensitivity to the "
        "number, and as long as the mean squared error there grows by at most 2 %. Bits are means of -log2 of the "
        "probabilities; on one stack: of the bytes of all pictures' codes together, by ANS, popped again and compared. "
        "What a model is worth stands beside: its own size is not counted, nor is a file's header.",
        smallbits,
    ),
)
