"""mutmut, which passes over every decorated function, made to change those under torch.no_grad() too: what evaluates
and what restores is such. Takes mutmut's own words: `python tests/mutants.py run "vaedemo.metrics*"`."""

import libcst
from mutmut.__main__ import cli
from mutmut.mutation.file_mutation import MutationVisitor

HARMLESS = ["torch.no_grad()"]  # decorators that a copy of a function may have as well
skips = MutationVisitor._skip_node_and_children


def skips_fewer(visitor, node):
    decorators = node.decorators if isinstance(node, libcst.FunctionDef) else []
    return [libcst.Module([]).code_for_node(d.decorator) for d in decorators] != HARMLESS and skips(visitor, node)


MutationVisitor._skip_node_and_children = skips_fewer

if __name__ == "__main__":
    cli()
