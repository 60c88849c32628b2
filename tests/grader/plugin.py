"""The grader as a pytest plugin: options, fixtures, selection, results."""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest

from . import lessons, limits, table, verdict
from .check import Code, code_of
from .course import Course, CourseError, load, when
from .expect import Failure, NotJudged
from .gather import Collector, Suite, SUITE
from .lab import Lab, Server
from .site import Site, make_certificate, site_for
from .story import tell
from .wire import PATIENCE

LAB = pytest.StashKey[Lab]()
RESULT = pytest.StashKey[verdict.Result]()
QUIET = {
    "terminalreporter": ("_report_keyboardinterrupt",),
    "terminaldistreporter": ("write_line", "rewrite"),  # xdist's
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("grader", "grading a server")
    add = group.addoption
    add("--step", type=int, help="the step to grade, as 03")
    add("--server", help="the command that starts the server, without options")
    add("--client", default="", help="the command of step 01's client")
    add("--seed", default="", help="replays the choices of an earlier run")
    add("--new-only", action="store_true", help="leave out kept promises")
    add("--full", action="store_true", help="tell every failure in full")
    add("--report", metavar="FILE", help="write the results there, as JSON")
    add("--course", metavar="FILE", help="the teacher's file: points, deadline, ...")
    add("--submitted", metavar="TIME", help="when it was handed in; now, unless given")
    add("--submission", default="", help="whose work it is, for the report")
    add("--assignment", default="", help="its name where it is not the step, as 03")
    add("--reveal", action="store_true", help="tell of checks hidden from students")
    add("--table", metavar="FILE", help="another table than checks.md")
    add("--exercise", default="", help="of the step, by its name: grade that too")
    add("--patience", type=float, default=PATIENCE, help="seconds for an answer")
    add("--limit", type=float, default=0, help="seconds for a check; 0: any")
    add("--within", type=float, default=0, help="seconds for all of them; 0: any")
    add("--not-judged", metavar="REASON", help="run nothing: all checks, for this")
    add("--enough", metavar="FILE", help="run no more once it is there: it says why")


def pytest_configure(config: pytest.Config) -> None:
    if not config.option.seed:
        config.option.seed = str(random.SystemRandom().randrange(1, 1 << 32))
    if config.option.step:
        config.option.tbstyle = "no"  # our own verdict tells it better
        config.option.reportchars = ""
        config.option.verbose = min(config.option.verbose, -2)
        config.option.disable_warnings = True
        config.option.continue_on_collection_errors = True
    try:
        suite = config.stash[SUITE] = Suite(config)
        suite.course = _course(config, suite)
    except (table.TableError, CourseError) as problem:
        print(problem, file=sys.stderr)
        pytest.exit("nothing was run", returncode=3)


def _course(config: pytest.Config, suite: Suite) -> Course:
    """What the teacher overrides."""
    option = config.option
    submitted = None
    if option.submitted:
        try:
            submitted = when(option.submitted)
        except ValueError as problem:
            raise CourseError(f"--submitted {problem}") from None
    if not option.course or not suite.step:
        return Course(submitted=submitted)
    about = (suite.assignment, suite.rows, suite.step, submitted, suite.exercise)
    return load(Path(option.course), *about)


# --- selection ------------------------------------------------------------


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Keeps the checks that the step must pass, in the table's order."""
    suite = config.stash[SUITE]
    checks = [item for item in items if code_of(item)]
    if not checks:
        return
    if not suite.step or not config.getoption("server"):
        raise pytest.UsageError("checks want --step NN and --server 'COMMAND'")
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    rowless: list[str] = []
    for item in items:
        code = code_of(item)
        row = suite.rows.get(code.id) if code else None
        if code and not row and code.id not in suite.ended:
            rowless.append(code.id)
        wanted = row and row.holds_in(suite.step)
        if row and row.id in suite.course.left_out:
            wanted = False
        if wanted and config.getoption("new_only"):
            wanted = row and suite.is_new(row)
        (kept if wanted or not code else left_out).append(item)
    if rowless:
        suite.faults.append(f"no row in checks.md for {', '.join(rowless)}")
    names = {code.id for code in map(code_of, checks) if code}
    order = {name: at for at, name in enumerate(suite.rows)}
    kept.sort(key=lambda item: order.get(_id(item), -1))
    if config.getoption("markexpr") == "not slow":
        suite.slow = {code.id for code in map(code_of, kept) if code and code.slow}
    places = 2 if suite.exercise else 1  # where a whole suite comes from
    whole = len(config.args) == places and Path(config.args[0]).is_dir()
    for row in suite.rows.values() if whole else ():
        if row.holds_in(suite.step) and row.id not in names:
            suite.faults.append(f"{row.id} stands in checks.md and has no code")
    if whole:
        suite.faults += table.faults(suite.rows, [suite.step], suite.exercise)
    config.hook.pytest_deselected(items=left_out)
    items[:] = waiting_first(kept) if hasattr(config, "workerinput") else kept


def waiting_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Spreads those that wait long over the first three quarters, the longest
    first: several workers then wait side by side, and none at the end while the
    others have no work."""
    codes = {item: code for item in items if (code := code_of(item))}
    waiting = [item for item, code in codes.items() if code.waits]
    waiting.sort(key=lambda item: -codes[item].waits)
    others = [item for item in items if item not in waiting]
    for at, item in enumerate(waiting):
        others.insert(at * 3 * len(items) // (4 * len(waiting)), item)
    return others


def _id(item: pytest.Item) -> str:
    code = code_of(item)
    return code.id if code else ""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> Any:
    """Leaves alone the files of later steps: nothing in them holds yet."""
    name = re.fullmatch(r"test_(\d\d)_.*\.py", collection_path.name)
    step = config.getoption("step")
    return True if name and step and int(name[1]) > step else None


# --- fixtures -------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes the session's certificate when it is first asked for."""
    made: list[Path] = []

    def make() -> Path:
        if not made:
            made.append(make_certificate(tmp_path_factory.mktemp("certificate")))
        return made[0]

    return make


@pytest.fixture
def lab(request: pytest.FixtureRequest, certificate: Any) -> Iterator[Lab]:
    """The check's surroundings: start servers, run programs, draw lots."""
    option = request.config.option
    suite = request.config.stash[SUITE]
    directory = Path(tempfile.mkdtemp(prefix="grader-"))
    try:
        made = Lab(
            _id(request.node),
            step=suite.step,
            command=option.server,
            client=option.client,
            site=site_for(suite.step, directory, certificate),
            seed=option.seed,
            directory=directory,
            patience=option.patience,
        )
        request.node.stash[LAB] = made
        yield made
        made.finish(suite.stubborn)
    finally:
        limits.remove(directory)


@pytest.fixture
def server(lab: Lab) -> Server:
    """A server that listens, with the options that its step needs."""
    return lab.start()


@pytest.fixture
def site(lab: Lab) -> Site:
    """What the server serves: a page that is there, its bytes, its root."""
    return lab.site


# --- running --------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    code = code_of(item)
    suite = item.config.stash[SUITE]
    row = suite.rows.get(code.id) if code else None
    if not code or not row:
        return
    result = verdict.blank(row, code, suite.is_new(row))
    result.order = suite.order(row)
    result.lesson, result.heading = lessons.find(row.since, row.milestone)
    item.stash[RESULT] = result
    need = suite.unmet_need(row)
    if need:
        verdict.unmet(result, need)
        pytest.skip(result.note)
    limits.may_run(item.config, suite.began)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Optional[bool]:
    """Runs the check, then stops its servers; what these did wrong is its."""
    if LAB not in pyfuncitem.stash:
        return None
    lab = pyfuncitem.stash[LAB]
    stubborn = pyfuncitem.config.stash[SUITE].stubborn
    wanted = pyfuncitem._fixtureinfo.argnames
    try:
        with limits.limited(pyfuncitem.config.option.limit):
            pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted})
    except Failure:
        lab.finish(stubborn)
        raise
    except Exception:
        problem = lab.finish(stubborn)
        if problem:  # no wonder that the check was surprised
            raise problem from None
        raise
    problem = lab.finish(stubborn)
    if problem:
        raise problem
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    outcome = yield
    result = item.stash.get(RESULT, None)
    report = outcome.get_result()
    if not result or (call.when == "setup" and not call.excinfo):
        return
    if call.when == "teardown" and not call.excinfo:
        return
    result.seconds = round(call.duration, 3)
    raised = call.excinfo.value if call.excinfo else None
    code = code_of(item)
    assert code
    if raised is not None:
        _fill(result, raised, item, code)
    item.config.stash[SUITE].results[result.id] = result
    states = {verdict.PASSED: "passed", verdict.NOT_JUDGED: "skipped"}
    report.outcome = states.get(result.result, "failed")
    if report.outcome == "skipped":
        report.longrepr = (str(item.path), 0, result.note)
    report.check = result.to_json()  # goes from an xdist worker to the controller


def _fill(
    result: verdict.Result, raised: BaseException, item: pytest.Item, code: Code
) -> None:
    """Makes a result of what a check raised."""
    if isinstance(raised, Failure):
        result.result = verdict.FAILED
        lab = item.stash[LAB] if LAB in item.stash else None
        if lab:  # it has not started: what it printed is whole at its end
            lab.finish(item.config.stash[SUITE].stubborn)
        result.story = getattr(raised, "story", None) or tell(raised, lab, code.why)
    elif isinstance(raised, NotJudged):
        result.result, result.note = verdict.NOT_JUDGED, str(raised)
        result.excused = raised.excused
    elif isinstance(raised, pytest.skip.Exception):
        result.result = verdict.NOT_JUDGED
        result.note = result.note or str(raised)
    else:
        result.result, result.excused = verdict.BROKE, True
        trace = traceback.format_exception(type(raised), raised, raised.__traceback__)
        result.note = "".join(trace[-6:]).rstrip()


# --- results --------------------------------------------------------------


def pytest_report_teststatus(report: Any) -> Optional[tuple[str, str, str]]:
    """No letter for each check: the verdict tells it better."""
    check = getattr(report, "check", None)
    return (check["result"], "", "") if check else None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """An xdist worker hands what is wrong with the table to the controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["faults"] = session.config.stash[SUITE].faults
        output["slow"] = sorted(session.config.stash[SUITE].slow)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(Collector(session.config))
    if session.config.option.step:
        quiet(session.config)


def quiet(config: pytest.Config) -> None:
    """Keeps what pytest and xdist say of themselves from who reads a verdict."""

    def nothing(*_: Any, **__: Any) -> None:
        pass

    for name, methods in QUIET.items():
        plugin = config.pluginmanager.getplugin(name)
        for method in methods if plugin else ():
            setattr(plugin, method, nothing)
