"""One run over several partitions: side by side, and one partition's failure not the others'."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg

_AT_ONCE = 20
"""As many as the sensor puts into one run: what takes long is a model's answer, and waiting for one is no work."""


def each_partition(context: dg.AssetExecutionContext, work: Callable[[str], Mapping[str, Any]]) -> None:
    """Do `work` for each partition of the run; what it returns becomes that partition's metadata.

    Raises:
        dg.Failure: some failed. The others are recorded as materialized first, so that exactly those that failed
            are red; a rerun of the good ones finds their work done.
    """
    keys = list(context.partition_keys)
    with ThreadPoolExecutor(min(_AT_ONCE, len(keys))) as pool:
        futures = {key: pool.submit(work, key) for key in keys}
    failed = {key: error for key, future in futures.items() if (error := future.exception()) is not None}
    done = {key: future.result() for key, future in futures.items() if key not in failed}
    if not failed:
        for key, metadata in done.items():
            context.add_asset_metadata(metadata, partition_key=key)
        return
    for key, metadata in done.items():
        context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
    for key, error in failed.items():
        context.log.error("%s: %s", key, error, exc_info=error)
    raise dg.Failure(
        f"{len(failed)} of {len(keys)} failed: " + "; ".join(f"{key}: {error}" for key, error in failed.items()),
        allow_retries=False,
    )
