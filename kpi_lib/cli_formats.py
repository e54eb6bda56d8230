"""`kpi formats`: the layouts of exports that are known, and drafts of new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_lib.telling import argument, option

formats_app = typer.Typer(
    help="认得的导出版式；新的导出用learn起草一份声明。"
    "\n\n例：kpi formats   kpi formats learn 导出.xlsx --platform kuaishou",
    invoke_without_command=True,
    rich_markup_mode=None,
)


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
    file: Annotated[Path, argument("learn_file")],
    platform: Annotated[str, option("learn_platform", "--platform")],
    out: Annotated[Path | None, option("learn_out", "--out")] = None,
) -> None:
    """
    由一份新的导出起草声明，每处猜测都标“待确认”。

    例：kpi formats learn 导出.xlsx --platform kuaishou
    """
    from kpi_lib import run

    typer.echo(run.learn(file, platform, out))
