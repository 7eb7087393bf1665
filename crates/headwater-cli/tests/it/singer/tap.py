#!/usr/bin/env python3
"""A tap of files: a stream for each entry of `catalog.json`, whose rows are the lines of `rows/<name>.jsonl`.

It keeps to the protocol as `singer-python` has it: it selects by metadata, reads on by the replication key, keeps a bookmark for each
stream, and says a state behind each. What it was started with is noted in `calls.jsonl`.
"""
import argparse
import json
import os
import sys
import time

arguments = argparse.ArgumentParser()
for flag in ("--config", "--catalog", "--properties", "--state"):
    arguments.add_argument(flag)
arguments.add_argument("--discover", action="store_true")
arguments = arguments.parse_args()
config = json.load(open(arguments.config))
if arguments.discover:
    sys.stdout.write(open("catalog.json").read())
    sys.exit()


def write(**message):
    print(json.dumps(message), flush=True)


def table(stream):
    if arguments.properties:
        return {"selected": stream["schema"].get("selected"), "replication-method": stream.get("replication_method"),
                "replication-key": stream.get("replication_key")}
    return next(entry["metadata"] for entry in stream["metadata"] if entry["breadcrumb"] == [])


state = json.load(open(arguments.state)) if arguments.state else {}
streams = [stream for stream in json.load(open(arguments.catalog or arguments.properties))["streams"] if table(stream).get("selected")]
with open("calls.jsonl", "a") as calls:
    names = [stream["tap_stream_id"] for stream in streams]
    print(json.dumps({"state": state or None, "streams": names, "mode": oct(os.stat(arguments.config).st_mode)}), file=calls)
bookmarks = state.setdefault("bookmarks", {})
for stream in streams:
    name, by = stream["stream"], table(stream).get("replication-key")
    write(type="SCHEMA", stream=name, schema=stream["schema"], key_properties=stream.get("key_properties", []))
    last = bookmarks.get(name) if table(stream)["replication-method"] == "INCREMENTAL" else None
    for line in open(f"rows/{name}.jsonl"):
        row = json.loads(line)
        # As most taps: what has the last value comes again.
        if last is None or row[by] >= last:
            write(type="RECORD", stream=name, record=row)
            if by:
                bookmarks[name] = max(bookmarks.get(name) or row[by], row[by])
    write(type="STATE", value=state)
    while os.path.exists(f"wait_behind_{name}"):
        time.sleep(0.02)
