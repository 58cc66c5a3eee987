"""``kycaid completion``: what a shell needs to complete commands, options and words."""

import importlib
import os
from typing import Annotated, Any, Literal

import typer

HELP = """\
Print what lets your shell complete commands, options and words with the Tab key.

\b
  bash        In ~/.bashrc: eval "$(kycaid completion bash)"
  zsh         In ~/.zshrc, after compinit: eval "$(kycaid completion zsh)"
  fish        kycaid completion fish > ~/.config/fish/completions/kycaid.fish
  powershell  kycaid completion powershell >> $PROFILE
"""
VARIABLE = "_KYCAID_COMPLETE"


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"],
        typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.", show_default=False),
    ],
) -> None:
    """Run ``kycaid completion``."""
    typer.echo(_typer().get_completion_script(prog_name="kycaid", complete_var=VARIABLE, shell=shell))


def prepare_completion() -> None:
    """Let typer answer a shell that asks for completions, if one does."""
    if VARIABLE in os.environ:
        _typer().completion_init()


def _typer() -> Any:
    return importlib.import_module("typer.completion")
