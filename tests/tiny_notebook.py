"""Notebooks of a few cells, written where a test wants them."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'month = "2026-10"  # YYYY-MM'


def write(path: Path, *cells: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook with a title, a parameters cell and the given code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# 标题", id="title"),
            new_code_cell(
                parameters, id="parameters", metadata={"tags": ["parameters"]}
            ),
            *(
                new_code_cell(source, id=f"cell-{number}")
                for number, source in enumerate(cells)
            ),
        ],
        # A kernelspec that no machine has: the engine must not look it up.
        metadata={
            "kernelspec": {
                "name": "elsewhere",
                "display_name": "Elsewhere",
                "language": "python",
            }
        },
    )
    nbformat.write(notebook, path)
    return path
