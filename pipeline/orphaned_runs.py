"""Ends, in Dagster's books, the runs whose processes are gone: `python -m pipeline.orphaned_runs`.

For `pressroom up`, which knows at its start that no run can be alive: Dagster's default launcher does not look after
its workers, and a run that was killed with its parent would count as started, and hold its slot, for hours. In a
process of its own, so that the supervisor does not carry Dagster in its memory.
"""

import dagster as dg


def main() -> None:
    orphaned = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    with dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=orphaned)):
            instance.report_run_failed(run, message="Pressroom was killed while this ran; what it had in hand goes on.")


if __name__ == "__main__":
    main()
