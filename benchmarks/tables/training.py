"""Tables of benchmarks/training.py."""

from statistics import median

from .cells import Section, Table, signed, verdict

BARS = {"usual": 3.0, "pythae": 2.0}  # times as fast as the usual loop, and as pythae's trainer


def epoch(figures: dict) -> list[Table]:
    """Seconds of an epoch by each loop, and how many times as fast fit is."""
    rows = [["`fit`", f"{median(figures['epoch']['ours_seconds']):.1f} s", ""]]
    for name, said, key in (
        ("usual", "usual loop", "times_as_fast"),
        ("pythae", "pythae 0.1.2, its trainer", "times_as_fast_as_pythae"),
    ):
        if key in figures:
            times = figures[key]
            faster = times["mean"], times["standard_error"]
            verdict_ = f"{signed(faster).lstrip('+')} times (bar {times['bar']:g}: {verdict(faster, times['bar'])})"
            rows.append([said, f"{median(figures['epoch'][f'{name}_seconds']):.1f} s", verdict_])
    title = "An epoch of 60,000 digits, dense VAE 784-400-20, batch 128"
    return [Table(title, ["", "median", "`fit` is faster by"], rows)]


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
        "The usual loop is a DataLoader with ToTensor over the same network with Adam, without bfloat16. All are "
        "timed in turn, three times; the error is over the pairs. `--pythae DIR` times pythae's trainer too.",
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
