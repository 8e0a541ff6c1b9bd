"""What a program said last, from the file that it writes to.

Best a file without a name (`tempfile.TemporaryFile`): the kernel takes it away with its last user,
so nothing is left behind, however we end. The program writes at the offset that it shares with us,
so we read by position.
"""

import os
from typing import IO

LAST_WORDS_BYTES_MAX = 2_000


def last_words(log: IO[bytes]) -> str:
    """The end of what was written to a file.

    >>> import subprocess, tempfile
    >>> with tempfile.TemporaryFile() as log:
    ...     _ = subprocess.run(["echo", "no memory"], stdout=log)
    ...     last_words(log)
    'no memory'
    """
    begin = max(0, os.fstat(log.fileno()).st_size - LAST_WORDS_BYTES_MAX)
    said = os.pread(log.fileno(), LAST_WORDS_BYTES_MAX, begin)
    return said.decode(errors="replace").strip() or "it said nothing"
