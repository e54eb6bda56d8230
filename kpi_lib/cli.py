"""
The command line: parses, calls, tells, sets the exit code.

0 all done; 1 something failed or is invalid, and the rest is done all the same; 2
wrong use. Whatever is done here can be done from Python with one call. Imports stand
inside the commands, so that help is there at once.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kpi_lib.cli_formats import formats_app
from kpi_lib.errors import printable
from kpi_lib.language import LANGUAGES
from kpi_lib.telling import (
    STATES,
    agreed,
    alike,
    argument,
    asking,
    near,
    option,
    say,
    tell,
    telling,
)
from kpi_lib.workspace import Workspace

if TYPE_CHECKING:
    from kpi_lib.run import Outcome, Status

app = typer.Typer(
    name="kpi",
    help="新媒体团队的月度KPI考核：导出文件放进来，每位运营一页可核对的考核报告。",
    epilog="例：kpi run latest   kpi check 2026-10   kpi status 2026-10",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(formats_app, name="formats")

Month = Annotated[str, argument("month")]
NewestMonth = Annotated[str, argument("newest_month")]
Place = Annotated[
    Workspace,
    option(
        "workspace",
        "--workspace",
        parser=Workspace.find,
        default_factory=str,
        show_default=False,
    ),
]
AsJson = Annotated[bool, option("as_json", "--json")]
Operators = Annotated[list[str] | None, option("operators", "--operator")]
Downloaded = Annotated[datetime | None, option("downloaded")]
Force = Annotated[bool, option("force", "--force")]


def _version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        typer.echo(f"kpi {metadata.version('kpi-lib')}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    _version: Annotated[
        bool, option("version", "--version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Without a command: what is next, in the workspace around the current folder."""
    if context.invoked_subcommand is None:
        go_on(workspace=Workspace.find())


@app.command()
def init(
    folder: Annotated[Path, argument("folder")],
    source: Annotated[Path | None, option("from", "--from", exists=True)] = None,
    downloaded: Downloaded = None,
) -> None:
    """
    新建一个工作区；有下载好的导出文件，就看出人员和账号，做出第一份页面。

    例：kpi init my-team   kpi init my-team --from 下载/10月
    """
    from kpi_lib import inputs, run

    inputs.init(folder, run.proposed(source) if source else {})
    workspace = Workspace(folder)
    typer.echo(f"工作区已建好：{folder}")
    if source is None:
        month = f"{date.today():%Y-%m}"
        workspace.raw(month).mkdir(parents=True)
        typer.echo(f"接下来：填写data/填写.xlsx；kpi new-month {month}、kpi next。")
        return
    refused = False
    try:
        add([source], downloaded=downloaded, workspace=workspace)
    except typer.Exit as done:  # what is refused is told, the rest goes on
        refused = bool(done.exit_code)
    month = run.newest(workspace, "latest")
    new_month(month, workspace)
    typer.echo("人员和账号写在data/填写.xlsx里：请核对，补上主管，再填目标。")
    if refused:
        again = "见上面的错误；补上日期或账号，用kpi add再放一次，然后kpi next"
        typer.echo(f"有文件没有放进来，下面的页面里没有它们的数：{again}。")
    go_on(month, workspace=workspace)
    raise typer.Exit(refused)


@app.command()
def check(
    month: NewestMonth = "latest", *, workspace: Place, as_json: AsJson = False
) -> None:
    """
    读取一切，什么也不写：列出全部问题。

    例：kpi check   kpi check 2026-10 --json
    """
    from kpi_lib import run

    month = run.newest(workspace, month)
    problems = run.check(workspace, month)
    wrong = tell(problems, as_json)
    if not wrong:  # what people wrote can be read
        tell(run.due(workspace, date.today()), as_json)
    if not as_json:
        levels = Counter(problem.level for problem in alike(problems))
        counted = f"{levels['error']}个错误，{levels['warning']}个提醒。"
        typer.echo(counted if problems else "没有发现问题。")
    raise typer.Exit(wrong)


@app.command()
def clean(
    month: Month, workspace: Place, force: Force = False, as_json: AsJson = False
) -> None:
    """
    清洗一个月的导出文件。

    例：kpi clean 2026-10
    """
    from kpi_lib import run

    with telling(as_json) as step:
        outcomes = run.clean(workspace, month, force=force, progress=step)
    month, failed = run.newest(workspace, month), _failed(outcomes)
    refused = not failed and _tell_refused(workspace, month, as_json)
    if not as_json and not failed:
        typer.echo(f"清洗结果在{near(workspace.clean(month))}")
    raise typer.Exit(refused or failed)


@app.command()
def run(
    month: Month,
    operator: Operators = None,
    workers: Annotated[int | None, option("workers", min=1)] = None,
    lang: Annotated[str, option("lang")] = LANGUAGES[0],
    pdf: Annotated[bool, option("pdf", "--pdf")] = False,
    force: Force = False,
    scheduler: Annotated[str, option("scheduler")] = "",
    *,
    workspace: Place,
    as_json: AsJson = False,
) -> None:
    """
    主要的一步：清洗、每人一份报告、团队索引。只做有变化的。

    例：kpi run latest   kpi run 2026-10 --operator op-01 --force
    """
    from kpi_lib import run

    if lang not in (*LANGUAGES, ""):
        raise typer.BadParameter("、".join(LANGUAGES), param_hint="--lang")
    with telling(as_json) as step:
        outcomes = run.run(
            workspace,
            month,
            operators=operator,
            workers=workers,
            lang=lang,
            force=force,
            pdf=pdf,
            scheduler=scheduler,
            progress=step,
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
        typer.echo(f"索引页：{near(workspace.reports(month) / 'index.html')}")
    raise typer.Exit(refused or _failed(outcomes))


@app.command("next")
def go_on(
    month: NewestMonth = "latest", *, workspace: Place, as_json: AsJson = False
) -> None:
    """
    检查并运行，再列出还缺什么、一周内几号前要做什么。不写命令的kpi也是它。

    例：kpi next   kpi next 2026-10
    """
    from kpi_lib.run import newest, to_do

    month = newest(workspace, month)
    try:
        run(month, lang="", workspace=workspace, as_json=as_json)
    except typer.Exit:
        tell(to_do(workspace, month, date.today()), as_json)
        raise


@app.command()
def status(month: Month, workspace: Place, as_json: AsJson = False) -> None:
    """
    一个月的每一项：已做、过期、失败、没做。

    例：kpi status 2026-10
    """
    from kpi_lib import run

    jobs = run.status(workspace, month)
    for job in jobs:
        why = f"：{job.why}" if job.why else ""
        say(vars(job), f"{job.job} {STATES[job.state]}{why}", as_json)
    raise typer.Exit(_failed(jobs))


@app.command()
def explain(
    workspace: Place,
    month: Month,
    operator: Annotated[str, argument("operator")],
    measure: Annotated[str, argument("measure")] = "",
) -> None:
    """
    每一分从哪里来：数值、目标、规则、得分、文件和行。

    例：kpi explain 2026-10 op-01   kpi explain 2026-10 op-01 content.published
    """
    from kpi_lib import run, workbook

    if month == "latest":
        month = run.newest(workspace, month)
    for line in workbook.explain(workspace, month, operator, measure):
        typer.echo(printable(line))


@app.command()
def verify(
    month: Month,
    workspace: Place,
    recompute: Annotated[bool, option("recompute", "--recompute")] = False,
    as_json: AsJson = False,
) -> None:
    """
    运行记录与文件核对：哪一个字节变过。

    例：kpi verify 2026-10   kpi verify 2026-10 --recompute
    """
    from kpi_lib import run

    if month == "latest":  # of a month named the exports may be gone: that is told
        month = run.newest(workspace, month)
    problems = run.verify(workspace, month)
    if recompute:
        problems += run.recompute(workspace, month)
    wrong = tell(problems, as_json)
    if not wrong and not as_json:
        typer.echo("输入、结果和运行记录都与运行时一样。")
        if recompute:
            typer.echo("由原始文件重算的每一分都与评分卡一样。")
    raise typer.Exit(wrong)


@app.command()
def sign(
    month: Month,
    by: Annotated[str, option("by", "--by")],
    yes: Annotated[bool, option("yes", "--yes")] = False,
    *,
    workspace: Place,
) -> None:
    """
    列出总分、申诉和变化，确认后签字，重做随之变化的页面。

    例：kpi sign 2026-10 --by 示例主管
    """
    from kpi_lib import days, inputs
    from kpi_lib.run import newest, to_sign

    month = newest(workspace, month)
    lines, rows = to_sign(workspace, month, by, date.today())
    typer.echo(printable("\n".join(lines)))
    if not rows:
        typer.echo("没有要签的。")
        return
    question = f"以“{by}”的名义为{len(rows)}人签字？"
    if yes:
        typer.echo(question)
    elif not agreed(question):
        typer.echo("没有签，什么也没有写。")
        raise typer.Exit(1)
    typer.echo(f"已写进{near(inputs.add_rows(workspace, rows))}。")
    with contextlib.suppress(typer.Exit):  # a page that failed is told
        run(month, lang="", workspace=workspace)
    following = days.shift(month, 1)
    begin = f"现在起好{following}的文件夹和目标，带上建议值？"
    if workspace.workbook.exists() and (yes or agreed(begin)):
        new_month(following, workspace)
    else:
        typer.echo(f"下个月：kpi new-month {following}；目标的建议在索引页旁。")


@app.command()
def share(
    month: Month,
    to: Annotated[Path, option("to", "--to")],
    operator: Operators = None,
    team: Annotated[bool, option("team", "--team")] = False,
    pdf: Annotated[bool, option("share_pdf", "--pdf")] = False,
    password_file: Annotated[Path | None, option("password_file")] = None,
    *,
    workspace: Place,
) -> None:
    """
    把每个人自己的页面拷到可以交出去的文件里。

    例：kpi share 2026-10 --to ../交给本人 --password-file 密码.txt
    """
    from kpi_lib import run

    if pdf and password_file:
        raise typer.BadParameter("PDF不能加密，请分两次交", param_hint="--pdf")
    shared = run.parcels(workspace, month, operators=operator, team=team, pdf=pdf)
    passwords = run.passwords_of(password_file, shared) if password_file else None
    tell([problem for parcel in shared for problem in parcel.problems])
    run.hand_out(shared, to, passwords)
    for parcel in shared:
        typer.echo(f"已写好：{near(to / parcel.name)}")


@app.command()
def rescore(
    month: Month,
    plan: Annotated[Path, option("plan", "--plan")],
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
        lines = [f"{whose}：{total}，{grades}"]
        lines += [f"  {line.key} {line.name}：{line}" for line in pair.moved]
        lines.append(f"  其余{len(measures) - len(pair.moved)}项相同")
        say(pair.as_dict(), "\n".join(lines), as_json)


@app.command()
def new_month(month: Month, workspace: Place) -> None:
    """
    建好一个月的文件夹，在填写.xlsx里起好这个月的目标。

    例：kpi new-month 2026-11
    """
    from kpi_lib import inputs

    paths = inputs.prepare(workspace, month)
    for path in paths:
        typer.echo(f"已建好：{workspace.relative(path)}")
    if not paths:
        typer.echo("都已经有了，什么也没有动。")


@app.command()
def add(
    files: Annotated[list[Path], argument("files")],
    account: Annotated[str, option("account")] = "",
    downloaded: Downloaded = None,
    month: Annotated[str, option("add_month")] = "",
    *,
    workspace: Place,
    as_json: AsJson = False,
) -> None:
    """
    把下载的导出文件放进工作区，按下载日期归好；先认得，才放。

    例：kpi add 下载/ --downloaded 2026-11-02   kpi add 作品列表.xlsx --account dy-01
    """
    from kpi_lib import run
    from kpi_lib.months import day_at_the_end

    day, asked = downloaded and downloaded.date(), asking(day_at_the_end)
    refused = False
    placed = run.add(
        workspace, files, account, downloaded=day, month=month, asked=asked
    )
    for added in placed:
        refused = refused or added.state == "refused"
        say(added.as_dict(), str(added), as_json)
        if not as_json:
            tell(added.problems)
    raise typer.Exit(refused)


@app.command()
def lab(workspace: Place) -> None:
    """
    在JupyterLab里打开工作区的笔记本。

    例：kpi lab
    """
    from kpi_lib import run

    raise typer.Exit(run.lab(workspace))


@app.command()
def doctor(
    workspace: Annotated[Path | None, option("workspace")] = None,
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
        say(vars(finding), line, as_json)
    raise typer.Exit(not all(finding.ok for finding in findings))


def _tell_refused(workspace: Workspace, month: str, as_json: bool) -> bool:
    """Tell which files of a month its cleaning refused; return whether it did."""
    from kpi_lib import months

    findings = months.load_findings(workspace, month)
    return tell([each for each in findings if each.level == "error"], as_json)


def _failed(jobs: Sequence[Outcome] | Sequence[Status]) -> bool:
    return any(job.state == "failed" for job in jobs)
