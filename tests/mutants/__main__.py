"""First trial."""

import sys, time
from pathlib import Path
from tests.mutants.run import run, kept

want = sys.argv[2:]
t = time.time()


def told(m, v):
    print(
        round(time.time() - t, 1),
        m,
        v.said,
        v.mutant.name[:150],
        "|",
        v.by.split("::")[-1],
        flush=True,
    )


f = run(lambda m: Path(m).stem in want, seconds=1e5, told=told)
kept(f, Path(sys.argv[1]))
print(f.failing)
for m in f.verdicts:
    print(m, f.made[m], dict(f.counts(m)))
