-- Branches: lines of snapshots beside that of main.

-- The largest number that a snapshot ever had. Numbers of deleted branches' snapshots are not given again.
CREATE TABLE last_snapshot (
  id INTEGER NOT NULL
) STRICT;
INSERT INTO last_snapshot (id) SELECT coalesce(max(id), 0) FROM snapshot;

CREATE TABLE branch (
  name    TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  body    TEXT NOT NULL
) STRICT;

CREATE TABLE branch_snapshot (
  id      INTEGER PRIMARY KEY,
  branch  TEXT NOT NULL REFERENCES branch (name),
  version INTEGER NOT NULL,
  body    TEXT NOT NULL
) STRICT;
CREATE INDEX branch_snapshot_by_branch ON branch_snapshot (branch, id);

-- What a branch's snapshot changed. A name has, as of one of them, what the newest row at or below it says, and without
-- any row what main has as of the branch's base; a row without a body says that the name is gone.
CREATE TABLE branch_relation (
  branch   TEXT NOT NULL REFERENCES branch (name),
  name     TEXT NOT NULL,
  snapshot INTEGER NOT NULL REFERENCES branch_snapshot (id),
  version  INTEGER,
  body     TEXT,
  PRIMARY KEY (branch, name, snapshot)
) STRICT;

CREATE TABLE branch_asset_state (
  branch   TEXT NOT NULL REFERENCES branch (name),
  name     TEXT NOT NULL,
  snapshot INTEGER NOT NULL REFERENCES branch_snapshot (id),
  version  INTEGER,
  body     TEXT,
  PRIMARY KEY (branch, name, snapshot)
) STRICT;

CREATE TABLE branch_lineage (
  branch   TEXT NOT NULL REFERENCES branch (name),
  name     TEXT NOT NULL,
  snapshot INTEGER NOT NULL REFERENCES branch_snapshot (id),
  version  INTEGER,
  body     TEXT,
  PRIMARY KEY (branch, name, snapshot)
) STRICT;
