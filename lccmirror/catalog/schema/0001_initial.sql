-- The catalog of a mirror, version 1. Names in the contract (docs: "The catalog") are
-- fixed; times are ISO-8601 UTC with Z unless a column says otherwise.

-- Which server this is a mirror of, and settings that outlive a run.
CREATE TABLE mirror (
  key TEXT PRIMARY KEY,             -- server_url, api_key_until, …
  value TEXT                        -- as text
);

-- The collections of the server, as its list last had them.
CREATE TABLE collections (
  collection TEXT PRIMARY KEY,      -- database ID, as in search results: hatnet_keplerfield
  collection_id TEXT NOT NULL,      -- path form: hatnet-keplerfield
  name TEXT,                        -- title, as the server has it
  description TEXT,                 -- as the server has it, HTML included
  project TEXT,                     -- who observed it
  citation TEXT,                    -- what to cite when it is used
  visibility TEXT,                  -- public, unlisted, shared or private
  nobjects INTEGER,                 -- objects in it on the server
  datarelease INTEGER,              -- number of its release
  minra REAL,                       -- degrees
  maxra REAL,                       -- degrees
  mindecl REAL,                     -- degrees
  maxdecl REAL,                     -- degrees
  lcformatdesc TEXT,                -- path on the server of its light curves' format
  lcmagcols TEXT,
                                    -- its magnitude columns in light curves, with commas
                                    -- between
  last_updated TEXT,                -- verbatim: the server's local time
  first_seen TEXT NOT NULL,         -- in a list of ours
  last_seen TEXT NOT NULL           -- in a list of ours
);

-- The catalog columns that each collection offers.
CREATE TABLE columns (
  collection TEXT NOT NULL REFERENCES collections (collection), -- whose column
  name TEXT NOT NULL,               -- as in tables and in filters
  position INTEGER NOT NULL,        -- from 0, as the server orders them
  title TEXT,                       -- for people
  description TEXT,                 -- with the unit, where the server says it
  dtype TEXT,                       -- NumPy's: f8, i8, U20
  format TEXT,                      -- printf's, for CSV
  indexed INTEGER NOT NULL DEFAULT 0, -- 1: quick to filter by on the server
  fts_indexed INTEGER NOT NULL DEFAULT 0, -- 1: found by full-text search on the server
  first_seen TEXT NOT NULL,         -- in a list of ours
  last_seen TEXT NOT NULL,          -- in a list of ours
  PRIMARY KEY (collection, name)
);

-- Every dataset that the server has ever shown us, mirrored or not: what it is, what state
-- it is in, and why.
CREATE TABLE datasets (
  setid TEXT PRIMARY KEY,           -- the server's name for it
  name TEXT,                        -- title
  description TEXT,                 -- as its makers put it
  citation TEXT,                    -- what to cite when it is used
  created_on TEXT,                  -- the server's UTC, verbatim plus Z
  last_updated TEXT,                -- the same; as in the dataset list
  nobjects INTEGER,                 -- rows of its table, says the server
  query_type TEXT,
                                    -- the search that made it: sqlite_kdtree_conesearch,
                                    -- sqlite_column_search, sqlite_fulltext_search,
                                    -- sqlite_xmatch_search
  query_params TEXT,                -- JSON
  visibility TEXT,                  -- public, unlisted, shared or private
  origin TEXT NOT NULL CHECK (origin IN ('listed', 'search')),
                                    -- how we came to know it: from the list, or by a search of
                                    -- ours
  state TEXT NOT NULL CHECK (state IN ('listed', 'waiting', 'mirrored', 'partial',
                                       'failed', 'skipped', 'private', 'pruned')),
                                    -- mirrored: all that is wanted is here; partial: the table
                                    -- is, something else is not
  reason TEXT,                      -- why it is in this state, where that needs saying
  values_from TEXT CHECK (values_from IN ('both', 'csv', 'json')),
                                    -- which published forms its values were worked out from
  same_as TEXT REFERENCES datasets (setid),
                                    -- the dataset with an identical table, whose rows stand
                                    -- for these
  has_lczip INTEGER,                -- 1, 0, or NULL while that is not known
  nrows INTEGER,                    -- rows in dataset_rows (or in those of same_as)
  table_sha256 TEXT,                -- of the typed rows, whatever the order of columns
  lc_sha256 TEXT,                   -- of the light curves that its objects have
  last_error TEXT,                  -- what went wrong the last time
  first_seen TEXT NOT NULL,         -- by us
  last_seen TEXT NOT NULL,          -- by us
  vanished_at TEXT,                 -- the whole list was read and did not have it
  mirrored_at TEXT                  -- when the last of it came
);
CREATE INDEX datasets_state ON datasets (state);
CREATE INDEX datasets_bad ON datasets (setid) WHERE state IN ('failed', 'partial', 'private');
CREATE INDEX datasets_last_updated ON datasets (last_updated);
CREATE INDEX datasets_created_on ON datasets (created_on, setid);
CREATE INDEX datasets_ingested ON datasets (coalesce(created_on, ''), setid)
WHERE nrows IS NOT NULL;
CREATE INDEX datasets_table_sha256 ON datasets (table_sha256) WHERE table_sha256 IS NOT NULL;
CREATE INDEX datasets_lc_sha256 ON datasets (lc_sha256) WHERE lc_sha256 IS NOT NULL;
CREATE INDEX datasets_same_as ON datasets (same_as) WHERE same_as IS NOT NULL;

-- Which collections a dataset was searched out of.
CREATE TABLE dataset_collections (
  setid TEXT NOT NULL REFERENCES datasets (setid), -- the dataset
  collection TEXT NOT NULL,         -- database ID of the collection
  PRIMARY KEY (setid, collection)
) WITHOUT ROWID;
CREATE INDEX dataset_collections_collection ON dataset_collections (collection);

-- The columns of a dataset's table, in the published order.
CREATE TABLE dataset_columns (
  setid TEXT NOT NULL REFERENCES datasets (setid), -- the dataset
  position INTEGER NOT NULL,        -- from 0
  name TEXT NOT NULL,               -- as published
  title TEXT,                       -- for people
  description TEXT,                 -- with the unit, where the server says it
  dtype TEXT,                       -- NumPy's
  format TEXT,                      -- printf's, for CSV
  kind TEXT NOT NULL CHECK (kind IN ('integer', 'real', 'text')), -- what its values are in SQL
  PRIMARY KEY (setid, position)
) WITHOUT ROWID;

-- The tables of all datasets, row by row, with their exact values.
CREATE TABLE dataset_rows (
  setid TEXT NOT NULL REFERENCES datasets (setid), -- the dataset
  row INTEGER NOT NULL,             -- from 1, in the published order
  collection TEXT,                  -- database ID
  objectid TEXT,                    -- the object's name
  ra REAL,                          -- degrees
  decl REAL,                        -- degrees
  data TEXT NOT NULL,               -- JSON object, keys in alphabetical order
  PRIMARY KEY (setid, row)
);
CREATE INDEX dataset_rows_object ON dataset_rows (collection, objectid);

-- Every object of which a mirrored dataset has a row, with its newest values. To the columns
-- here come those of the collections' catalogs, as datasets with them are mirrored; which
-- they are is in object_columns. Derived: can be rebuilt from dataset_rows, whose right
-- ascensions are as published; here they are from 0 to 360.
CREATE TABLE objects (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- name, unique in its collection
  ra REAL,                          -- degrees
  decl REAL,                        -- degrees
  zone INTEGER,                     -- floor((decl + 90) * 6)
  PRIMARY KEY (collection, objectid)
);
-- Cones look up strips of declination and pieces of right ascension. With the last two
-- columns what most ask for is in the index, and the table need not be read.
CREATE INDEX objects_sky ON objects (zone, ra, decl, collection, objectid);

-- Which catalog column each further column of `objects` holds.
CREATE TABLE object_columns (
  name TEXT NOT NULL,               -- as the server names it
  kind TEXT NOT NULL CHECK (kind IN ('integer', 'real', 'text')),
                                    -- one name can hold numbers here and texts there
  sql_name TEXT NOT NULL UNIQUE COLLATE NOCASE, -- in `objects`
  PRIMARY KEY (name, kind)
);

-- Every file of the mirror, with what it must be.
CREATE TABLE files (
  path TEXT PRIMARY KEY,            -- below the mirror's root
  setid TEXT REFERENCES datasets (setid), -- the dataset it belongs to
  collection TEXT,                  -- for what belongs to a collection
  kind TEXT NOT NULL CHECK (kind IN ('csv', 'lczip', 'json', 'pickle', 'lc', 'lcformat',
                                     'objectinfo', 'png')),
                                    -- csv and json: the table; lczip: light curves; lc: one
                                    -- alone
  size INTEGER NOT NULL,            -- bytes
  sha256 TEXT NOT NULL,             -- of its bytes, when it came
  etag TEXT,                        -- as the server sent it, verbatim
  last_modified TEXT,               -- HTTP date, verbatim
  fetched_at TEXT NOT NULL,         -- when it came
  verified_at TEXT,                 -- when its bytes were last read again and found to be these
  state TEXT NOT NULL CHECK (state IN ('ok', 'damaged', 'missing', 'superseded')),
                                    -- superseded: the server has a newer one, kept beside it
  note TEXT                         -- what is wrong with it
);
CREATE INDEX files_setid ON files (setid);
CREATE INDEX files_verified ON files (verified_at);
CREATE INDEX files_read ON files (coalesce(verified_at, fetched_at));
CREATE INDEX files_state ON files (state) WHERE state <> 'ok';

-- Every mirrored light curve, and where it is: as a member of a ZIP, or alone.
-- Derived: can be rebuilt from the files.
CREATE TABLE lightcurves (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- whose light curve
  setid TEXT REFERENCES datasets (setid), -- the dataset whose ZIP it is in
  path TEXT NOT NULL REFERENCES files (path), -- of the ZIP, or of the light curve alone
  member TEXT,                      -- name inside the ZIP; NULL for a light curve alone
  size INTEGER NOT NULL,            -- bytes
  crc32 INTEGER,                    -- of its bytes, as the ZIP has it
  newest INTEGER NOT NULL DEFAULT 0, -- 1: the copy to use, one for each object
  PRIMARY KEY (collection, objectid, path)
) WITHOUT ROWID;
CREATE INDEX lightcurves_path ON lightcurves (path);
CREATE INDEX lightcurves_objectid ON lightcurves (objectid);

-- Light curves that the server itself says or shows it does not have.
CREATE TABLE missing_lightcurves (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- whose light curve
  setid TEXT NOT NULL REFERENCES datasets (setid), -- the dataset that should have it
  reason TEXT NOT NULL,             -- how the server says so
  since TEXT NOT NULL,              -- when we learned it
  PRIMARY KEY (collection, objectid, setid)
) WITHOUT ROWID;
CREATE INDEX missing_lightcurves_setid ON missing_lightcurves (setid);

-- What is still to be done for a dataset.
CREATE TABLE work (
  setid TEXT PRIMARY KEY REFERENCES datasets (setid), -- the dataset
  reason TEXT NOT NULL,             -- why: new, changed, …
  since TEXT NOT NULL,              -- when it was planned
  attempts INTEGER NOT NULL DEFAULT 0, -- failures so far
  not_before TEXT NOT NULL,         -- when it is tried next
  last_error TEXT,                  -- why it failed the last time
  created_on TEXT NOT NULL DEFAULT '' -- the dataset's, or nothing: it is fetched in this order
) WITHOUT ROWID;
CREATE INDEX work_order ON work (created_on, setid, not_before);
CREATE INDEX work_not_before ON work (not_before);
CREATE INDEX work_tried ON work (not_before, setid) WHERE attempts > 0;

CREATE TRIGGER work_put AFTER INSERT ON work BEGIN
  UPDATE work SET created_on = coalesce(
    (SELECT created_on FROM datasets WHERE setid = new.setid), '')
  WHERE setid = new.setid;
END;
CREATE TRIGGER work_moved AFTER UPDATE OF created_on ON datasets
WHEN old.created_on IS NOT new.created_on BEGIN
  UPDATE work SET created_on = coalesce(new.created_on, '') WHERE setid = new.setid;
END;

-- Single light curves that could not be had, and when they are tried again.
CREATE TABLE lightcurve_attempts (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- whose light curve
  attempts INTEGER NOT NULL,        -- failures so far
  not_before TEXT NOT NULL,         -- when it is tried next
  last_error TEXT NOT NULL,         -- why it failed the last time
  PRIMARY KEY (collection, objectid)
) WITHOUT ROWID;

-- What the server told of single objects, beyond its catalogs, and how it was asked. What is
-- here stays, also when the server has it no longer.
CREATE TABLE object_info (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- which object
  state TEXT NOT NULL CHECK (state IN ('ok', 'missing', 'refused', 'failed')),
                                    -- how it ended when it was last asked for; missing: the
                                    -- server says it has none
  asked_at TEXT NOT NULL,           -- when that was
  attempts INTEGER NOT NULL DEFAULT 0, -- in vain, since it last was ok
  not_before TEXT,                  -- when it is tried next, if it was in vain
  last_error TEXT,                  -- why it was
  fetched_at TEXT,                  -- when what follows came; NULL: nothing ever did
  objectisvar INTEGER,              -- the server's flag: 1 is a variable; 0 is not, or not known
  vartags TEXT,                     -- types of variability, with commas between
  objecttags TEXT,                  -- types of object, with commas between
  comments TEXT,                    -- of the people who looked at it
  period REAL,                      -- days; the one that people chose
  epoch REAL,                       -- of that period, in the days of the light curve
  xmatch TEXT,                      -- JSON: matches in other catalogs
  neighbors INTEGER,                -- how many neighbours the server tells of
  problems TEXT,                    -- JSON: what was odd about it, each in words
  info TEXT,                        -- JSON: all of it, without the pictures
  path TEXT,                        -- of the whole of it below the mirror's root, gzip
  finderchart TEXT,                 -- path of a picture of the sky around it, PNG
  magseries TEXT,                   -- path of a plot of its light curve, PNG
  PRIMARY KEY (collection, objectid)
);
CREATE INDEX object_info_due ON object_info (not_before, state) WHERE state <> 'ok';
CREATE INDEX object_info_failed ON object_info (asked_at) WHERE state = 'failed';
CREATE INDEX object_info_age ON object_info (asked_at) WHERE state = 'ok';
CREATE INDEX object_info_objectid ON object_info (objectid);

-- The periods that the server found in an object's light curve.
CREATE TABLE object_periods (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- which object
  method TEXT NOT NULL,             -- gls, bls, pdm, … as the server calls it
  rank INTEGER NOT NULL,            -- 1 is the method's best
  period REAL NOT NULL,             -- days
  epoch REAL,                       -- of the phased light curve, in the days of the light curve
  PRIMARY KEY (collection, objectid, method, rank)
) WITHOUT ROWID;

-- What the next poll of a list needs to know.
CREATE TABLE polls (
  name TEXT PRIMARY KEY CHECK (name IN ('collections', 'datasets')), -- which list
  etag TEXT,                        -- of the last answer
  nsets INTEGER,                    -- window of the dataset list that `etag` belongs to
  proves INTEGER NOT NULL DEFAULT 0,-- its body held a dataset that we knew
  dialect TEXT,
                                    -- documented or running: which form of the API the server
                                    -- speaks
  last_ok TEXT,                     -- when it was last read well
  last_full TEXT,                   -- when the whole list was last read
  proven_until TEXT                 -- nothing up to this last_updated is unknown, but gaps
) WITHOUT ROWID;

-- Times at which datasets may have slid past us unseen.
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY,           -- a number
  detected TEXT NOT NULL,           -- when
  older_than TEXT,                  -- datasets last updated before this …
  newer_than TEXT,                  -- … and after this may be missing
  message TEXT NOT NULL             -- in words
);

-- What each cycle, and each task of the daemon, came to.
CREATE TABLE sync_log (
  id INTEGER PRIMARY KEY,           -- a number, growing
  job TEXT NOT NULL,                -- sync, verify, prune, …
  started TEXT NOT NULL,            -- when
  finished TEXT,                    -- when; NULL: it was cut off, or runs
  outcome TEXT,                     -- ok or failed
  new_datasets INTEGER,             -- datasets seen for the first time
  bytes INTEGER,                    -- of bodies received
  requests INTEGER,                 -- sent
  message TEXT                      -- the line that people were shown
);

-- What would take long to count: rows, kept by the writes that change them, and more, kept by
-- the triggers below. Derived: can be counted again.
CREATE TABLE counts (
  name TEXT PRIMARY KEY,            -- a table, or table:state or table:kind; file_bytes;
                                    -- datasets:vanished are those with a vanished_at
  n INTEGER NOT NULL                -- how many
) WITHOUT ROWID;
INSERT INTO counts VALUES
  ('dataset_rows', 0), ('objects', 0), ('lightcurves', 0), ('missing_lightcurves', 0),
  ('work', 0), ('file_bytes', 0),
  ('datasets:listed', 0), ('datasets:waiting', 0), ('datasets:mirrored', 0),
  ('datasets:partial', 0), ('datasets:failed', 0), ('datasets:skipped', 0),
  ('datasets:private', 0), ('datasets:pruned', 0), ('datasets:vanished', 0),
  ('files:csv', 0), ('files:lczip', 0), ('files:json', 0), ('files:pickle', 0),
  ('files:lc', 0), ('files:lcformat', 0), ('files:objectinfo', 0), ('files:png', 0),
  ('file_bytes:csv', 0), ('file_bytes:lczip', 0), ('file_bytes:json', 0),
  ('file_bytes:pickle', 0), ('file_bytes:lc', 0), ('file_bytes:lcformat', 0),
  ('file_bytes:objectinfo', 0), ('file_bytes:png', 0),
  ('object_info:ok', 0), ('object_info:missing', 0), ('object_info:refused', 0),
  ('object_info:failed', 0);

-- How much came when: the files that are here, by the hour in which they came. Derived.
CREATE TABLE arrivals (
  hour TEXT PRIMARY KEY,            -- the first 13 characters of files.fetched_at
  bytes INTEGER NOT NULL            -- of those files
) WITHOUT ROWID;

CREATE TRIGGER counts_datasets_put AFTER INSERT ON datasets BEGIN
  UPDATE counts SET n = n + 1 WHERE name = 'datasets:' || new.state;
  UPDATE counts SET n = n + 1
  WHERE name = 'datasets:vanished' AND new.vanished_at IS NOT NULL;
END;
CREATE TRIGGER counts_datasets_state AFTER UPDATE OF state ON datasets
WHEN old.state <> new.state BEGIN
  UPDATE counts SET n = n - 1 WHERE name = 'datasets:' || old.state;
  UPDATE counts SET n = n + 1 WHERE name = 'datasets:' || new.state;
END;
CREATE TRIGGER counts_datasets_vanished AFTER UPDATE OF vanished_at ON datasets
WHEN (old.vanished_at IS NULL) <> (new.vanished_at IS NULL) BEGIN
  UPDATE counts SET n = n + CASE WHEN new.vanished_at IS NULL THEN -1 ELSE 1 END
  WHERE name = 'datasets:vanished';
END;
CREATE TRIGGER counts_datasets_remove AFTER DELETE ON datasets BEGIN
  UPDATE counts SET n = n - 1 WHERE name = 'datasets:' || old.state;
  UPDATE counts SET n = n - 1
  WHERE name = 'datasets:vanished' AND old.vanished_at IS NOT NULL;
END;
CREATE TRIGGER counts_files_put AFTER INSERT ON files BEGIN
  UPDATE counts SET n = n + 1 WHERE name = 'files:' || new.kind;
  UPDATE counts SET n = n + new.size WHERE name IN ('file_bytes', 'file_bytes:' || new.kind);
  INSERT INTO arrivals VALUES (substr(new.fetched_at, 1, 13), new.size)
  ON CONFLICT (hour) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER counts_files_change AFTER UPDATE OF kind, size, fetched_at ON files
WHEN (old.kind, old.size, old.fetched_at) <> (new.kind, new.size, new.fetched_at) BEGIN
  UPDATE counts SET n = n - 1 WHERE name = 'files:' || old.kind;
  UPDATE counts SET n = n - old.size WHERE name IN ('file_bytes', 'file_bytes:' || old.kind);
  UPDATE arrivals SET bytes = bytes - old.size WHERE hour = substr(old.fetched_at, 1, 13);
  UPDATE counts SET n = n + 1 WHERE name = 'files:' || new.kind;
  UPDATE counts SET n = n + new.size WHERE name IN ('file_bytes', 'file_bytes:' || new.kind);
  INSERT INTO arrivals VALUES (substr(new.fetched_at, 1, 13), new.size)
  ON CONFLICT (hour) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER counts_files_remove AFTER DELETE ON files BEGIN
  UPDATE counts SET n = n - 1 WHERE name = 'files:' || old.kind;
  UPDATE counts SET n = n - old.size WHERE name IN ('file_bytes', 'file_bytes:' || old.kind);
  UPDATE arrivals SET bytes = bytes - old.size WHERE hour = substr(old.fetched_at, 1, 13);
END;
CREATE TRIGGER counts_missing_put AFTER INSERT ON missing_lightcurves BEGIN
  UPDATE counts SET n = n + 1 WHERE name = 'missing_lightcurves';
END;
CREATE TRIGGER counts_missing_remove AFTER DELETE ON missing_lightcurves BEGIN
  UPDATE counts SET n = n - 1 WHERE name = 'missing_lightcurves';
END;
CREATE TRIGGER counts_work_put AFTER INSERT ON work BEGIN
  UPDATE counts SET n = n + 1 WHERE name = 'work';
END;
CREATE TRIGGER counts_work_remove AFTER DELETE ON work BEGIN
  UPDATE counts SET n = n - 1 WHERE name = 'work';
END;
CREATE TRIGGER counts_info_put AFTER INSERT ON object_info BEGIN
  UPDATE counts SET n = n + 1 WHERE name = 'object_info:' || new.state;
END;
CREATE TRIGGER counts_info_state AFTER UPDATE OF state ON object_info
WHEN old.state <> new.state BEGIN
  UPDATE counts SET n = n - 1 WHERE name = 'object_info:' || old.state;
  UPDATE counts SET n = n + 1 WHERE name = 'object_info:' || new.state;
END;
CREATE TRIGGER counts_info_remove AFTER DELETE ON object_info BEGIN
  UPDATE counts SET n = n - 1 WHERE name = 'object_info:' || old.state;
END;

-- Saved searches. What the configuration asks, as it was when last looked at.
CREATE TABLE searches (
  name TEXT PRIMARY KEY,            -- as in the configuration
  kind TEXT NOT NULL,               -- conesearch, ftsquery, columnsearch or xmatch
  params TEXT NOT NULL,             -- JSON: the question, as the configuration puts it
  schedule TEXT NOT NULL,           -- in words
  enabled INTEGER NOT NULL,         -- 0 also when the configuration no longer has it
  last_run TEXT,                    -- when its last run began
  next_run TEXT,                    -- when it is next due; NULL while nothing is foreseen
  first_seen TEXT NOT NULL,         -- in the configuration
  view_run INTEGER                  -- the run that latest_<name> shows
);

-- One row per replay. A due time has one row, so it cannot be run twice.
CREATE TABLE search_runs (
  id INTEGER PRIMARY KEY,           -- a number, growing
  search TEXT NOT NULL REFERENCES searches (name), -- its name
  due TEXT,                         -- NULL: a person asked for it
  covers INTEGER NOT NULL DEFAULT 1,-- due times it stands for: this one, and those missed before
  started TEXT NOT NULL,            -- when
  finished TEXT,                    -- when; NULL: not yet
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'mirroring',
                                       'ok', 'suspect', 'failed', 'gave_up')),
                                    -- suspect: nothing after something, not believed until it
                                    -- comes again
  setid TEXT,                       -- of its first part
  nobjects INTEGER,                 -- different objects in the result
  total_nmatches INTEGER,           -- objects matched, before sample and limit
  added INTEGER,                    -- objects that came, since the run it was compared with
  removed INTEGER,                  -- objects that went
  changed INTEGER,                  -- objects whose values changed
  message TEXT,                     -- in words
  params TEXT NOT NULL,             -- JSON: the question of this run
  data TEXT NOT NULL,               -- JSON: how new the searched collections were
  deadline_s REAL NOT NULL,         -- seconds after which it is given up
  compared_with INTEGER REFERENCES search_runs (id), -- the good run before it
  next_look TEXT,                   -- nothing is to be done before
  UNIQUE (search, due)
);
CREATE INDEX search_runs_unfinished ON search_runs (search) WHERE finished IS NULL;

-- A part is one request: only an xmatch of many positions has several.
CREATE TABLE search_run_sets (
  run_id INTEGER NOT NULL REFERENCES search_runs (id), -- the run
  part INTEGER NOT NULL,            -- from 1
  setid TEXT,                       -- NULL until the server has named it
  state TEXT NOT NULL CHECK (state IN ('unsent', 'sending', 'made', 'complete',
                                       'empty', 'failed')),
                                    -- made: the server has named a dataset; complete: it is
                                    -- mirrored
  request TEXT,                     -- JSON: what is to be sent; NULL once a setid is known
  sent_at TEXT,                     -- when it was last sent
  completed_at TEXT,                -- when the dataset was complete
  tries INTEGER NOT NULL DEFAULT 0, -- requests that were not begun, or looks in vain
  lost INTEGER NOT NULL DEFAULT 0,  -- requests that may have been begun without our
                                    -- learning the setid
  total_nmatches INTEGER,           -- objects matched, before sample and limit
  message TEXT,                     -- in words
  PRIMARY KEY (run_id, part)
) WITHOUT ROWID;
CREATE INDEX search_run_sets_setid ON search_run_sets (setid) WHERE setid IS NOT NULL;

-- Objects that came, went or changed in a run of a search. (With rowids: SQLite 3.40's
-- integrity_check misreads a table without them whose primary
-- key is not its first columns.
CREATE TABLE search_changes (
  run_id INTEGER NOT NULL REFERENCES search_runs (id), -- the run that saw it
  search TEXT NOT NULL,             -- its name
  change TEXT NOT NULL CHECK (change IN ('added', 'removed', 'changed')),
                                    -- added: it came; removed: it went; changed: other values
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- which object
  PRIMARY KEY (run_id, collection, objectid)
);
CREATE INDEX search_changes_search ON search_changes (search, run_id);

-- The objects that a search has found and not lost: all its changes so far, added up.
CREATE TABLE search_members (
  search TEXT NOT NULL,             -- its name
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- which object
  PRIMARY KEY (search, collection, objectid)
) WITHOUT ROWID;

-- The daemon: what it does by itself, when, and how that went.
CREATE TABLE jobs (
  name TEXT PRIMARY KEY,            -- datasets, collections, searches, keys, verify, prune, tidy
  schedule TEXT NOT NULL,           -- in words
  due TEXT,                         -- what the next run is for; NULL while nothing is due
  next_run TEXT,                    -- when it is tried: `due`, or later after a failure
  last_due TEXT,                    -- what the last run was for
  last_started TEXT,                -- after last_finished: it runs, or was cut off
  last_finished TEXT,               -- when
  last_outcome TEXT CHECK (last_outcome IN ('ok', 'failed', 'skipped')),
                                    -- skipped: there was nothing to do
  last_message TEXT,                -- in words
  failures INTEGER NOT NULL DEFAULT 0 -- in a row
) WITHOUT ROWID;

-- What is wrong for some time, so that it is told once a day and not every time.
CREATE TABLE troubles (
  key TEXT PRIMARY KEY,             -- what it is about
  since TEXT NOT NULL,              -- when it began
  told TEXT NOT NULL,               -- when it was last told
  message TEXT NOT NULL             -- in words
) WITHOUT ROWID;

-- Pruning: files that have left the catalog and are about to leave the disk.
CREATE TABLE pruned_files (
  path TEXT PRIMARY KEY             -- below the mirror's root
) WITHOUT ROWID;

-- Telling people: what has been told, and what is still to be told to whom.
CREATE TABLE announced (
  subject TEXT PRIMARY KEY,         -- what is watched, or "sent:" and to whom and of what kind
  what TEXT NOT NULL,               -- the last id told, or what is wrong
  at TEXT NOT NULL                  -- when
) WITHOUT ROWID;
-- What is still to be sent to whom.
CREATE TABLE announcements (
  id INTEGER PRIMARY KEY,           -- a number, growing
  recipient TEXT NOT NULL,          -- hash of the command or address
  kind TEXT NOT NULL,               -- of event
  at TEXT NOT NULL,                 -- when it happened
  event TEXT NOT NULL,              -- JSON
  tries INTEGER NOT NULL DEFAULT 0, -- failures so far
  not_before TEXT NOT NULL          -- when it is tried next
);

-- Full-text search. Each of these keeps a copy of what is to be found, under a number of its
-- own, which VACUUM does not change; <name>_fts is the index over it, to be asked by
--   SELECT … FROM datasets_fts WHERE datasets_fts MATCH 'rr lyr*' ORDER BY rank
-- (docs/full-text.md).
CREATE TABLE datasets_text (
  id INTEGER PRIMARY KEY,           -- the rowid of datasets_fts
  setid TEXT NOT NULL UNIQUE,
  name TEXT,
  description TEXT,
  citation TEXT,
  query TEXT                        -- the texts in query_params: conditions, words, names
);
-- The same of collections.
CREATE TABLE collections_text (
  id INTEGER PRIMARY KEY,           -- the rowid of collections_fts
  collection TEXT NOT NULL UNIQUE,
  name TEXT,
  description TEXT,
  project TEXT,
  citation TEXT
);
-- The same of the collections' columns.
CREATE TABLE columns_text (
  id INTEGER PRIMARY KEY,           -- the rowid of columns_fts
  collection TEXT NOT NULL,
  name TEXT NOT NULL,
  title TEXT,
  description TEXT,
  UNIQUE (collection, name)
);
-- The same of objects: their names, and the texts in their columns.
CREATE TABLE objects_text (
  id INTEGER PRIMARY KEY,           -- the rowid of objects_fts
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  words TEXT,                       -- the object's text columns, one a line
  UNIQUE (collection, objectid)
);

-- The index over datasets_text. Words are runs of letters and digits, without their accents:
-- HAT-199-0000123 is three.
CREATE VIRTUAL TABLE datasets_fts USING fts5 (
  setid, name, description, citation, query,
  content = 'datasets_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
-- The index over collections_text.
CREATE VIRTUAL TABLE collections_fts USING fts5 (
  collection, name, description, project, citation,
  content = 'collections_text', content_rowid = 'id',
  tokenize = 'unicode61 remove_diacritics 2'
);
-- The index over columns_text.
CREATE VIRTUAL TABLE columns_fts USING fts5 (
  collection UNINDEXED, name, title, description,
  content = 'columns_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
-- The index over objects_text.
CREATE VIRTUAL TABLE objects_fts USING fts5 (
  collection UNINDEXED, objectid, words,
  content = 'objects_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);

-- The small tables are copied as they are written. Most updates of a dataset leave its texts
-- alone, and then nothing is done. This is what is copied of one:
CREATE VIEW datasets_words AS
SELECT setid, name, description, citation,
  CASE WHEN json_valid(query_params) THEN (
    SELECT group_concat(atom, char(10)) FROM json_tree(query_params)
    WHERE type = 'text'
      -- which columns were asked for, what kinds of values they have, who may see the result
      AND path NOT IN ('$.getcolumns', '$.inputdata', '$.inputdata.columns',
                       '$.inputdata.types')
      AND fullkey NOT IN ('$.visibility', '$.sharedwith')
  ) ELSE query_params END AS query
FROM datasets;
CREATE TRIGGER datasets_text_put AFTER INSERT ON datasets BEGIN
  INSERT INTO datasets_text (setid, name, description, citation, query)
  SELECT * FROM datasets_words WHERE setid = new.setid;
END;
CREATE TRIGGER datasets_text_change
AFTER UPDATE OF name, description, citation, query_params ON datasets
WHEN (old.name, old.description, old.citation, old.query_params)
     IS NOT (new.name, new.description, new.citation, new.query_params) BEGIN
  UPDATE datasets_text SET (name, description, citation, query) = (
    SELECT name, description, citation, query FROM datasets_words WHERE setid = new.setid)
  WHERE setid = new.setid;
END;
CREATE TRIGGER datasets_text_remove AFTER DELETE ON datasets BEGIN
  DELETE FROM datasets_text WHERE setid = old.setid;
END;
CREATE TRIGGER collections_text_put AFTER INSERT ON collections BEGIN
  INSERT INTO collections_text (collection, name, description, project, citation)
  VALUES (new.collection, new.name, new.description, new.project, new.citation);
END;
CREATE TRIGGER collections_text_change
AFTER UPDATE OF name, description, project, citation ON collections
WHEN (old.name, old.description, old.project, old.citation)
     IS NOT (new.name, new.description, new.project, new.citation) BEGIN
  UPDATE collections_text SET name = new.name, description = new.description,
    project = new.project, citation = new.citation WHERE collection = new.collection;
END;
CREATE TRIGGER collections_text_remove AFTER DELETE ON collections BEGIN
  DELETE FROM collections_text WHERE collection = old.collection;
END;
CREATE TRIGGER columns_text_put AFTER INSERT ON columns BEGIN
  INSERT INTO columns_text (collection, name, title, description)
  VALUES (new.collection, new.name, new.title, new.description);
END;
CREATE TRIGGER columns_text_change AFTER UPDATE OF title, description ON columns
WHEN (old.title, old.description) IS NOT (new.title, new.description) BEGIN
  UPDATE columns_text SET title = new.title, description = new.description
  WHERE collection = new.collection AND name = new.name;
END;
CREATE TRIGGER columns_text_remove AFTER DELETE ON columns BEGIN
  DELETE FROM columns_text WHERE collection = old.collection AND name = old.name;
END;

-- An index follows its copy. What is taken out of it must be told as it was put in.
CREATE TRIGGER datasets_fts_put AFTER INSERT ON datasets_text BEGIN
  INSERT INTO datasets_fts (rowid, setid, name, description, citation, query)
  VALUES (new.id, new.setid, new.name, new.description, new.citation, new.query);
END;
CREATE TRIGGER datasets_fts_change AFTER UPDATE ON datasets_text BEGIN
  INSERT INTO datasets_fts
    (datasets_fts, rowid, setid, name, description, citation, query)
  VALUES ('delete', old.id, old.setid, old.name, old.description, old.citation, old.query);
  INSERT INTO datasets_fts (rowid, setid, name, description, citation, query)
  VALUES (new.id, new.setid, new.name, new.description, new.citation, new.query);
END;
CREATE TRIGGER datasets_fts_remove AFTER DELETE ON datasets_text BEGIN
  INSERT INTO datasets_fts
    (datasets_fts, rowid, setid, name, description, citation, query)
  VALUES ('delete', old.id, old.setid, old.name, old.description, old.citation, old.query);
END;
CREATE TRIGGER collections_fts_put AFTER INSERT ON collections_text BEGIN
  INSERT INTO collections_fts (rowid, collection, name, description, project, citation)
  VALUES (new.id, new.collection, new.name, new.description, new.project, new.citation);
END;
CREATE TRIGGER collections_fts_change AFTER UPDATE ON collections_text BEGIN
  INSERT INTO collections_fts
    (collections_fts, rowid, collection, name, description, project, citation)
  VALUES ('delete', old.id, old.collection, old.name, old.description, old.project,
          old.citation);
  INSERT INTO collections_fts (rowid, collection, name, description, project, citation)
  VALUES (new.id, new.collection, new.name, new.description, new.project, new.citation);
END;
CREATE TRIGGER collections_fts_remove AFTER DELETE ON collections_text BEGIN
  INSERT INTO collections_fts
    (collections_fts, rowid, collection, name, description, project, citation)
  VALUES ('delete', old.id, old.collection, old.name, old.description, old.project,
          old.citation);
END;
CREATE TRIGGER columns_fts_put AFTER INSERT ON columns_text BEGIN
  INSERT INTO columns_fts (rowid, collection, name, title, description)
  VALUES (new.id, new.collection, new.name, new.title, new.description);
END;
CREATE TRIGGER columns_fts_change AFTER UPDATE ON columns_text BEGIN
  INSERT INTO columns_fts (columns_fts, rowid, collection, name, title, description)
  VALUES ('delete', old.id, old.collection, old.name, old.title, old.description);
  INSERT INTO columns_fts (rowid, collection, name, title, description)
  VALUES (new.id, new.collection, new.name, new.title, new.description);
END;
CREATE TRIGGER columns_fts_remove AFTER DELETE ON columns_text BEGIN
  INSERT INTO columns_fts (columns_fts, rowid, collection, name, title, description)
  VALUES ('delete', old.id, old.collection, old.name, old.title, old.description);
END;
CREATE TRIGGER objects_fts_put AFTER INSERT ON objects_text BEGIN
  INSERT INTO objects_fts (rowid, collection, objectid, words)
  VALUES (new.id, new.collection, new.objectid, new.words);
END;
CREATE TRIGGER objects_fts_change AFTER UPDATE ON objects_text BEGIN
  INSERT INTO objects_fts (objects_fts, rowid, collection, objectid, words)
  VALUES ('delete', old.id, old.collection, old.objectid, old.words);
  INSERT INTO objects_fts (rowid, collection, objectid, words)
  VALUES (new.id, new.collection, new.objectid, new.words);
END;
CREATE TRIGGER objects_fts_remove AFTER DELETE ON objects_text BEGIN
  INSERT INTO objects_fts (objects_fts, rowid, collection, objectid, words)
  VALUES ('delete', old.id, old.collection, old.objectid, old.words);
END;

-- Objects are written by the hundred thousand: what has changed in `objects` is noted here,
-- and copied at the end of a cycle, some at a time.
CREATE TABLE text_due_datasets (
  setid TEXT PRIMARY KEY REFERENCES datasets (setid), -- the objects of this one's rows …
  after_row INTEGER NOT NULL DEFAULT 0 -- … beyond this row
) WITHOUT ROWID;
-- The same, where single objects have changed.
CREATE TABLE text_due_objects (
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  PRIMARY KEY (collection, objectid)
) WITHOUT ROWID;

-- For Datasette, which asks: rowid IN (SELECT rowid FROM <this> WHERE <this> MATCH …), with
-- the rowid of the table that it shows.
CREATE VIEW datasets_search AS
SELECT d.rowid AS rowid, f.setid, f.name, f.description, f.citation, f.query,
       f.datasets_fts AS datasets_search
FROM datasets_fts AS f JOIN datasets AS d ON d.setid = f.setid;
-- The same for collections.
CREATE VIEW collections_search AS
SELECT c.rowid AS rowid, f.collection, f.name, f.description, f.project, f.citation,
       f.collections_fts AS collections_search
FROM collections_fts AS f JOIN collections AS c ON c.collection = f.collection;
-- The same for columns.
CREATE VIEW columns_search AS
SELECT c.rowid AS rowid, f.collection, f.name, f.title, f.description,
       f.columns_fts AS columns_search
FROM columns_fts AS f
JOIN columns AS c ON c.collection = f.collection AND c.name = f.name;
-- The same for objects.
CREATE VIEW objects_search AS
SELECT o.rowid AS rowid, f.collection, f.objectid, f.words, f.objects_fts AS objects_search
FROM objects_fts AS f
JOIN objects AS o ON o.collection = f.collection AND o.objectid = f.objectid;
