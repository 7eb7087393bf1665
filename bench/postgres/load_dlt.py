#!/usr/bin/env python3
"""dlt loads the table `lineitem` into Parquet files.

Usage: python load_dlt.py BACKEND DATABASE OUT STATE

BACKEND is pyarrow or connectorx, the two that make Arrow tables, which dlt writes as Parquet without looking at each value.
OUT is the folder of the files; STATE keeps dlt's state.
"""

import os
import pathlib
import sys

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "WARNING"

import dlt
from dlt.sources.sql_database import sql_table

# Rows that pyarrow takes at once: with dlt's default of 50,000 it is slower. ConnectorX takes all at once.
CHUNK = 250_000


def main():
    backend, database, out, state = sys.argv[1:]
    kwargs = {"conn": database} if backend == "connectorx" else {}
    table = sql_table(
        credentials=database, table="lineitem", backend=backend, chunk_size=CHUNK, backend_kwargs=kwargs,
        reflection_level="full_with_precision",
    )
    pipeline = dlt.pipeline(
        pipeline_name=f"lineitem_{backend}",
        pipelines_dir=state,
        destination=dlt.destinations.filesystem(pathlib.Path(out).resolve().as_uri()),
        dataset_name="raw",
    )
    print(pipeline.run(table, loader_file_format="parquet", write_disposition="replace"))


if __name__ == "__main__":
    main()
