"""`python -m streams.operations.boards deploy/grafana/dashboards` writes the dashboards anew."""

import sys
from pathlib import Path

from streams.operations.boards.dashboards import files

for _name, _text in files().items():
    (Path(sys.argv[1]) / _name).write_text(_text)
