"""A source connector of Airbyte's protocol: a stream for each entry of `catalog.json`, whose records are the lines of `rows/<name>.jsonl`.

A stream in the mode `incremental` is read on behind the greatest value of its cursor, of which a state is said at the end.
"""
import json
import sys

command, given = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2]))


def say(kind, **message):
    print(json.dumps({"type": kind, **message}))


if command == "check":
    say("CONNECTION_STATUS", connectionStatus={"status": "SUCCEEDED"})
elif command == "discover":
    say("CATALOG", catalog=json.load(open("catalog.json")))
elif command == "read":
    states = json.load(open(given["--state"])) if "--state" in given else []
    past = {state["stream"]["stream_descriptor"]["name"]: state["stream"]["stream_state"]["to"] for state in states}
    for asked in json.load(open(given["--catalog"]))["streams"]:
        name, follows = asked["stream"]["name"], asked["sync_mode"] == "incremental"
        last = past.get(name) if follows else None
        greatest = last
        for line in open(f"rows/{name}.jsonl"):
            row = json.loads(line)
            if last is None or row["changed"] > last:
                say("RECORD", record={"stream": name, "data": row, "emitted_at": 1})
                if follows:
                    greatest = max(greatest or row["changed"], row["changed"])
        if follows:
            stream = {"stream_descriptor": {"name": name}, "stream_state": {"to": greatest}}
            say("STATE", state={"type": "STREAM", "stream": stream})
