"""How good generated pictures are: python benchmarks/samples.py --data-dir DIR [--dims all] [--domain NAME] [--seeds 5]

For each domain, at its anchor dimension or at every one: Frechet distance, precision, recall, density, coverage, share
recognised with more than 0.9, entropy of the classes (nats), on the features of the domain's own classifier. 10,000
samples against 10,000 training pictures a seed, 5,000 against 5,000 where neighbours count. `test` is the test set in
the place of samples: what could be reached; `ae+reconstruction` is the test set seen through that model: what its
decoder allows. Of objects it is only 1,000 pictures, so its distance is too large; the
row `train 1000`, as many training pictures outside the reference, says by how much. Mean and standard deviation over
the seeds; whether the mixture beats N(0, I) is decided by the standard error of the difference of the means.
"""

import argparse
import json

import torch
from common import RESULTS, arguments, parse, report

from benchmarks.tables.cells import Measured, verdict
from benchmarks.tables.samples import samples
from vaedemo import runtime
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.models.classifier import Judgement
from vaedemo.reports.samples import COUNT, SOURCES, judge_pictures, lead, measure, measure_source, write
from vaedemo.reports.samples import Measured as Row
from vaedemo.store.checkpoints import CLASSIFIER, load_checkpoint
from vaedemo.store.library import Library

PAIRS = (("ae+mixture", "ae+normal"), ("vae+mixture", "vae+normal"))  # the first has to beat the second


def floor(
    library: Library, domain: str, real: Judgement, test: datasets.Pictures, d: int, args: argparse.Namespace
) -> list[Row]:
    """Rows of the test set and, if it is small, of as few training pictures."""
    judged = judge_pictures(library, domain, test)
    rows = [measure(real, lambda _: judged, domain, d, "test", args.seeds, args.count)]
    if len(test) < args.count:

        def others(seed: int) -> Judgement:
            order = torch.randperm(len(real.features), generator=runtime.generator("reference", seed))
            return Judgement(*(values[order[args.count : args.count + len(test)]] for values in real))

        rows.append(measure(real, others, domain, d, f"train {len(test)}", args.seeds, args.count))
    return rows


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--dims", choices=("anchor", "all"), default="anchor")
    parser.add_argument("--domain", choices=list(SIZED))
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES, help="rows to measure anew")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--count", type=int, default=COUNT, help="samples a seed, and training pictures compared with")
    args = parse(parser, domain="digits", seeds=2, count=40)
    torch.set_num_threads(1)
    library, bars, accuracies = Library(), {}, {}
    rows: list[Row] = []
    for domain in [args.domain] if args.domain else SIZED:
        row = SIZED[domain]
        real = judge_pictures(library, domain, datasets.load(domain, "train", args.data_dir))
        test = datasets.load(domain, "test", args.data_dir)
        if domain == "shapes":
            test = datasets.generated("test", n=args.count)
        below = floor(library, domain, real, test, row.anchor, args) if "test" in args.sources else []
        for d in sorted(row.dims_of("vae"), key=lambda d: d != row.anchor) if args.dims == "all" else [row.anchor]:
            measured = {
                s: measure_source(library, real, domain, d, s, args.seeds, args.count, test)
                for s in SOURCES[:-1]
                if s in args.sources
            }
            rows += [*measured.values(), *(r._replace(d=d) for r in below)]
            for first, second in (p for p in PAIRS if set(p) <= set(measured)):
                gain = Measured(*lead(measured[first], measured[second], args.seeds))
                bar = {"gain": gain.mean, "standard_error": gain.error, "verdict": verdict(gain, 0)}
                bars[f"{domain} {d}: {first} beats {second}"] = bar
            write(RESULTS if args.tiny else library.folder, [*measured.values(), *(r._replace(d=d) for r in below[:1])])
            print(f"{domain} {d} done", flush=True)
        _, _, record = load_checkpoint(library.folder / domain / CLASSIFIER.file, format=CLASSIFIER)
        accuracies[domain] = record["accuracy"]
    path = RESULTS / "samples.json"
    known = json.loads(path.read_text()) if path.exists() else {"rows": [], "bars": {}}
    mine = {(r.domain, r.d, r.source) for r in rows}
    kept = [r for r in known["rows"] if (r["domain"], r["d"], r["source"]) not in mine]
    figures = {
        "rows": kept + [r._asdict() for r in rows],
        "bars": known["bars"] | bars,
        "seeds": args.seeds,
        "classifiers": known.get("classifiers", {}) | accuracies,
    }
    report("samples", figures, samples(figures))


if __name__ == "__main__":
    main()
