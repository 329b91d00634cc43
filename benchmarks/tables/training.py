"""Tables of benchmarks/training.py."""

from statistics import median

from .cells import Section, Table, signed, verdict

FASTER_BAR = 5.0  # times as fast as the usual loop


def epoch(figures: dict) -> list[Table]:
    """Seconds of an epoch by the usual loop and by fit, and how many times as fast fit is."""
    usual, ours, times = figures["epoch"]["usual_seconds"], figures["epoch"]["ours_seconds"], figures["times_as_fast"]
    faster = times["mean"], times["standard_error"]
    said = f"{signed(faster).lstrip('+')} times as fast (bar {times['bar']:g}: {verdict(faster, times['bar'])})"
    rows = [["usual loop", f"{median(usual):.1f} s", ""], ["`fit`", f"{median(ours):.1f} s", said]]
    return [Table("An epoch of 60,000 digits, dense VAE 784-400-20, batch 128", ["", "median", ""], rows)]


def networks(figures: dict) -> list[Table]:
    """Pictures a second of each shipped network."""
    rows = [[name, *(f"{s:,.0f}" for s in speeds)] for name, speeds in figures.items() if name != "machine"]
    columns = ["", "1 thread", "1 thread, bfloat16", "2 threads", "2 threads, bfloat16"]
    return [Table("Pictures a second", columns, rows)]


SECTIONS = (
    Section(
        "Training: an epoch",
        "python benchmarks/training.py --data-dir DIR --only epoch",
        "training_epoch",
        "The usual loop is a DataLoader with ToTensor over the same network with Adam, without bfloat16. Both are "
        "timed in turn, three times; the error is over the pairs.",
        epoch,
    ),
    Section(
        "Training: the shipped networks",
        "python benchmarks/training.py --only networks",
        "training_networks",
        "Batch 128, random pictures.",
        networks,
    ),
)
