"""
The command `kpi` from outside: whatever ends it early is one line.

A refusal, the system's or ours, is told; what is nobody's but the program's is kept in
a file; wrong use is told in Chinese, for which typer has no words; and whoever stops a
command learns what stands, also while it is still being loaded.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # nothing is loaded before there is somebody to answer Ctrl-C
    from collections.abc import Sequence
    from types import FrameType
    from typing import Any, NoReturn

STOPPED = (
    "已停止。已经写好的文件都是完整的，没有写到一半的；"
    "再运行同一条命令，会从这里接着做。"
)
INTERRUPTED = 130  # What typer ends with on Ctrl-C


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit; default: the words of this process."""
    stopped = INTERRUPTED

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal stopped
        stopped = 128 + number
        raise KeyboardInterrupt

    try:
        import signal

        if arguments is None:
            signal.signal(signal.SIGTERM, stop)
        code = _run(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        import signal

        for number in (signal.SIGINT, signal.SIGTERM):  # what ends now ends whole
            signal.signal(number, signal.SIG_IGN)
        print(STOPPED, file=sys.stderr, flush=True)
        code = stopped
    raise SystemExit(code)


def _run(words: list[str]) -> int:
    """Return the exit code of a command; what it was refused is told."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that is not UTF-8 must not stop a run over a message.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    from kpi_lib.cli import app
    from kpi_lib.errors import KpiError, of_system

    try:
        code: int | None = app(args=words, prog_name="kpi", standalone_mode=False)
    except KpiError as err:
        text, code = str(err), 1
    except MemoryError:
        text, code = "内存不够。请关闭其他程序，再运行一次。", 1
    except OSError as err:
        text, code = str(of_system(err)), 1
    except Exception as err:
        # Of typer's errors only these know how to say themselves.
        misused = hasattr(err, "format_message")
        text, code = (_misuse(err), 2) if misused else (_fault(err, words), 1)
    else:
        return code or 0
    print(text, file=sys.stderr)
    return code


def _misuse(err: Any) -> str:
    """Say what was wrong with the words of a command."""
    import re

    from kpi_lib.errors import Problem

    text, param, expected = err.format_message(), vars(err).get("param"), ""
    name = str(vars(err).get("param_hint") or (param and param.get_error_hint()))
    name = name.strip("'\"")
    usual = param.help if param else ""
    about = re.search(r"(?<=^No such command ').*?(?=')|(?<=\()[^()]*(?=\)$)", text)
    word = about and about[0]
    match type(err).__name__:
        case "NoSuchOption":
            what = f"没有选项{err.option_name}"
            expected = "、".join(err.possibilities or ())
        case "BadOptionUsage":
            what = f"选项{err.option_name}后面缺少一个值"
        case "MissingParameter":
            what, expected = f"缺少{name}", usual
        case "BadParameter":
            # What is not in our words is typer's own check of a number.
            what = f"{name}的值不对"
            expected = usual if err.message.isascii() else err.message
        case _ if text.startswith("No such command"):
            what = f"没有命令{word}"
            expected = "、".join(err.ctx.command.commands)
        case _:
            what = f"多了{word}"
    path = err.ctx.command_path if err.ctx else "kpi"
    do = f"用法见{path} --help"
    return str(Problem(what=what, where=path, expected=expected, do=do))


def _fault(err: Exception, words: list[str]) -> str:
    """Keep the traceback of a fault of ours in a file, for whoever can mend it."""
    import traceback
    from importlib import metadata
    from tempfile import NamedTemporaryFile

    from kpi_lib.errors import printable

    head = f"kpi {metadata.version('kpi-lib')}, Python {sys.version}\nkpi {words}\n\n"
    story = head + "".join(traceback.format_exception(err))
    with NamedTemporaryFile(prefix="kpi-", suffix=".txt", delete=False) as file:
        file.write(story.encode(errors="backslashreplace"))
    what = " ".join(f"{type(err).__name__}：{err}".split())
    return printable(
        f"这是程序的错误，不是文件或操作的问题（{what}）；已经写好的文件仍然完整。"
        f"经过记在{file.name}，请把它交给维护者。"
    )


if __name__ == "__main__":
    main()
