"""bqemulator, a program that answers as BigQuery does (REST and gRPC, on DuckDB), with what the tests of the driver need of it and it lacks.

1. It would fetch an extension of DuckDB for geography from the network before it starts: here it has no geography.
2. It knows the results of queries, which are tables of a hidden dataset, in its answers by REST only: here by gRPC, too, whence the driver
   reads them.
3. A session of reading says how many rows there are, and its columns do not end the stream, as at Google's: without either the driver reads
   no row.
4. It forgets jobs that have failed: here their results are their errors, as at Google's.
5. Reading a table with a column `cut_short` breaks off before the last row, as where rights are taken away meanwhile.
"""

import re

import grpc
from bqemulator.api.routes import jobs
from bqemulator.cli import main
from bqemulator.domain import errors
from bqemulator.grpc_api import read_servicer
from bqemulator.jobs.executor import JOB_RESULTS
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.streaming import read_session

fetch = DuckDBEngine.fetch_arrow
serialise_schema = read_session._serialise_arrow_schema
respond = read_servicer._build_read_session_response
read_rows = read_servicer.BigQueryReadHandler._handle_read_rows
fail = jobs._failed_job_meta
not_found = jobs.resource_not_found
failed = {}


def fetch_with_results(self, sql, *rest):
    found = re.search(r'_bqemu_anonymous"\."anon(\w+)"', sql)
    job = found and next((job for job in JOB_RESULTS if job.replace("-", "") == found.group(1)), None)
    return JOB_RESULTS[job] if job else fetch(self, sql, *rest)


def respond_with_rows(*, arrow_table, **rest):
    response = respond(arrow_table=arrow_table, **rest)
    response.estimated_row_count = arrow_table.num_rows
    return response


def schema_without_end(schema):
    return serialise_schema(schema).removesuffix(b"\xff\xff\xff\xff" + bytes(4))


def fail_and_remember(*, job_id, error_result, **rest):
    kind = {"notFound": errors.NotFoundError, "accessDenied": errors.PermissionDeniedError}
    failed[job_id] = kind.get(error_result["reason"], errors.InvalidQueryError)(error_result["message"])
    return fail(job_id=job_id, error_result=error_result, **rest)


def not_found_or_failed(reference):
    return failed.get(reference.resource_id) or not_found(reference)


def stream_of(session_name, stream_name):
    rows = read_session.get_stream_data(session_name, stream_name)
    return rows.slice(0, rows.num_rows - 1) if rows is not None and "cut_short" in rows.column_names else rows


def read_rows_and_break_off(self, request_bytes, context):
    from google.cloud.bigquery_storage_v1 import types

    yield from read_rows(self, request_bytes, context)
    stream = types.ReadRowsRequest.deserialize(request_bytes).read_stream
    rows = read_session.get_stream_data("/".join(stream.split("/")[:-2]), stream)
    if rows is not None and "cut_short" in rows.column_names:
        context.set_code(grpc.StatusCode.PERMISSION_DENIED)
        context.set_details("the rights were taken away")


DuckDBEngine._load_spatial = lambda self: None
DuckDBEngine.fetch_arrow = fetch_with_results
read_session._serialise_arrow_schema = schema_without_end
read_servicer._build_read_session_response = respond_with_rows
read_servicer.get_stream_data = stream_of
read_servicer.BigQueryReadHandler._handle_read_rows = read_rows_and_break_off
jobs._failed_job_meta = fail_and_remember
jobs.resource_not_found = not_found_or_failed
main()
