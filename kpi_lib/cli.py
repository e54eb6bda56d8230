"""
The command line: parses, calls, tells, sets the exit code.

0 all done; 1 something failed or is invalid, and the rest is done all the same; 2
wrong use. Whatever is done here can be done from Python with one call. Imports stand
inside the commands, so that help is there at once.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kpi_lib.errors import Problem, printable
from kpi_lib.language import LANGUAGES
from kpi_lib.workspace import Workspace

if TYPE_CHECKING:
    from kpi_lib.run import Outcome
    from kpi_lib.workbook import Line

app = typer.Typer(
    name="kpi",
    help="新媒体团队的月度KPI考核：导出文件放进来，每位运营一页可核对的考核报告。",
    epilog="例：kpi run latest   kpi check 2026-10   kpi status 2026-10",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Month = Annotated[str, typer.Argument(metavar="MONTH", help="月份，如2026-10")]
AROUND = "工作区文件夹；默认是当前或上级有data/plan.yml的文件夹"
Place = Annotated[
    Workspace,
    typer.Option(
        "--workspace",
        metavar="DIR",
        parser=Workspace.find,
        default_factory=str,
        show_default=False,
        help=AROUND,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="每行输出一个JSON对象")]
Force = Annotated[bool, typer.Option("--force", help="没有变化的也重新做")]


def _version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        typer.echo(f"kpi {metadata.version('kpi-lib')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="显示版本后退出"
        ),
    ] = False,
) -> None:
    """Hold the options that come before a command."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="还不存在的文件夹")],
) -> None:
    """
    新建一个工作区。

    例：kpi init my-team
    """
    from kpi_lib import inputs

    inputs.init(folder)
    typer.echo(f"工作区已建好：{folder}")
    typer.echo("接下来：填写data/roster.yml和data/targets.csv，再运行kpi check。")


@app.command()
def check(
    month: Annotated[
        str, typer.Argument(metavar="[MONTH]", help="月份；默认是最新的")
    ] = "latest",
    *,
    workspace: Place,
    as_json: AsJson = False,
) -> None:
    """
    读取一切，什么也不写：列出全部问题。

    例：kpi check   kpi check 2026-10 --json
    """
    from kpi_lib import run

    problems = run.check(workspace, run.newest(workspace, month))
    _tell(problems, as_json)
    errors = sum(problem.level == "error" for problem in problems)
    if not as_json:
        rest = len(problems) - errors
        typer.echo(f"{errors}个错误，{rest}个提醒。" if problems else "没有发现问题。")
    raise typer.Exit(1 if errors else 0)


@app.command()
def clean(
    month: Month, workspace: Place, force: Force = False, as_json: AsJson = False
) -> None:
    """
    清洗一个月的导出文件。

    例：kpi clean 2026-10
    """
    from kpi_lib import run

    with _telling(as_json) as tell:
        outcomes = run.clean(workspace, month, force=force, progress=tell)
    month, code = run.newest(workspace, month), _code(outcomes)
    refused = not code and _tell_refused(workspace, month, as_json)
    if not as_json and not code:
        typer.echo(f"清洗结果在{_near(workspace.clean(month))}")
    raise typer.Exit(1 if refused else code)


@app.command()
def run(
    month: Annotated[
        str, typer.Argument(metavar="MONTH", help="月份，如2026-10，或latest")
    ],
    operator: Annotated[
        list[str] | None,
        typer.Option("--operator", metavar="ID", help="只做这位运营；可以重复"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="同时做几份；默认与核数相同")
    ] = None,
    lang: Annotated[str, typer.Option(help="报告的语言")] = LANGUAGES[0],
    pdf: Annotated[bool, typer.Option("--pdf", help="同时做成PDF")] = False,
    force: Force = False,
    *,
    workspace: Place,
    as_json: AsJson = False,
) -> None:
    """
    主要的一步：清洗、每人一份报告、团队索引。只做有变化的。

    例：kpi run latest   kpi run 2026-10 --operator op-01 --force
    """
    from kpi_lib import run

    if lang not in LANGUAGES:
        raise typer.BadParameter("、".join(LANGUAGES), param_hint="--lang")
    with _telling(as_json) as tell:
        outcomes = run.run(
            workspace,
            month,
            operators=operator,
            workers=workers,
            lang=lang,
            force=force,
            pdf=pdf,
            progress=tell,
        )
    month = run.newest(workspace, month)
    refused = _tell_refused(workspace, month, as_json)
    if not as_json:
        if all(outcome.state == "unchanged" for outcome in outcomes):
            typer.echo("没有变化，什么也没有重做。")
        jobs = run.status(workspace, month) if operator else ()
        stale = [job.job for job in jobs if job.state == "stale"]
        if stale:
            typer.echo(f"已过期、这次没有做的：{'、'.join(stale)}")
        typer.echo(f"索引页：{_near(workspace.reports(month) / 'index.html')}")
    raise typer.Exit(1 if refused else _code(outcomes))


@app.command()
def status(month: Month, workspace: Place, as_json: AsJson = False) -> None:
    """
    一个月的每一项：已做、过期、失败、没做。

    例：kpi status 2026-10
    """
    from kpi_lib import run

    words = {"done": "已做", "stale": "过期", "failed": "失败", "missing": "没做"}
    jobs = run.status(workspace, month)
    for job in jobs:
        why = f"：{job.why}" if job.why else ""
        _say(vars(job), f"{job.job} {words[job.state]}{why}", as_json)
    raise typer.Exit(1 if any(job.state == "failed" for job in jobs) else 0)


@app.command()
def explain(
    workspace: Place,
    month: Month,
    operator: Annotated[str, typer.Argument(metavar="OPERATOR", help="运营的编号")],
    measure: Annotated[
        str, typer.Argument(metavar="[MEASURE]", help="量化指标；不写则每项一行")
    ] = "",
) -> None:
    """
    每一分从哪里来：数值、目标、规则、得分、文件和行。

    例：kpi explain 2026-10 op-01   kpi explain 2026-10 op-01 content.published
    """
    from kpi_lib import workbook

    for line in workbook.explain(workspace, month, operator, measure):
        typer.echo(printable(line))


@app.command()
def verify(
    month: Month,
    workspace: Place,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="再由原始文件重新清洗、评分，逐项比对")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """
    运行记录与文件核对：哪一个字节变过。

    例：kpi verify 2026-10   kpi verify 2026-10 --recompute
    """
    from kpi_lib import run

    problems = run.verify(workspace, month)
    if recompute:
        problems += run.recompute(workspace, month)
    _tell(problems, as_json)
    wrong = any(problem.level == "error" for problem in problems)
    if not wrong and not as_json:
        typer.echo("输入、结果和运行记录都与运行时一样。")
        if recompute:
            typer.echo("由原始文件重算的每一分都与评分卡一样。")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def rescore(
    month: Month,
    plan: Annotated[
        Path, typer.Option("--plan", metavar="FILE", help="另一份考核计划")
    ],
    workspace: Place,
    as_json: AsJson = False,
) -> None:
    """
    用另一份考核计划试算，两份结果并排；什么也不写。

    例：kpi rescore 2026-10 --plan draft.yml
    """
    from kpi_lib import workbook

    opened = workbook.open_month(month, str(workspace.root))
    for pair in workbook.rescore(opened, plan):
        total, *measures = pair.lines
        whose = f"{pair.after['operator']} {pair.after['name']}"
        grades = "→".join(card["grade"] or "暂定" for card in (pair.before, pair.after))
        lines = [f"{whose}：{_two(total)}，{grades}"]
        lines += [f"  {line.key} {line.name}：{_two(line)}" for line in pair.moved]
        lines.append(f"  其余{len(measures) - len(pair.moved)}项相同")
        _say(pair.as_dict(), "\n".join(lines), as_json)


def _two(line: Line) -> str:
    """Write a number of two cards, and by how much it moves."""
    before, after = (
        f"{score or '待定'}/{possible}" if possible else "没有这一项"
        for score, possible in (
            (line.before, line.possible_before),
            (line.after, line.possible_after),
        )
    )
    moved = f"（{line.by:+.2f}）" if line.by else ""
    return f"{before}→{after}{moved}"


@app.command()
def new_month(month: Month, workspace: Place) -> None:
    """
    建好一个月的文件夹和工作记录模板。

    例：kpi new-month 2026-11
    """
    from kpi_lib import inputs

    paths = inputs.prepare(workspace, month)
    for path in paths:
        typer.echo(f"已建：{workspace.relative(path)}")
    if not paths:
        typer.echo("都已经有了，什么也没有动。")


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="导出文件")],
    account: Annotated[
        str, typer.Option("--account", metavar="A", help="账号的编号，如dy-01")
    ],
    downloaded: Annotated[
        str, typer.Option(metavar="DAY", help="下载日期；不写则看文件名末尾")
    ] = "",
    month: Annotated[
        str,
        typer.Option(
            metavar="M", help="月份；默认按下载日期：1至5日属上个月，其余属当月"
        ),
    ] = "",
    *,
    workspace: Place,
    as_json: AsJson = False,
) -> None:
    """
    把下载的导出文件放进工作区，按下载日期归好；先认得，才放。

    例：kpi add 作品列表.xlsx --account dy-01 --downloaded 2026-11-02
    """
    from datetime import date

    from kpi_lib import days, run

    try:
        day = date.fromisoformat(downloaded) if downloaded else None
    except ValueError:
        raise typer.BadParameter("2026-11-02这样的日期", param_hint="DAY") from None
    if month and not days.is_month(month):
        raise typer.BadParameter("2026-10这样的月份", param_hint="M")
    refused = False
    for added in run.add(workspace, files, account, downloaded=day, month=month):
        refused = refused or added.state == "refused"
        if as_json:
            _say(added.as_dict(), "", as_json)
            continue
        if added.state != "refused":
            typer.echo(printable(str(added)))
        for problem in added.problems:
            typer.echo(problem.marked, err=problem.level == "error")
    raise typer.Exit(1 if refused else 0)


formats_app = typer.Typer(
    help="认得的导出版式；新的导出用learn起草一份声明。"
    "\n\n例：kpi formats   kpi formats learn 导出.xlsx --platform kuaishou",
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(formats_app, name="formats")


@formats_app.callback()
def formats(context: typer.Context) -> None:
    """List the layouts that are known."""
    if context.invoked_subcommand is not None:
        return
    from kpi_lib import run
    from kpi_lib.files import layouts, platforms

    run.own_formats()
    names = {platform.id: platform.name for platform in platforms().values()}
    for layout in layouts().values():
        sure = "" if layout.confirmed else "（没有用真实文件核对过）"
        platform = names.get(layout.platform, "任何平台")
        typer.echo(f"{layout.id}：{platform} {layout.name}{sure}")


@formats_app.command()
def learn(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="平台导出的原文件")],
    platform: Annotated[
        str,
        typer.Option(
            "--platform", metavar="NAME", help="平台的编号或名称；新平台用小写字母编号"
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="写到这里；默认data/formats里"),
    ] = None,
) -> None:
    """
    由一份新的导出起草声明，每处猜测都标“待确认”。

    例：kpi formats learn 导出.xlsx --platform kuaishou
    """
    from kpi_lib import run

    typer.echo(run.learn(file, platform, out))


@app.command()
def doctor(
    workspace: Annotated[Path | None, typer.Option(metavar="DIR", help=AROUND)] = None,
    as_json: AsJson = False,
) -> None:
    """
    这台电脑缺什么，怎样补上。

    例：kpi doctor
    """
    from kpi_lib import run

    findings = run.examine(workspace)
    for finding in findings:
        mark, mend = ("✓", "") if finding.ok else ("✗", f"；{finding.do}")
        line = f"{mark} {finding.subject}：{finding.found}{mend}"
        _say(vars(finding), line, as_json)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@contextlib.contextmanager
def _telling(as_json: bool) -> Iterator[Callable[[Outcome, int, int], None]]:
    """Tell of jobs as they finish: a bar on a terminal, else one line for each."""
    if as_json or not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield partial(_tell_line, as_json)
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("准备", total=None)

        def tell(outcome: Outcome, done: int, total: int) -> None:
            bar.update(task, description=outcome.job, completed=done, total=total)
            if outcome.state == "failed":
                line = _line(outcome, done, total)
                bar.console.print(line, markup=False, highlight=False)

        yield tell


def _tell_line(as_json: bool, outcome: Outcome, done: int, total: int) -> None:
    seconds = round(outcome.seconds, 3)
    fields = {**vars(outcome), "seconds": seconds, "done": done, "total": total}
    del fields["outputs"]
    _say(fields, _line(outcome, done, total), as_json)


def _line(outcome: Outcome, done: int, total: int) -> str:
    words = {"made": "已做", "unchanged": "没有变化", "failed": "失败"}
    error = f"：{outcome.error}" if outcome.error else ""
    return f"{done}/{total} {outcome.job} {words[outcome.state]}{error}"


def _near(path: Path) -> Path:
    """Return a path as seen from here, where it lies below."""
    return path.relative_to(here) if path.is_relative_to(here := Path.cwd()) else path


def _say(fields: dict[str, Any], line: str, as_json: bool) -> None:
    typer.echo(json.dumps(fields, ensure_ascii=False) if as_json else printable(line))


def _tell(problems: Sequence[Problem], as_json: bool) -> None:
    names = ("level", "where", "place", "what", "expected", "do")
    for problem in problems:
        fields = {name: getattr(problem, name) for name in names}
        _say(fields, problem.marked, as_json)


def _tell_refused(workspace: Workspace, month: str, as_json: bool) -> bool:
    """Tell which files of a month its cleaning refused; return whether it did."""
    from kpi_lib import months

    findings = months.load_findings(workspace, month)
    refused = [finding for finding in findings if finding.level == "error"]
    _tell(refused, as_json)
    return bool(refused)


def _code(outcomes: Sequence[Outcome]) -> int:
    return 1 if any(outcome.state == "failed" for outcome in outcomes) else 0
