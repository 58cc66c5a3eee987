"""Commands that many processes or machines carry out."""

from typing import TYPE_CHECKING

import attrs

from kycaid_async.cli.manifests import ManifestCommand
from kycaid_async.cli.problems import UsageProblem

if TYPE_CHECKING:
    from kycaid_async.cluster import DaskEngine


@attrs.frozen(kw_only=True)
class ClusterCommand(ManifestCommand):
    """The options of such a command."""

    workers: int | None = None
    dask: str | None = None

    @property
    def engine(self) -> "DaskEngine | None":
        """The engine that carries it out; None for this process."""
        if self.workers is None and self.dask is None:
            return None
        from kycaid_async.cluster import DaskEngine

        return DaskEngine(self.dask or {"n_workers": self.workers})


def check_workers(workers: int | None, dask: str | None, ledger_url: str | None) -> None:
    """Raise `UsageProblem` for workers that could not share a ledger, or that are here and elsewhere."""
    if (workers or dask) and ledger_url is None:
        raise UsageProblem(
            "--workers, --dask: workers share a ledger in a database: name it with --ledger-url, or in the environment "
            "variable KYCAID_LEDGER_URL"
        )
    if workers and dask:
        raise UsageProblem("--workers and --dask: workers are those of this machine, or those of the scheduler")
