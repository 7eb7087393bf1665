-- What has come of deliveries, by the run (or the `headwater deliver`) that delivered.
CREATE TABLE delivery (
  run        TEXT NOT NULL,
  name       TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  body       TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_by_name ON delivery (name, started_ms);

-- How far destinations are that cannot remember it themselves.
CREATE TABLE ledger (
  name    TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  body    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The rows that such a destination has acknowledged of what it is being brought to.
CREATE TABLE acknowledged (
  name TEXT NOT NULL,
  id   BLOB NOT NULL,
  PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;

-- The rows that such a destination has refused.
CREATE TABLE undelivered (
  name     TEXT NOT NULL,
  id       TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  version  INTEGER NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;
