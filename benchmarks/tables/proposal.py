"""Tables of benchmarks/proposal.py."""

from .cells import DOMAINS, Section, Table, mean_and_error, number


def proposal(figures: dict) -> list[Table]:
    """One row a domain: how many of its test pictures each domain was proposed for."""
    rows = []
    for domain in (d for d in DOMAINS if d in figures):
        said = figures[domain]
        count = sum(said.values())
        right = said.get(domain, 0)
        share = mean_and_error([100] * right + [0] * (count - right))
        rows.append([domain, count, f"{number(share, 1)} %", *(said.get(d, 0) for d in DOMAINS)])
    return [Table("Proposed domain", ["", "pictures", "right", *(f"as {d}" for d in DOMAINS)], rows)]


SECTIONS = (
    Section(
        "Which domain a picture is proposed for",
        "python benchmarks/proposal.py --data-dir DIR",
        "proposal",
        "Test pictures of each set, drawn at random by a fixed seed, at their own size. The rule was tuned on training "
        "pictures only.",
        proposal,
    ),
)
