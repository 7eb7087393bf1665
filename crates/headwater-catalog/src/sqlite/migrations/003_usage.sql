-- What queries have asked of tables: for each table and day (days since 1970-01-01) a row for each set of restricted columns,
-- as JSON in `columns`. Rows are summed up in place and go with time; no value that a query names is among them.
CREATE TABLE usage (
  name    TEXT NOT NULL,
  day     INTEGER NOT NULL,
  columns TEXT NOT NULL,
  version INTEGER NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (name, day, columns)
) STRICT, WITHOUT ROWID;
