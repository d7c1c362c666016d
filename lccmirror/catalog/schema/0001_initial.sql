-- The catalog of a mirror, version 1. Names in the contract (docs: "The catalog") are
-- fixed; times are ISO-8601 UTC with Z unless a column says otherwise.

-- Which server this is a mirror of, and settings that outlive a run.
CREATE TABLE mirror (
  key TEXT PRIMARY KEY,
  value TEXT
);

CREATE TABLE collections (
  collection TEXT PRIMARY KEY,      -- database ID, as in search results: hatnet_keplerfield
  collection_id TEXT NOT NULL,      -- path form: hatnet-keplerfield
  name TEXT,
  description TEXT,
  project TEXT,
  citation TEXT,
  visibility TEXT,
  nobjects INTEGER,
  datarelease INTEGER,
  minra REAL,                       -- degrees
  maxra REAL,
  mindecl REAL,
  maxdecl REAL,
  lcformatdesc TEXT,
  lcmagcols TEXT,
  last_updated TEXT,                -- verbatim: the server's local time
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL
);

CREATE TABLE columns (
  collection TEXT NOT NULL REFERENCES collections (collection),
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  title TEXT,
  description TEXT,
  dtype TEXT,
  format TEXT,
  indexed INTEGER NOT NULL DEFAULT 0,
  fts_indexed INTEGER NOT NULL DEFAULT 0,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  PRIMARY KEY (collection, name)
);

CREATE TABLE datasets (
  setid TEXT PRIMARY KEY,
  name TEXT,
  description TEXT,
  citation TEXT,
  created_on TEXT,                  -- the server's UTC, verbatim plus Z
  last_updated TEXT,                -- the same; as in the dataset list
  nobjects INTEGER,
  query_type TEXT,
  query_params TEXT,                -- JSON
  visibility TEXT,
  origin TEXT NOT NULL CHECK (origin IN ('listed', 'search')),
  state TEXT NOT NULL CHECK (state IN ('listed', 'waiting', 'mirrored', 'partial',
                                       'failed', 'skipped', 'private', 'pruned')),
  reason TEXT,                      -- why it is in this state, where that needs saying
  values_from TEXT CHECK (values_from IN ('both', 'csv', 'json')),
  same_as TEXT REFERENCES datasets (setid),
  has_lczip INTEGER,                -- 1, 0, or NULL while that is not known
  nrows INTEGER,                    -- rows in dataset_rows (or in those of same_as)
  table_sha256 TEXT,                -- of the typed rows, whatever the order of columns
  lc_sha256 TEXT,                   -- of the light curves that its objects have
  last_error TEXT,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  vanished_at TEXT,                 -- the whole list was read and did not have it
  mirrored_at TEXT
);
CREATE INDEX datasets_state ON datasets (state);
CREATE INDEX datasets_last_updated ON datasets (last_updated);
CREATE INDEX datasets_created_on ON datasets (created_on, setid);
CREATE INDEX datasets_table_sha256 ON datasets (table_sha256) WHERE table_sha256 IS NOT NULL;
CREATE INDEX datasets_lc_sha256 ON datasets (lc_sha256) WHERE lc_sha256 IS NOT NULL;
CREATE INDEX datasets_same_as ON datasets (same_as) WHERE same_as IS NOT NULL;

CREATE TABLE dataset_collections (
  setid TEXT NOT NULL REFERENCES datasets (setid),
  collection TEXT NOT NULL,
  PRIMARY KEY (setid, collection)
) WITHOUT ROWID;
CREATE INDEX dataset_collections_collection ON dataset_collections (collection);

CREATE TABLE dataset_columns (
  setid TEXT NOT NULL REFERENCES datasets (setid),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  title TEXT,
  description TEXT,
  dtype TEXT,
  format TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('integer', 'real', 'text')),
  PRIMARY KEY (setid, position)
) WITHOUT ROWID;

CREATE TABLE dataset_rows (
  setid TEXT NOT NULL REFERENCES datasets (setid),
  row INTEGER NOT NULL,             -- from 1, in the published order
  collection TEXT,
  objectid TEXT,
  ra REAL,                          -- degrees
  decl REAL,
  data TEXT NOT NULL,               -- JSON object, keys in alphabetical order
  PRIMARY KEY (setid, row)
);
CREATE INDEX dataset_rows_object ON dataset_rows (collection, objectid);

-- Derived: can be rebuilt from dataset_rows.
CREATE TABLE objects (
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  ra REAL,                          -- degrees
  decl REAL,
  zone INTEGER,                     -- floor((decl + 90) * 6)
  PRIMARY KEY (collection, objectid)
);
-- Cones look up strips of declination and pieces of right ascension. With the last two
-- columns what most ask for is in the index, and the table need not be read.
CREATE INDEX objects_sky ON objects (zone, ra, decl, collection, objectid);

-- Which catalog column each further column of `objects` holds.
CREATE TABLE object_columns (
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('integer', 'real', 'text')),
  sql_name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  PRIMARY KEY (name, kind)
);

CREATE TABLE files (
  path TEXT PRIMARY KEY,            -- below the mirror's root
  setid TEXT REFERENCES datasets (setid),
  collection TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('csv', 'lczip', 'json', 'pickle', 'lc', 'lcformat', 'png')),
  size INTEGER NOT NULL,            -- bytes
  sha256 TEXT NOT NULL,
  etag TEXT,
  last_modified TEXT,               -- HTTP date, verbatim
  fetched_at TEXT NOT NULL,
  verified_at TEXT,
  state TEXT NOT NULL CHECK (state IN ('ok', 'damaged', 'missing', 'superseded')),
  note TEXT
);
CREATE INDEX files_setid ON files (setid);
CREATE INDEX files_verified ON files (verified_at);
CREATE INDEX files_state ON files (state) WHERE state <> 'ok';

-- Derived: can be rebuilt from the files.
CREATE TABLE lightcurves (
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  setid TEXT REFERENCES datasets (setid),
  path TEXT NOT NULL REFERENCES files (path),
  member TEXT,                      -- name inside the ZIP; NULL for a light curve alone
  size INTEGER NOT NULL,            -- bytes
  crc32 INTEGER,
  newest INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (collection, objectid, path)
) WITHOUT ROWID;
CREATE INDEX lightcurves_path ON lightcurves (path);
CREATE INDEX lightcurves_objectid ON lightcurves (objectid);

-- Light curves that the server itself says or shows it does not have.
CREATE TABLE missing_lightcurves (
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  setid TEXT NOT NULL REFERENCES datasets (setid),
  reason TEXT NOT NULL,
  since TEXT NOT NULL,
  PRIMARY KEY (collection, objectid, setid)
) WITHOUT ROWID;
CREATE INDEX missing_lightcurves_setid ON missing_lightcurves (setid);

-- What is still to be done for a dataset.
CREATE TABLE work (
  setid TEXT PRIMARY KEY REFERENCES datasets (setid),
  reason TEXT NOT NULL,
  since TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before TEXT NOT NULL,
  last_error TEXT
) WITHOUT ROWID;
CREATE INDEX work_not_before ON work (not_before);

-- Single light curves that could not be had, and when they are tried again.
CREATE TABLE lightcurve_attempts (
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  not_before TEXT NOT NULL,
  last_error TEXT NOT NULL,
  PRIMARY KEY (collection, objectid)
) WITHOUT ROWID;

-- What the next poll of a list needs to know.
CREATE TABLE polls (
  name TEXT PRIMARY KEY CHECK (name IN ('collections', 'datasets')),
  etag TEXT,
  nsets INTEGER,                    -- window of the dataset list that `etag` belongs to
  proves INTEGER NOT NULL DEFAULT 0,-- its body held a dataset that we knew
  dialect TEXT,
  last_ok TEXT,
  last_full TEXT,
  proven_until TEXT                 -- nothing up to this last_updated is unknown, but gaps
) WITHOUT ROWID;

-- Times at which datasets may have slid past us unseen.
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY,
  detected TEXT NOT NULL,
  older_than TEXT,                  -- datasets last updated before this …
  newer_than TEXT,                  -- … and after this may be missing
  message TEXT NOT NULL
);

CREATE TABLE sync_log (
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  started TEXT NOT NULL,
  finished TEXT,
  outcome TEXT,
  new_datasets INTEGER,
  bytes INTEGER,
  requests INTEGER,
  message TEXT
);

-- Row counts that would take long to count, kept by the writes that change them.
CREATE TABLE counts (
  name TEXT PRIMARY KEY,
  n INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counts VALUES
  ('dataset_rows', 0), ('objects', 0), ('lightcurves', 0), ('file_bytes', 0);
CREATE TRIGGER files_added AFTER INSERT ON files BEGIN
  UPDATE counts SET n = n + new.size WHERE name = 'file_bytes';
END;
CREATE TRIGGER files_changed AFTER UPDATE OF size ON files BEGIN
  UPDATE counts SET n = n + new.size - old.size WHERE name = 'file_bytes';
END;
CREATE TRIGGER files_removed AFTER DELETE ON files BEGIN
  UPDATE counts SET n = n - old.size WHERE name = 'file_bytes';
END;

-- Saved searches. What the configuration asks, as it was when last looked at.
CREATE TABLE searches (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  params TEXT NOT NULL,             -- JSON: the question, as the configuration puts it
  schedule TEXT NOT NULL,           -- in words
  enabled INTEGER NOT NULL,         -- 0 also when the configuration no longer has it
  last_run TEXT,                    -- when its last run began
  next_run TEXT,                    -- when it is next due; NULL while nothing is foreseen
  first_seen TEXT NOT NULL,
  view_run INTEGER                  -- the run that latest_<name> shows
);

-- One row per replay. A due time has one row, so it cannot be run twice.
CREATE TABLE search_runs (
  id INTEGER PRIMARY KEY,
  search TEXT NOT NULL REFERENCES searches (name),
  due TEXT,                         -- NULL: a person asked for it
  covers INTEGER NOT NULL DEFAULT 1,-- due times it stands for: this one, and those missed before
  started TEXT NOT NULL,
  finished TEXT,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'mirroring',
                                       'ok', 'suspect', 'failed', 'gave_up')),
  setid TEXT,                       -- of its first part
  nobjects INTEGER,                 -- different objects in the result
  total_nmatches INTEGER,           -- objects matched, before sample and limit
  added INTEGER,
  removed INTEGER,
  changed INTEGER,
  message TEXT,
  params TEXT NOT NULL,             -- JSON: the question of this run
  data TEXT NOT NULL,               -- JSON: how new the searched collections were
  deadline_s REAL NOT NULL,
  compared_with INTEGER REFERENCES search_runs (id),
  next_look TEXT,                   -- nothing is to be done before
  UNIQUE (search, due)
);
CREATE INDEX search_runs_unfinished ON search_runs (search) WHERE finished IS NULL;

-- A part is one request: only an xmatch of many positions has several.
CREATE TABLE search_run_sets (
  run_id INTEGER NOT NULL REFERENCES search_runs (id),
  part INTEGER NOT NULL,            -- from 1
  setid TEXT,                       -- NULL until the server has named it
  state TEXT NOT NULL CHECK (state IN ('unsent', 'sending', 'made', 'complete',
                                       'empty', 'failed')),
  request TEXT,                     -- JSON: what is to be sent; NULL once a setid is known
  sent_at TEXT,
  completed_at TEXT,
  tries INTEGER NOT NULL DEFAULT 0, -- requests that were not begun, or looks in vain
  lost INTEGER NOT NULL DEFAULT 0,  -- requests that may have been begun without our
                                    -- learning the setid
  total_nmatches INTEGER,
  message TEXT,
  PRIMARY KEY (run_id, part)
) WITHOUT ROWID;
CREATE INDEX search_run_sets_setid ON search_run_sets (setid) WHERE setid IS NOT NULL;

-- With rowids: SQLite 3.40's integrity_check misreads a table without them whose primary
-- key is not its first columns.
CREATE TABLE search_changes (
  run_id INTEGER NOT NULL REFERENCES search_runs (id),
  search TEXT NOT NULL,
  change TEXT NOT NULL CHECK (change IN ('added', 'removed', 'changed')),
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  PRIMARY KEY (run_id, collection, objectid)
);
CREATE INDEX search_changes_search ON search_changes (search, run_id);

-- The objects that a search has found and not lost: all its changes so far, added up.
CREATE TABLE search_members (
  search TEXT NOT NULL,
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  PRIMARY KEY (search, collection, objectid)
) WITHOUT ROWID;

-- The daemon: what it does by itself, when, and how that went.
CREATE TABLE jobs (
  name TEXT PRIMARY KEY,            -- datasets, collections, searches, keys, verify, prune, tidy
  schedule TEXT NOT NULL,           -- in words
  due TEXT,                         -- what the next run is for; NULL while nothing is due
  next_run TEXT,                    -- when it is tried: `due`, or later after a failure
  last_due TEXT,
  last_started TEXT,                -- after last_finished: it runs, or was cut off
  last_finished TEXT,
  last_outcome TEXT CHECK (last_outcome IN ('ok', 'failed', 'skipped')),
  last_message TEXT,
  failures INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- What is wrong for some time, so that it is told once a day and not every time.
CREATE TABLE troubles (
  key TEXT PRIMARY KEY,
  since TEXT NOT NULL,
  told TEXT NOT NULL,
  message TEXT NOT NULL
) WITHOUT ROWID;

-- Pruning: files that have left the catalog and are about to leave the disk.
CREATE TABLE pruned_files (
  path TEXT PRIMARY KEY
) WITHOUT ROWID;

-- Telling people: what has been told, and what is still to be told to whom.
CREATE TABLE announced (
  subject TEXT PRIMARY KEY,         -- what is watched, or "sent:" and to whom and of what kind
  what TEXT NOT NULL,               -- the last id told, or what is wrong
  at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE announcements (
  id INTEGER PRIMARY KEY,
  recipient TEXT NOT NULL,          -- hash of the command or address
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  event TEXT NOT NULL,              -- JSON
  tries INTEGER NOT NULL DEFAULT 0,
  not_before TEXT NOT NULL
);
