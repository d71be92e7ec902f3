"""The projects whose own test suites run on the loop, each with where its tests come from.

`tests` are a project's tests that touch the event loop; what is left out is said beside them.
"""

from typing import Dict, NamedTuple, Tuple


class Project(NamedTuple):
    """One suite. The tested package is installed from the index; its tests come from `origin`.

    Attributes
    ----------
    origin : str
        "sdist": the source distribution of the index. "debian SUITE SOURCE": the upstream archive
        of that source package, for a project whose source distribution lacks the tests. "wheel":
        the installed package has them.
    take : tuple of str
        What of the source is laid into the folder that the tests run in: patterns of paths. Its
        modules are not among them, as the installed package is what is tested.
    explained : tuple of (str, str)
        Tests that need not pass here, as patterns, each with its reason.
    apart : bool
        Whether its tests use ports of their own choice, so that one run goes at a time.
    services : tuple of str
        Servers to start for the run: "postgresql", "redis".
    setup : str
        Python to run before the tests, where a project's own runner does that.
    inside : bool
        Whether `take` goes into the installed package, as modules of it.
    seconds : float
        How long one test may take.
    """

    name: str
    version: str
    origin: str
    take: Tuple[str, ...]
    tests: Tuple[str, ...]
    packages: Tuple[str, ...] = ()
    arguments: Tuple[str, ...] = ()
    explained: Tuple[Tuple[str, str], ...] = ()
    services: Tuple[str, ...] = ()
    environment: Dict[str, str] = {}
    setup: str = ""
    apart: bool = False
    inside: bool = False
    seconds: float = 120


PROJECTS = (
    Project(
        "websockets", "15.0.1", "debian trixie python-websockets",
        take=("tests",),
        tests=("tests/asyncio", "tests/legacy"),
        packages=("mitmproxy", "python-socks[asyncio]", "werkzeug"),
        explained=(
            (
                "*::test_explicit_socket",
                "asks whether recv() and send() of its own socket class were called: the kernel"
                " receives and sends here, by the descriptor",
            ),
        ),
        apart=True,
    ),
    Project(
        "tornado", "6.6.1", "wheel",
        take=(),
        tests=("--pyargs", "tornado.test"),
        packages=("pycurl",),
        setup="import logging; logging.getLogger('tornado.access').setLevel(logging.CRITICAL)",
    ),
    Project(
        "anyio", "4.16.0", "sdist",
        take=("tests", "pyproject.toml"),
        tests=("tests",),
        packages=(
            "blockbuster", "coverage", "hypothesis", "psutil", "pytest-mock", "pytest-timeout",
            "trustme", "truststore", "exceptiongroup",
        ),
        arguments=("-k", "not trio and not uvloop"),
    ),
    Project(
        "aiohttp", "3.14.5", "sdist",
        take=("tests", "pytest.ini", "setup.cfg", "examples", "README.rst"),
        tests=("tests",),
        packages=(
            "aiodns", "backports.zstd", "blockbuster", "brotli", "coverage", "freezegun",
            "gunicorn", "isal", "proxy.py", "pytest-codspeed", "pytest-cov", "pytest-mock",
            "pytest-timeout", "pytest-xdist", "python-on-whales", "re-assert", "setuptools-git",
            "trustme", "zlib_ng",
        ),
        arguments=(
            "-o", "addopts=", "-m", "not autobahn and not internal",
            "--ignore-glob=*benchmarks*", "-p", "no:codspeed",
        ),
    ),
    # Its tests are in no source distribution: ours are of its waits, and SQLAlchemy's, that run on
    # it, are the second half.
    Project(
        "psycopg", "3.3.9", "own",
        take=("*.py",),
        tests=("test_waits.py",),
        packages=("psycopg-binary==3.3.9",),
        services=("postgresql",),
        environment={"SUITES_POSTGRESQL": "{postgresql}"},
    ),
    Project(
        "sqlalchemy", "2.1.9", "sdist",
        take=("test", "setup.cfg", "pyproject.toml", "lib/sqlalchemy/testing/plugin"),
        tests=(
            "test/ext/asyncio", "test/dialect/postgresql", "test/engine", "test/sql/test_query.py"
        ),
        packages=("psycopg-binary==3.3.9", "psycopg==3.3.9", "greenlet", "typing_extensions"),
        arguments=("--dburi", "postgresql+psycopg_async://tester@127.0.0.1:{postgresql}/postgres"),
        services=("postgresql",),
    ),
    Project(
        "redis", "8.1.0", "sdist",
        take=("tests", "pyproject.toml"),
        tests=("tests/test_asyncio",),
        packages=(
            "pytest-asyncio", "pytest-timeout", "numpy", "redis-entraid", "pybreaker", "xxhash",
            "cryptography", "opentelemetry-api", "opentelemetry-sdk", "ujson", "aiohttp",
        ),
        arguments=(
            "--redis-url=redis://127.0.0.1:{redis}/9", "-m", "not redismod and not onlycluster"
            " and not ssl and not multidb_integration and not cp_integration",
        ),
        services=("redis",),
        apart=True,
    ),
    Project(
        "distributed", "2024.12.1", "debian forky dask.distributed",
        take=("**/tests", "distributed/pytest_resourceleaks.py", "conftest.py", "pyproject.toml"),
        tests=("distributed/comm/tests", "distributed/tests/test_core.py"),
        packages=(
            "dask[array]==2024.12.1", "pytest-timeout", "pytest-rerunfailures", "psutil",
            "cryptography", "requests", "tornado<6.5", "bokeh", "pandas",
        ),
        arguments=("-o", "addopts=-p no:asyncio -p no:legacypath"),
        inside=True,
    ),
)
