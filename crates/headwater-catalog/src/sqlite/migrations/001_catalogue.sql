-- The catalogue's first layout. Never edited: a change is a new file beside this one.
--
-- Records are kept as JSON in `body`, with the version of its format in `version`.

-- A row stays when its lease is given back (`held` = 0), so that tokens never go down.
CREATE TABLE lease (
  name       TEXT PRIMARY KEY,
  holder     TEXT NOT NULL,
  token      INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  held       INTEGER NOT NULL CHECK (held IN (0, 1))
) STRICT;

CREATE TABLE run (
  id      TEXT PRIMARY KEY,
  number  INTEGER NOT NULL,
  version INTEGER NOT NULL,
  body    TEXT NOT NULL
) STRICT;
CREATE INDEX run_by_number ON run (number, id);

CREATE TABLE task (
  run      TEXT NOT NULL,
  asset    TEXT NOT NULL,
  position INTEGER NOT NULL,
  version  INTEGER NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (run, asset)
) STRICT;

CREATE TABLE intent (
  run     TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  body    TEXT NOT NULL
) STRICT;

CREATE TABLE snapshot (
  id           INTEGER PRIMARY KEY,
  published_ms INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  body         TEXT NOT NULL
) STRICT;

-- The names of tables and assets, each once, so that the changes below stay small.
CREATE TABLE name (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- What a snapshot changed. A name has, as of a snapshot, what the newest row at or below it says;
-- a row without a body says that the name is gone.
CREATE TABLE relation (
  name     INTEGER NOT NULL REFERENCES name (id),
  snapshot INTEGER NOT NULL REFERENCES snapshot (id),
  version  INTEGER,
  body     TEXT,
  PRIMARY KEY (name, snapshot)
) STRICT;
CREATE INDEX relation_by_snapshot ON relation (snapshot);

CREATE TABLE asset_state (
  name     INTEGER NOT NULL REFERENCES name (id),
  snapshot INTEGER NOT NULL REFERENCES snapshot (id),
  version  INTEGER,
  body     TEXT,
  PRIMARY KEY (name, snapshot)
) STRICT;

CREATE TABLE lineage (
  name     INTEGER NOT NULL REFERENCES name (id),
  snapshot INTEGER NOT NULL REFERENCES snapshot (id),
  version  INTEGER,
  body     TEXT,
  PRIMARY KEY (name, snapshot)
) STRICT;
