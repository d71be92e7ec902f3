"""asyncio's own code can call what is in its place here, and the other way round.

Failure: a new version of Python passes one argument more, and every server raises TypeError.
"""

import subprocess
import sys
from pathlib import Path

SIGNATURES = Path(__file__).resolve().parent.parent / "asyncio_suite/signatures.py"


def test_signatures() -> None:
    ran = subprocess.run([sys.executable, str(SIGNATURES)], stdout=subprocess.PIPE, text=True)
    assert ran.returncode == 0, ran.stdout
