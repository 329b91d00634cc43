"""Tables of benchmarks/codec.py."""

from .cells import Section, Table, number, verdict_below

BARS = {"JPEG": -45.0, "WebP": -15.0, "bmshj2018-factorized-8bit": 0.0}  # BD-rate in per cent, at most
SECONDS, EXCESS, GIGABYTES = 1.0, 0.01, 1.5  # at most
REFINED = -10.0  # BD-rate in per cent, at most
EARLIER = " (with earlier weights)"


def _against(found: dict) -> list[list]:
    rows = []
    for name, values in found.items():
        told = f"{values['psnr']:+.1f} %"
        if name in BARS:
            told += f" (bar {BARS[name]:+g} %: {verdict_below((values['psnr'], None), BARS[name])})"
        rows.append([name, told, f"{values['ms_ssim']:+.1f} %" if "ms_ssim" in values else ""])
    return rows


def rate(r: dict) -> list[Table]:
    """BD-rates and the curve."""
    curve = [
        [f"{p['quality']}", f"{p['bpp']:.3f}", f"{p['psnr']:.2f}", f"{p['ms_ssim']:.4f}" if "ms_ssim" in p else ""]
        for p in r["ours"]
    ]
    columns = ["against", "PSNR", "MS-SSIM"]
    return [
        Table("BD-rate, as Pillow writes the others", columns, _against(r["bd_rate"])),
        Table("BD-rate, against published curves", columns, _against(r["bd_rate_published"])),
        Table("Files by quality", ["quality", "bits a pixel", "PSNR dB", "MS-SSIM"], curve),
    ]


def speed(s: dict) -> list[Table]:
    """Time of one photograph, and the size against the estimate."""
    rows = [
        [f"{name}, 768 x 512, {s['threads']} threads, median", f"{s[f'{name}_seconds']:.2f} s",
         f"{SECONDS:g} s {verdict_below((s[f'{name}_seconds'], None), SECONDS)}"]
        for name in ("encode", "decode")
    ]  # fmt: skip
    rows.append(["file against the estimated rate, mean", f"{s['excess']:+.2%}", ""])
    told = verdict_below((s["most_excess"], None), EXCESS)
    rows.append(["the farthest of all, either way", f"{s['most_excess']:.2%}", f"{EXCESS:.0%} {told}"])
    return [Table("Speed and size", ["", "measured", "bar"], rows)]


def memory(m: dict) -> list[Table]:
    """The most memory that each command takes."""
    rows = [
        [name, f"{m[name]:.2f} GB", f"{GIGABYTES} GB {verdict_below((m[name], None), GIGABYTES)}"]
        for name in ("compress", "decompress")
    ]
    return [Table(f"Memory at the most, of {m['megapixels']:.0f} megapixels", ["", "measured", "bar"], rows)]


def cut(c: dict) -> list[Table]:
    """PSNR by what is left of a file."""
    rows = [
        [f"{r['quality']}", f"{r['share']:.0%}", f"{r['psnr']:.2f}", f"{r['psnr_whole']:.2f}", f"{r['whole']:.0f}",
         f"{r['in_part']:.0f}"]
        for r in c["rows"]
    ]  # fmt: skip
    columns = ["quality", "of the file", "PSNR dB", "by its whole channels alone", "whole channels", "more in part"]
    return [Table(f"Files that were cut short, {c['pictures']} pictures", columns, rows)]


def refine(r: dict) -> list[Table]:
    """What thinking longer gives."""
    rows = [
        [f"{r['pictures']} pictures, {r['seconds']:g} s each, {r['threads']} threads, {r['steps']:.0f} steps (median)",
         f"{number(r['bd_rate'], 1)} %", f"{REFINED:+g} % {verdict_below(r['bd_rate'], REFINED)}"]
    ]  # fmt: skip
    return [Table("Refined: BD-rate against the same files without", ["", "PSNR", "bar"], rows)]


PARTS = {"rate": rate, "speed": speed, "memory": memory, "cut": cut, "refine": refine}


def codec(figures: dict) -> list[Table]:
    """The tables of the parts that were measured, and whether that was with other weights than the rate was."""
    tables, weights = [], figures.get("rate", {}).get("weights")
    for name, make in PARTS.items():
        if name in figures:
            earlier = weights is not None and figures[name].get("weights") != weights
            tables += [t._replace(title=t.title + EARLIER * earlier) for t in make(figures[name])]
    return tables


SECTIONS = (
    Section(
        "Photographs as files",
        "python benchmarks/codec.py --data-dir DIR",
        "codec",
        "Kodak's 24 photographs, whole files, decoded to 8 bits; figures are means over the pictures at each quality. "
        "A BD-rate is the mean difference of rate at equal PSNR or MS-SSIM, from 0.2 to 1.2 bits a pixel; negative is "
        "smaller. JPEG is 4:2:0, optimised and progressive; the others are at Pillow's defaults, WebP with its most "
        "thorough search. Published curves: InterDigital's CompressAI (vaedemo/services/codec/published.json).",
        codec,
    ),
)
