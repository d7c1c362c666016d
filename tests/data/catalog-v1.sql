BEGIN;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES (1,'lccmirror','0001_initial','2026-11-23 13:02:11.520499+00:00');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE TABLE mirror (
  key TEXT PRIMARY KEY,             -- server_url, api_key_until, …
  value TEXT                        -- as text
);
INSERT INTO "mirror" VALUES ('server_url','http://127.0.0.1:5000');
INSERT INTO "mirror" VALUES ('rules','e6f3ceae050be9d270f373166df224a9f5c44fc698cbbcc2c61555f3f47f1b3c');
INSERT INTO "mirror" VALUES ('lcformat:demo_field_a','2026-09-21 14:13:20.250000');
INSERT INTO "mirror" VALUES ('lcformat:demo_field_b','2026-09-21 14:13:20.250000');
INSERT INTO "mirror" VALUES ('api_key_until','anonymous 2026-09-28T14:13:50.250000Z');
INSERT INTO "mirror" VALUES ('backup','{"at": "2026-09-21T14:13:50.250000Z", "path": "/mirror/mirror/backups/catalog-127.0.0.1_44885-20260921T141350Z.sqlite"}');
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
INSERT INTO "collections" VALUES ('demo_field_a','demo-field-a','Demo field A','<p>A synthetic <em>northern</em> field, é and "quotes" included.</p>','lccmirror demo','Fernando et al. (2018), "nan", 2018AJ....156..102S','public',40,1,286.3959305,293.3719365,42.5285456,47.4244794,'/c/demo-field-a/lcformat-description.json','aep_000,atf_000','2026-09-21 14:13:20.250000','2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "collections" VALUES ('demo_field_b','demo-field-b','Demo field B','A synthetic southern field over RA 0h.','lccmirror demo',NULL,'public',40,2,0.0147415,359.9969417,-32.3827866,-27.501406,'/c/demo-field-b/lcformat-description.json','aep_000','2026-09-21 14:13:20.250000','2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
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
INSERT INTO "columns" VALUES ('demo_field_a','decl',1,'&delta;','declination of the object [J2000 decimal degrees]','<f8','%.5f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','epoch',2,'epoch [RJD]','time of minimum light','f8','%.5f',0,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','fieldname',3,'field','name of the field','U20','%s',0,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','jmag',4,'<em>J</em> [mag]','2MASS J band magnitude','<f8','%.3f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','kmag',5,'<em>K<sub>s</sub></em> [mag]','2MASS Ks','<f8','%.3f',0,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','lcfname',6,'LC filename','light curve filename','<U66','%s',0,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','ndet',7,'points','number of observations','<i8','%i',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','objectid',8,'object ID','object ID','<U15','%s',1,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','objtype',9,'type','variability type','U20','%s',0,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','period',10,'period [d]','best period','f8','%.7f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','propermotion',11,'&mu; [mas yr<sup>-1</sup>]','total proper motion','<f8','%.2f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','ra',12,'&alpha;','right ascension of the object [J2000 decimal degrees]','<f8','%.5f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','remarks',13,'remarks','free remarks','U200','%s',0,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','sdssr',14,'<em>r</em> [mag]','catalog SDSS r band magnitude','<f8','%.3f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','starname',15,'name','a name of the star','U80','%s',0,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','twomassid',16,'2MASS ID','2MASS ID','<U17','%s',1,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_a','varflag',17,'var. flag','variability flag','i8','%i',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','decl',1,'&delta;','declination of the object [J2000 decimal degrees]','<f8','%.5f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','jmag',2,'<em>J</em> [mag]','2MASS J band magnitude','<f8','%.3f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','lcfname',3,'LC filename','light curve filename','<U66','%s',0,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','ndet',4,'points','number of observations','<i8','%i',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','objectid',5,'object ID','object ID','<U15','%s',1,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','objtype',6,'type','variability type','U20','%s',0,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','parallax',7,'&varpi; [mas]','parallax','<f8','%.3f',0,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','period',8,'period [d]','best period','f8','%.7f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','propermotion',9,'&mu; [mas yr<sup>-1</sup>]','total proper motion','<f8','%.2f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','ra',10,'&alpha;','right ascension of the object [J2000 decimal degrees]','<f8','%.5f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','remarks',11,'remarks','free remarks','U200','%s',0,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','sdssr',12,'<em>r</em> [mag]','catalog SDSS r band magnitude','<f8','%.3f',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','starname',13,'name','a name of the star','U80','%s',0,1,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
INSERT INTO "columns" VALUES ('demo_field_b','varflag',14,'var. flag','variability flag','i8','%i',1,0,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z');
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
INSERT INTO "datasets" VALUES ('PDRMQYnrLx4','New dataset using collections: demo_field_a, demo_field_b','Created at 2026-09-21T14:13:20.250007 UTC, using query: sqlite_column_search',NULL,'2026-09-21T14:13:20.250007Z','2026-09-21T14:13:20.250011Z',80,'sqlite_column_search','{"getcolumns": ["ndet", "remarks", "db_oid", "db_ra", "db_decl", "db_lcfname", "owner", "visibility", "sharedwith", "collection"], "conditions": "(ndet > 1)", "sortby": null, "limit": null, "lcclist": null, "sortspec": null, "limitspec": null, "samplespec": null, "visibility": "public", "sharedwith": null}','public','listed','mirrored',NULL,'both',NULL,1,80,'7bbd3c9076f7b6acedb5cf196956869f595964b96dab2f2b1be21e0f5e8f3ca9','842cfdba34c8f135e950afd2818e24616588a3c46de2976e4dda15d4a9443c2f',NULL,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z',NULL,'2026-09-21T14:13:50.250000Z');
INSERT INTO "datasets" VALUES ('9bFlIkpYt5E','New dataset using collections: demo_field_a, demo_field_b','Created at 2026-09-21T14:13:20.250001 UTC, using query: sqlite_column_search',NULL,'2026-09-21T14:13:20.250001Z','2026-09-21T14:13:20.250005Z',80,'sqlite_column_search','{"getcolumns": ["remarks", "ndet", "db_oid", "db_ra", "db_decl", "db_lcfname", "owner", "visibility", "sharedwith", "collection"], "conditions": "(ndet > 0)", "sortby": null, "limit": null, "lcclist": null, "sortspec": null, "limitspec": null, "samplespec": null, "visibility": "public", "sharedwith": null}','public','listed','mirrored',NULL,'both','PDRMQYnrLx4',1,80,'7bbd3c9076f7b6acedb5cf196956869f595964b96dab2f2b1be21e0f5e8f3ca9','842cfdba34c8f135e950afd2818e24616588a3c46de2976e4dda15d4a9443c2f',NULL,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z',NULL,'2026-09-21T14:13:50.250000Z');
CREATE INDEX datasets_state ON datasets (state);
CREATE INDEX datasets_bad ON datasets (setid) WHERE state IN ('failed', 'partial', 'private');
CREATE INDEX datasets_last_updated ON datasets (last_updated);
CREATE INDEX datasets_created_on ON datasets (created_on, setid);
CREATE INDEX datasets_ingested ON datasets (coalesce(created_on, ''), setid)
WHERE nrows IS NOT NULL;
CREATE INDEX datasets_table_sha256 ON datasets (table_sha256) WHERE table_sha256 IS NOT NULL;
CREATE INDEX datasets_lc_sha256 ON datasets (lc_sha256) WHERE lc_sha256 IS NOT NULL;
CREATE INDEX datasets_same_as ON datasets (same_as) WHERE same_as IS NOT NULL;
CREATE TABLE dataset_collections (
  setid TEXT NOT NULL REFERENCES datasets (setid), -- the dataset
  collection TEXT NOT NULL,         -- database ID of the collection
  PRIMARY KEY (setid, collection)
) WITHOUT ROWID;
INSERT INTO "dataset_collections" VALUES ('9bFlIkpYt5E','demo_field_a');
INSERT INTO "dataset_collections" VALUES ('PDRMQYnrLx4','demo_field_a');
INSERT INTO "dataset_collections" VALUES ('9bFlIkpYt5E','demo_field_b');
INSERT INTO "dataset_collections" VALUES ('PDRMQYnrLx4','demo_field_b');
CREATE INDEX dataset_collections_collection ON dataset_collections (collection);
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
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',1,'remarks','remarks','free remarks','U200','%s','text');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',2,'ndet','points','number of observations','<i8','%i','integer');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',3,'db_oid','database object ID','object ID','<U15','%s','text');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',4,'db_ra','database &alpha;','right ascension of the object [J2000 decimal degrees]','<f8','%.5f','real');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',5,'db_decl','database &delta;','declination of the object [J2000 decimal degrees]','<f8','%.5f','real');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',6,'db_lcfname','database LC filename','light curve filename','<U66','%s','text');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',7,'owner','object owner','userid of the owner','i8','%i','integer');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',8,'visibility','object visibility','visibility tag','U10','%s','text');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',9,'sharedwith','shared with','user/group IDs','U20','%s','text');
INSERT INTO "dataset_columns" VALUES ('9bFlIkpYt5E',10,'collection','LC collection','the light curve collection','U60','%s','text');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',1,'ndet','points','number of observations','<i8','%i','integer');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',2,'remarks','remarks','free remarks','U200','%s','text');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',3,'db_oid','database object ID','object ID','<U15','%s','text');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',4,'db_ra','database &alpha;','right ascension of the object [J2000 decimal degrees]','<f8','%.5f','real');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',5,'db_decl','database &delta;','declination of the object [J2000 decimal degrees]','<f8','%.5f','real');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',6,'db_lcfname','database LC filename','light curve filename','<U66','%s','text');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',7,'owner','object owner','userid of the owner','i8','%i','integer');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',8,'visibility','object visibility','visibility tag','U10','%s','text');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',9,'sharedwith','shared with','user/group IDs','U20','%s','text');
INSERT INTO "dataset_columns" VALUES ('PDRMQYnrLx4',10,'collection','LC collection','the light curve collection','U60','%s','text');
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
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',1,'demo_field_a','DMA-292-0000001',292.3819502,43.1718212,'{"collection":"demo_field_a","db_decl":43.1718212,"db_lcfname":"/l/demo-field-a/DMA-292-0000001-csvlc.gz","db_oid":"DMA-292-0000001","db_ra":292.3819502,"ndet":6,"owner":1,"remarks":"see Fernandez et al. (2018), Table 2","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',2,'demo_field_a','DMA-286-0000002',286.3959305,46.3114004,'{"collection":"demo_field_a","db_decl":46.3114004,"db_lcfname":"/l/demo-field-a/DMA-286-0000002-csvlc.gz","db_oid":"DMA-286-0000002","db_ra":286.3959305,"ndet":5,"owner":1,"remarks":"dominant; nan; unknown","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',3,'demo_field_a','DMA-293-0000003',293.3719365,45.9324193,'{"collection":"demo_field_a","db_decl":45.9324193,"db_lcfname":"/l/demo-field-a/DMA-293-0000003-csvlc.gz","db_oid":"DMA-293-0000003","db_ra":293.3719365,"ndet":7,"owner":1,"remarks":"pipe | inside","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',4,'demo_field_a','DMA-292-0000004',292.2933003,42.6074485,'{"collection":"demo_field_a","db_decl":42.6074485,"db_lcfname":"/l/demo-field-a/DMA-292-0000004-csvlc.gz","db_oid":"DMA-292-0000004","db_ra":292.2933003,"ndet":5,"owner":1,"remarks":"two\nlines","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',5,'demo_field_a','DMA-290-0000005',290.0569373,47.3360514,'{"collection":"demo_field_a","db_decl":47.3360514,"db_lcfname":"/l/demo-field-a/DMA-290-0000005-csvlc.gz","db_oid":"DMA-290-0000005","db_ra":290.0569373,"ndet":9,"owner":1,"remarks":"one\nand another","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',6,'demo_field_a','DMA-289-0000006',289.3083482,46.2186533,'{"collection":"demo_field_a","db_decl":46.2186533,"db_lcfname":"/l/demo-field-a/DMA-289-0000006-csvlc.gz","db_oid":"DMA-289-0000006","db_ra":289.3083482,"ndet":5,"owner":1,"remarks":"tab\there","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',7,'demo_field_a','DMA-289-0000007',289.9277917,44.4662755,'{"collection":"demo_field_a","db_decl":44.4662755,"db_lcfname":"/l/demo-field-a/DMA-289-0000007-csvlc.gz","db_oid":"DMA-289-0000007","db_ra":289.9277917,"ndet":8,"owner":1,"remarks":"quoted \"remark\"","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',8,'demo_field_a','DMA-287-0000008',287.9601999,42.5615079,'{"collection":"demo_field_a","db_decl":42.5615079,"db_lcfname":"/l/demo-field-a/DMA-287-0000008-csvlc.gz","db_oid":"DMA-287-0000008","db_ra":287.9601999,"ndet":7,"owner":1,"remarks":"  spaces around  ","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',9,'demo_field_a','DMA-291-0000009',291.924546,42.5285456,'{"collection":"demo_field_a","db_decl":42.5285456,"db_lcfname":"/l/demo-field-a/DMA-291-0000009-csvlc.gz","db_oid":"DMA-291-0000009","db_ra":291.924546,"ndet":9,"owner":1,"remarks":"cr\r\nlf","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',10,'demo_field_a','DMA-290-0000010',290.3802131,44.3236802,'{"collection":"demo_field_a","db_decl":44.3236802,"db_lcfname":"/l/demo-field-a/DMA-290-0000010-csvlc.gz","db_oid":"DMA-290-0000010","db_ra":290.3802131,"ndet":9,"owner":1,"remarks":"back\\slash \\n","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',11,'demo_field_a','DMA-288-0000011',288.1621433,42.6398749,'{"collection":"demo_field_a","db_decl":42.6398749,"db_lcfname":"/l/demo-field-a/DMA-288-0000011-csvlc.gz","db_oid":"DMA-288-0000011","db_ra":288.1621433,"ndet":7,"owner":1,"remarks":"<b>not markup</b> & more","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',12,'demo_field_a','DMA-291-0000012',291.7897527,44.7649939,'{"collection":"demo_field_a","db_decl":44.7649939,"db_lcfname":"/l/demo-field-a/DMA-291-0000012-csvlc.gz","db_oid":"DMA-291-0000012","db_ra":291.7897527,"ndet":6,"owner":1,"remarks":"Blazhko effect","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',13,'demo_field_a','DMA-289-0000013',289.6736102,46.0579496,'{"collection":"demo_field_a","db_decl":46.0579496,"db_lcfname":"/l/demo-field-a/DMA-289-0000013-csvlc.gz","db_oid":"DMA-289-0000013","db_ra":289.6736102,"ndet":6,"owner":1,"remarks":null,"sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',14,'demo_field_a','DMA-289-0000014',289.4958382,47.3278176,'{"collection":"demo_field_a","db_decl":47.3278176,"db_lcfname":"/l/demo-field-a/DMA-289-0000014-csvlc.gz","db_oid":"DMA-289-0000014","db_ra":289.4958382,"ndet":8,"owner":1,"remarks":"see Fernandez et al. (2018), Table 2","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',15,'demo_field_a','DMA-293-0000015',293.2838767,43.6029987,'{"collection":"demo_field_a","db_decl":43.6029987,"db_lcfname":"/l/demo-field-a/DMA-293-0000015-csvlc.gz","db_oid":"DMA-293-0000015","db_ra":293.2838767,"ndet":9,"owner":1,"remarks":"dominant; nan; unknown","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',16,'demo_field_a','DMA-287-0000016',287.2965861,46.1872563,'{"collection":"demo_field_a","db_decl":46.1872563,"db_lcfname":"/l/demo-field-a/DMA-287-0000016-csvlc.gz","db_oid":"DMA-287-0000016","db_ra":287.2965861,"ndet":7,"owner":1,"remarks":"pipe | inside","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',17,'demo_field_a','DMA-286-0000017',286.6190109,46.8935895,'{"collection":"demo_field_a","db_decl":46.8935895,"db_lcfname":"/l/demo-field-a/DMA-286-0000017-csvlc.gz","db_oid":"DMA-286-0000017","db_ra":286.6190109,"ndet":9,"owner":1,"remarks":"two\nlines","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',18,'demo_field_a','DMA-289-0000018',289.5185129,45.8707651,'{"collection":"demo_field_a","db_decl":45.8707651,"db_lcfname":"/l/demo-field-a/DMA-289-0000018-csvlc.gz","db_oid":"DMA-289-0000018","db_ra":289.5185129,"ndet":7,"owner":1,"remarks":"one\nand another","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',19,'demo_field_a','DMA-292-0000019',292.4557635,43.2848265,'{"collection":"demo_field_a","db_decl":43.2848265,"db_lcfname":"/l/demo-field-a/DMA-292-0000019-csvlc.gz","db_oid":"DMA-292-0000019","db_ra":292.4557635,"ndet":5,"owner":1,"remarks":"tab\there","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',20,'demo_field_a','DMA-289-0000020',289.8885549,45.9355509,'{"collection":"demo_field_a","db_decl":45.9355509,"db_lcfname":"/l/demo-field-a/DMA-289-0000020-csvlc.gz","db_oid":"DMA-289-0000020","db_ra":289.8885549,"ndet":9,"owner":1,"remarks":"quoted \"remark\"","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',21,'demo_field_a','DMA-289-0000021',289.0383326,46.705661,'{"collection":"demo_field_a","db_decl":46.705661,"db_lcfname":"/l/demo-field-a/DMA-289-0000021-csvlc.gz","db_oid":"DMA-289-0000021","db_ra":289.0383326,"ndet":8,"owner":1,"remarks":"  spaces around  ","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',22,'demo_field_a','DMA-287-0000022',287.096418,42.695689,'{"collection":"demo_field_a","db_decl":42.695689,"db_lcfname":"/l/demo-field-a/DMA-287-0000022-csvlc.gz","db_oid":"DMA-287-0000022","db_ra":287.096418,"ndet":8,"owner":1,"remarks":"cr\r\nlf","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',23,'demo_field_a','DMA-288-0000023',288.5710864,44.324459,'{"collection":"demo_field_a","db_decl":44.324459,"db_lcfname":"/l/demo-field-a/DMA-288-0000023-csvlc.gz","db_oid":"DMA-288-0000023","db_ra":288.5710864,"ndet":7,"owner":1,"remarks":"back\\slash \\n","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',24,'demo_field_a','DMA-286-0000024',286.6324358,46.9253004,'{"collection":"demo_field_a","db_decl":46.9253004,"db_lcfname":"/l/demo-field-a/DMA-286-0000024-csvlc.gz","db_oid":"DMA-286-0000024","db_ra":286.6324358,"ndet":6,"owner":1,"remarks":"<b>not markup</b> & more","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',25,'demo_field_a','DMA-290-0000025',290.3119837,46.5324368,'{"collection":"demo_field_a","db_decl":46.5324368,"db_lcfname":"/l/demo-field-a/DMA-290-0000025-csvlc.gz","db_oid":"DMA-290-0000025","db_ra":290.3119837,"ndet":7,"owner":1,"remarks":"Blazhko effect","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',26,'demo_field_a','DMA-290-0000026',290.6709934,43.9777493,'{"collection":"demo_field_a","db_decl":43.9777493,"db_lcfname":"/l/demo-field-a/DMA-290-0000026-csvlc.gz","db_oid":"DMA-290-0000026","db_ra":290.6709934,"ndet":8,"owner":1,"remarks":null,"sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',27,'demo_field_a','DMA-291-0000027',291.3357143,45.214566,'{"collection":"demo_field_a","db_decl":45.214566,"db_lcfname":"/l/demo-field-a/DMA-291-0000027-csvlc.gz","db_oid":"DMA-291-0000027","db_ra":291.3357143,"ndet":5,"owner":1,"remarks":"see Fernandez et al. (2018), Table 2","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',28,'demo_field_a','DMA-290-0000028',290.5079536,42.9524422,'{"collection":"demo_field_a","db_decl":42.9524422,"db_lcfname":"/l/demo-field-a/DMA-290-0000028-csvlc.gz","db_oid":"DMA-290-0000028","db_ra":290.5079536,"ndet":9,"owner":1,"remarks":"dominant; nan; unknown","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',29,'demo_field_a','DMA-290-0000029',290.5606794,45.2211271,'{"collection":"demo_field_a","db_decl":45.2211271,"db_lcfname":"/l/demo-field-a/DMA-290-0000029-csvlc.gz","db_oid":"DMA-290-0000029","db_ra":290.5606794,"ndet":9,"owner":1,"remarks":"pipe | inside","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',30,'demo_field_a','DMA-288-0000030',288.9818126,46.2536437,'{"collection":"demo_field_a","db_decl":46.2536437,"db_lcfname":"/l/demo-field-a/DMA-288-0000030-csvlc.gz","db_oid":"DMA-288-0000030","db_ra":288.9818126,"ndet":9,"owner":1,"remarks":"two\nlines","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',31,'demo_field_a','DMA-292-0000031',292.3763559,47.4244794,'{"collection":"demo_field_a","db_decl":47.4244794,"db_lcfname":"/l/demo-field-a/DMA-292-0000031-csvlc.gz","db_oid":"DMA-292-0000031","db_ra":292.3763559,"ndet":6,"owner":1,"remarks":"one\nand another","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',32,'demo_field_a','DMA-292-0000032',292.2283348,47.0154414,'{"collection":"demo_field_a","db_decl":47.0154414,"db_lcfname":"/l/demo-field-a/DMA-292-0000032-csvlc.gz","db_oid":"DMA-292-0000032","db_ra":292.2283348,"ndet":8,"owner":1,"remarks":"tab\there","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',33,'demo_field_a','DMA-291-0000033',291.3198491,46.3888827,'{"collection":"demo_field_a","db_decl":46.3888827,"db_lcfname":"/l/demo-field-a/DMA-291-0000033-csvlc.gz","db_oid":"DMA-291-0000033","db_ra":291.3198491,"ndet":5,"owner":1,"remarks":"quoted \"remark\"","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',34,'demo_field_a','DMA-289-0000034',289.4031908,45.7321942,'{"collection":"demo_field_a","db_decl":45.7321942,"db_lcfname":"/l/demo-field-a/DMA-289-0000034-csvlc.gz","db_oid":"DMA-289-0000034","db_ra":289.4031908,"ndet":7,"owner":1,"remarks":"  spaces around  ","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',35,'demo_field_a','DMA-289-0000035',289.9043482,42.9462361,'{"collection":"demo_field_a","db_decl":42.9462361,"db_lcfname":"/l/demo-field-a/DMA-289-0000035-csvlc.gz","db_oid":"DMA-289-0000035","db_ra":289.9043482,"ndet":6,"owner":1,"remarks":"cr\r\nlf","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',36,'demo_field_a','DMA-288-0000036',288.0594776,44.8941344,'{"collection":"demo_field_a","db_decl":44.8941344,"db_lcfname":"/l/demo-field-a/DMA-288-0000036-csvlc.gz","db_oid":"DMA-288-0000036","db_ra":288.0594776,"ndet":6,"owner":1,"remarks":"back\\slash \\n","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',37,'demo_field_a','DMA-287-0000037',287.5086817,46.8871204,'{"collection":"demo_field_a","db_decl":46.8871204,"db_lcfname":"/l/demo-field-a/DMA-287-0000037-csvlc.gz","db_oid":"DMA-287-0000037","db_ra":287.5086817,"ndet":7,"owner":1,"remarks":"<b>not markup</b> & more","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',38,'demo_field_a','DMA-290-0000038',290.7267788,43.1162195,'{"collection":"demo_field_a","db_decl":43.1162195,"db_lcfname":"/l/demo-field-a/DMA-290-0000038-csvlc.gz","db_oid":"DMA-290-0000038","db_ra":290.7267788,"ndet":5,"owner":1,"remarks":"Blazhko effect","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',39,'demo_field_a','DMA-290-0000039',290.3225729,46.727325,'{"collection":"demo_field_a","db_decl":46.727325,"db_lcfname":"/l/demo-field-a/DMA-290-0000039-csvlc.gz","db_oid":"DMA-290-0000039","db_ra":290.3225729,"ndet":5,"owner":1,"remarks":null,"sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',40,'demo_field_a','DMA-291-0000040',291.4372685,45.7985868,'{"collection":"demo_field_a","db_decl":45.7985868,"db_lcfname":"/l/demo-field-a/DMA-291-0000040-csvlc.gz","db_oid":"DMA-291-0000040","db_ra":291.4372685,"ndet":8,"owner":1,"remarks":"see Fernandez et al. (2018), Table 2","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',41,'demo_field_b','DMB-002-0000001',2.5294337,-27.7198286,'{"collection":"demo_field_b","db_decl":-27.7198286,"db_lcfname":"/l/demo-field-b/DMB-002-0000001-csvlc.gz","db_oid":"DMB-002-0000001","db_ra":2.5294337,"ndet":7,"owner":1,"remarks":"see Fernandez et al. (2018), Table 2","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',42,'demo_field_b','DMB-000-0000002',0.7805604,-27.501406,'{"collection":"demo_field_b","db_decl":-27.501406,"db_lcfname":"/l/demo-field-b/DMB-000-0000002-csvlc.gz","db_oid":"DMB-000-0000002","db_ra":0.7805604,"ndet":9,"owner":1,"remarks":"dominant; nan; unknown","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',43,'demo_field_b','DMB-359-0000003',359.3007831,-30.9076744,'{"collection":"demo_field_b","db_decl":-30.9076744,"db_lcfname":"/l/demo-field-b/DMB-359-0000003-csvlc.gz","db_oid":"DMB-359-0000003","db_ra":359.3007831,"ndet":7,"owner":1,"remarks":"pipe | inside","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',44,'demo_field_b','DMB-002-0000004',2.8503477,-29.7005484,'{"collection":"demo_field_b","db_decl":-29.7005484,"db_lcfname":"/l/demo-field-b/DMB-002-0000004-csvlc.gz","db_oid":"DMB-002-0000004","db_ra":2.8503477,"ndet":9,"owner":1,"remarks":"two\nlines","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',45,'demo_field_b','DMB-001-0000005',1.2267772,-28.7299796,'{"collection":"demo_field_b","db_decl":-28.7299796,"db_lcfname":"/l/demo-field-b/DMB-001-0000005-csvlc.gz","db_oid":"DMB-001-0000005","db_ra":1.2267772,"ndet":7,"owner":1,"remarks":"one\nand another","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',46,'demo_field_b','DMB-001-0000006',1.3141403,-30.746126,'{"collection":"demo_field_b","db_decl":-30.746126,"db_lcfname":"/l/demo-field-b/DMB-001-0000006-csvlc.gz","db_oid":"DMB-001-0000006","db_ra":1.3141403,"ndet":6,"owner":1,"remarks":"tab\there","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',47,'demo_field_b','DMB-001-0000007',1.7453254,-30.9835163,'{"collection":"demo_field_b","db_decl":-30.9835163,"db_lcfname":"/l/demo-field-b/DMB-001-0000007-csvlc.gz","db_oid":"DMB-001-0000007","db_ra":1.7453254,"ndet":6,"owner":1,"remarks":"quoted \"remark\"","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',48,'demo_field_b','DMB-001-0000008',1.6111767,-28.0896523,'{"collection":"demo_field_b","db_decl":-28.0896523,"db_lcfname":"/l/demo-field-b/DMB-001-0000008-csvlc.gz","db_oid":"DMB-001-0000008","db_ra":1.6111767,"ndet":9,"owner":1,"remarks":"  spaces around  ","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',49,'demo_field_b','DMB-000-0000009',0.1318028,-31.9686701,'{"collection":"demo_field_b","db_decl":-31.9686701,"db_lcfname":"/l/demo-field-b/DMB-000-0000009-csvlc.gz","db_oid":"DMB-000-0000009","db_ra":0.1318028,"ndet":5,"owner":1,"remarks":"cr\r\nlf","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',50,'demo_field_b','DMB-357-0000010',357.7218354,-32.3827866,'{"collection":"demo_field_b","db_decl":-32.3827866,"db_lcfname":"/l/demo-field-b/DMB-357-0000010-csvlc.gz","db_oid":"DMB-357-0000010","db_ra":357.7218354,"ndet":6,"owner":1,"remarks":"back\\slash \\n","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',51,'demo_field_b','DMB-001-0000011',1.6907526,-29.5527088,'{"collection":"demo_field_b","db_decl":-29.5527088,"db_lcfname":"/l/demo-field-b/DMB-001-0000011-csvlc.gz","db_oid":"DMB-001-0000011","db_ra":1.6907526,"ndet":5,"owner":1,"remarks":"<b>not markup</b> & more","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',52,'demo_field_b','DMB-357-0000012',357.3912276,-29.4742204,'{"collection":"demo_field_b","db_decl":-29.4742204,"db_lcfname":"/l/demo-field-b/DMB-357-0000012-csvlc.gz","db_oid":"DMB-357-0000012","db_ra":357.3912276,"ndet":5,"owner":1,"remarks":"Blazhko effect","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',53,'demo_field_b','DMB-357-0000013',357.8883169,-28.1261848,'{"collection":"demo_field_b","db_decl":-28.1261848,"db_lcfname":"/l/demo-field-b/DMB-357-0000013-csvlc.gz","db_oid":"DMB-357-0000013","db_ra":357.8883169,"ndet":7,"owner":1,"remarks":null,"sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',54,'demo_field_b','DMB-000-0000014',0.9632388,-27.7050002,'{"collection":"demo_field_b","db_decl":-27.7050002,"db_lcfname":"/l/demo-field-b/DMB-000-0000014-csvlc.gz","db_oid":"DMB-000-0000014","db_ra":0.9632388,"ndet":5,"owner":1,"remarks":"see Fernandez et al. (2018), Table 2","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',55,'demo_field_b','DMB-000-0000015',0.5335847,-31.2460962,'{"collection":"demo_field_b","db_decl":-31.2460962,"db_lcfname":"/l/demo-field-b/DMB-000-0000015-csvlc.gz","db_oid":"DMB-000-0000015","db_ra":0.5335847,"ndet":9,"owner":1,"remarks":"dominant; nan; unknown","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',56,'demo_field_b','DMB-000-0000016',0.071001,-31.6988213,'{"collection":"demo_field_b","db_decl":-31.6988213,"db_lcfname":"/l/demo-field-b/DMB-000-0000016-csvlc.gz","db_oid":"DMB-000-0000016","db_ra":0.071001,"ndet":5,"owner":1,"remarks":"pipe | inside","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',57,'demo_field_b','DMB-002-0000017',2.382555,-31.4377513,'{"collection":"demo_field_b","db_decl":-31.4377513,"db_lcfname":"/l/demo-field-b/DMB-002-0000017-csvlc.gz","db_oid":"DMB-002-0000017","db_ra":2.382555,"ndet":5,"owner":1,"remarks":"two\nlines","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',58,'demo_field_b','DMB-359-0000018',359.884331,-29.1835394,'{"collection":"demo_field_b","db_decl":-29.1835394,"db_lcfname":"/l/demo-field-b/DMB-359-0000018-csvlc.gz","db_oid":"DMB-359-0000018","db_ra":359.884331,"ndet":7,"owner":1,"remarks":"one\nand another","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',59,'demo_field_b','DMB-358-0000019',358.2222341,-31.9749174,'{"collection":"demo_field_b","db_decl":-31.9749174,"db_lcfname":"/l/demo-field-b/DMB-358-0000019-csvlc.gz","db_oid":"DMB-358-0000019","db_ra":358.2222341,"ndet":8,"owner":1,"remarks":"tab\there","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',60,'demo_field_b','DMB-002-0000020',2.5293875,-30.6354895,'{"collection":"demo_field_b","db_decl":-30.6354895,"db_lcfname":"/l/demo-field-b/DMB-002-0000020-csvlc.gz","db_oid":"DMB-002-0000020","db_ra":2.5293875,"ndet":8,"owner":1,"remarks":"quoted \"remark\"","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',61,'demo_field_b','DMB-357-0000021',357.7953376,-31.2291886,'{"collection":"demo_field_b","db_decl":-31.2291886,"db_lcfname":"/l/demo-field-b/DMB-357-0000021-csvlc.gz","db_oid":"DMB-357-0000021","db_ra":357.7953376,"ndet":9,"owner":1,"remarks":"  spaces around  ","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',62,'demo_field_b','DMB-359-0000022',359.1776794,-30.0102524,'{"collection":"demo_field_b","db_decl":-30.0102524,"db_lcfname":"/l/demo-field-b/DMB-359-0000022-csvlc.gz","db_oid":"DMB-359-0000022","db_ra":359.1776794,"ndet":8,"owner":1,"remarks":"cr\r\nlf","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',63,'demo_field_b','DMB-358-0000023',358.6101404,-30.0560526,'{"collection":"demo_field_b","db_decl":-30.0560526,"db_lcfname":"/l/demo-field-b/DMB-358-0000023-csvlc.gz","db_oid":"DMB-358-0000023","db_ra":358.6101404,"ndet":5,"owner":1,"remarks":"back\\slash \\n","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',64,'demo_field_b','DMB-001-0000024',1.690901,-28.008976,'{"collection":"demo_field_b","db_decl":-28.008976,"db_lcfname":"/l/demo-field-b/DMB-001-0000024-csvlc.gz","db_oid":"DMB-001-0000024","db_ra":1.690901,"ndet":8,"owner":1,"remarks":"<b>not markup</b> & more","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',65,'demo_field_b','DMB-357-0000025',357.7629861,-29.8800262,'{"collection":"demo_field_b","db_decl":-29.8800262,"db_lcfname":"/l/demo-field-b/DMB-357-0000025-csvlc.gz","db_oid":"DMB-357-0000025","db_ra":357.7629861,"ndet":9,"owner":1,"remarks":"Blazhko effect","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',66,'demo_field_b','DMB-359-0000026',359.4522097,-28.983844,'{"collection":"demo_field_b","db_decl":-28.983844,"db_lcfname":"/l/demo-field-b/DMB-359-0000026-csvlc.gz","db_oid":"DMB-359-0000026","db_ra":359.4522097,"ndet":5,"owner":1,"remarks":null,"sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',67,'demo_field_b','DMB-358-0000027',358.6638407,-32.2321383,'{"collection":"demo_field_b","db_decl":-32.2321383,"db_lcfname":"/l/demo-field-b/DMB-358-0000027-csvlc.gz","db_oid":"DMB-358-0000027","db_ra":358.6638407,"ndet":9,"owner":1,"remarks":"see Fernandez et al. (2018), Table 2","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',68,'demo_field_b','DMB-002-0000028',2.0067703,-28.6919556,'{"collection":"demo_field_b","db_decl":-28.6919556,"db_lcfname":"/l/demo-field-b/DMB-002-0000028-csvlc.gz","db_oid":"DMB-002-0000028","db_ra":2.0067703,"ndet":5,"owner":1,"remarks":"dominant; nan; unknown","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',69,'demo_field_b','DMB-358-0000029',358.1341125,-30.168462,'{"collection":"demo_field_b","db_decl":-30.168462,"db_lcfname":"/l/demo-field-b/DMB-358-0000029-csvlc.gz","db_oid":"DMB-358-0000029","db_ra":358.1341125,"ndet":6,"owner":1,"remarks":"pipe | inside","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',70,'demo_field_b','DMB-001-0000030',1.4323259,-31.5023098,'{"collection":"demo_field_b","db_decl":-31.5023098,"db_lcfname":"/l/demo-field-b/DMB-001-0000030-csvlc.gz","db_oid":"DMB-001-0000030","db_ra":1.4323259,"ndet":8,"owner":1,"remarks":"two\nlines","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',71,'demo_field_b','DMB-002-0000031',2.6988633,-28.9364312,'{"collection":"demo_field_b","db_decl":-28.9364312,"db_lcfname":"/l/demo-field-b/DMB-002-0000031-csvlc.gz","db_oid":"DMB-002-0000031","db_ra":2.6988633,"ndet":5,"owner":1,"remarks":"one\nand another","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',72,'demo_field_b','DMB-000-0000032',0.0169498,-31.1652737,'{"collection":"demo_field_b","db_decl":-31.1652737,"db_lcfname":"/l/demo-field-b/DMB-000-0000032-csvlc.gz","db_oid":"DMB-000-0000032","db_ra":0.0169498,"ndet":8,"owner":1,"remarks":"tab\there","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',73,'demo_field_b','DMB-359-0000033',359.9969417,-32.2296028,'{"collection":"demo_field_b","db_decl":-32.2296028,"db_lcfname":"/l/demo-field-b/DMB-359-0000033-csvlc.gz","db_oid":"DMB-359-0000033","db_ra":359.9969417,"ndet":5,"owner":1,"remarks":"quoted \"remark\"","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',74,'demo_field_b','DMB-358-0000034',358.9136794,-28.1475315,'{"collection":"demo_field_b","db_decl":-28.1475315,"db_lcfname":"/l/demo-field-b/DMB-358-0000034-csvlc.gz","db_oid":"DMB-358-0000034","db_ra":358.9136794,"ndet":7,"owner":1,"remarks":"  spaces around  ","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',75,'demo_field_b','DMB-001-0000035',1.9778118,-30.5351672,'{"collection":"demo_field_b","db_decl":-30.5351672,"db_lcfname":"/l/demo-field-b/DMB-001-0000035-csvlc.gz","db_oid":"DMB-001-0000035","db_ra":1.9778118,"ndet":9,"owner":1,"remarks":"cr\r\nlf","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',76,'demo_field_b','DMB-359-0000036',359.7514347,-31.3354309,'{"collection":"demo_field_b","db_decl":-31.3354309,"db_lcfname":"/l/demo-field-b/DMB-359-0000036-csvlc.gz","db_oid":"DMB-359-0000036","db_ra":359.7514347,"ndet":8,"owner":1,"remarks":"back\\slash \\n","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',77,'demo_field_b','DMB-359-0000037',359.2005594,-30.8264325,'{"collection":"demo_field_b","db_decl":-30.8264325,"db_lcfname":"/l/demo-field-b/DMB-359-0000037-csvlc.gz","db_oid":"DMB-359-0000037","db_ra":359.2005594,"ndet":6,"owner":1,"remarks":"<b>not markup</b> & more","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',78,'demo_field_b','DMB-001-0000038',1.0471625,-31.552269,'{"collection":"demo_field_b","db_decl":-31.552269,"db_lcfname":"/l/demo-field-b/DMB-001-0000038-csvlc.gz","db_oid":"DMB-001-0000038","db_ra":1.0471625,"ndet":8,"owner":1,"remarks":"Blazhko effect","sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',79,'demo_field_b','DMB-000-0000039',0.0147415,-27.8703704,'{"collection":"demo_field_b","db_decl":-27.8703704,"db_lcfname":"/l/demo-field-b/DMB-000-0000039-csvlc.gz","db_oid":"DMB-000-0000039","db_ra":0.0147415,"ndet":7,"owner":1,"remarks":null,"sharedwith":null,"visibility":"public"}');
INSERT INTO "dataset_rows" VALUES ('PDRMQYnrLx4',80,'demo_field_b','DMB-358-0000040',358.6012329,-30.0800006,'{"collection":"demo_field_b","db_decl":-30.0800006,"db_lcfname":"/l/demo-field-b/DMB-358-0000040-csvlc.gz","db_oid":"DMB-358-0000040","db_ra":358.6012329,"ndet":8,"owner":1,"remarks":"see Fernandez et al. (2018), Table 2","sharedwith":null,"visibility":"public"}');
CREATE INDEX dataset_rows_object ON dataset_rows (collection, objectid);
CREATE TABLE objects (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- name, unique in its collection
  ra REAL,                          -- degrees
  decl REAL,                        -- degrees
  zone INTEGER, "ndet" INTEGER, "remarks" TEXT,                     -- floor((decl + 90) * 6)
  PRIMARY KEY (collection, objectid)
);
INSERT INTO "objects" VALUES ('demo_field_a','DMA-292-0000001',292.3819502,43.1718212,799,6,'see Fernandez et al. (2018), Table 2');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-286-0000002',286.3959305,46.3114004,817,5,'dominant; nan; unknown');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-293-0000003',293.3719365,45.9324193,815,7,'pipe | inside');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-292-0000004',292.2933003,42.6074485,795,5,'two
lines');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-290-0000005',290.0569373,47.3360514,824,9,'one
and another');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000006',289.3083482,46.2186533,817,5,'tab	here');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000007',289.9277917,44.4662755,806,8,'quoted "remark"');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-287-0000008',287.9601999,42.5615079,795,7,'  spaces around  ');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-291-0000009',291.924546,42.5285456,795,9,'cr
lf');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-290-0000010',290.3802131,44.3236802,805,9,'back\slash \n');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-288-0000011',288.1621433,42.6398749,795,7,'<b>not markup</b> & more');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-291-0000012',291.7897527,44.7649939,808,6,'Blazhko effect');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000013',289.6736102,46.0579496,816,6,NULL);
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000014',289.4958382,47.3278176,823,8,'see Fernandez et al. (2018), Table 2');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-293-0000015',293.2838767,43.6029987,801,9,'dominant; nan; unknown');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-287-0000016',287.2965861,46.1872563,817,7,'pipe | inside');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-286-0000017',286.6190109,46.8935895,821,9,'two
lines');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000018',289.5185129,45.8707651,815,7,'one
and another');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-292-0000019',292.4557635,43.2848265,799,5,'tab	here');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000020',289.8885549,45.9355509,815,9,'quoted "remark"');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000021',289.0383326,46.705661,820,8,'  spaces around  ');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-287-0000022',287.096418,42.695689,796,8,'cr
lf');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-288-0000023',288.5710864,44.324459,805,7,'back\slash \n');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-286-0000024',286.6324358,46.9253004,821,6,'<b>not markup</b> & more');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-290-0000025',290.3119837,46.5324368,819,7,'Blazhko effect');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-290-0000026',290.6709934,43.9777493,803,8,NULL);
INSERT INTO "objects" VALUES ('demo_field_a','DMA-291-0000027',291.3357143,45.214566,811,5,'see Fernandez et al. (2018), Table 2');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-290-0000028',290.5079536,42.9524422,797,9,'dominant; nan; unknown');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-290-0000029',290.5606794,45.2211271,811,9,'pipe | inside');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-288-0000030',288.9818126,46.2536437,817,9,'two
lines');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-292-0000031',292.3763559,47.4244794,824,6,'one
and another');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-292-0000032',292.2283348,47.0154414,822,8,'tab	here');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-291-0000033',291.3198491,46.3888827,818,5,'quoted "remark"');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000034',289.4031908,45.7321942,814,7,'  spaces around  ');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-289-0000035',289.9043482,42.9462361,797,6,'cr
lf');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-288-0000036',288.0594776,44.8941344,809,6,'back\slash \n');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-287-0000037',287.5086817,46.8871204,821,7,'<b>not markup</b> & more');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-290-0000038',290.7267788,43.1162195,798,5,'Blazhko effect');
INSERT INTO "objects" VALUES ('demo_field_a','DMA-290-0000039',290.3225729,46.727325,820,5,NULL);
INSERT INTO "objects" VALUES ('demo_field_a','DMA-291-0000040',291.4372685,45.7985868,814,8,'see Fernandez et al. (2018), Table 2');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-002-0000001',2.5294337,-27.7198286,373,7,'see Fernandez et al. (2018), Table 2');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-000-0000002',0.7805604,-27.501406,374,9,'dominant; nan; unknown');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-359-0000003',359.3007831,-30.9076744,354,7,'pipe | inside');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-002-0000004',2.8503477,-29.7005484,361,9,'two
lines');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000005',1.2267772,-28.7299796,367,7,'one
and another');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000006',1.3141403,-30.746126,355,6,'tab	here');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000007',1.7453254,-30.9835163,354,6,'quoted "remark"');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000008',1.6111767,-28.0896523,371,9,'  spaces around  ');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-000-0000009',0.1318028,-31.9686701,348,5,'cr
lf');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-357-0000010',357.7218354,-32.3827866,345,6,'back\slash \n');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000011',1.6907526,-29.5527088,362,5,'<b>not markup</b> & more');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-357-0000012',357.3912276,-29.4742204,363,5,'Blazhko effect');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-357-0000013',357.8883169,-28.1261848,371,7,NULL);
INSERT INTO "objects" VALUES ('demo_field_b','DMB-000-0000014',0.9632388,-27.7050002,373,5,'see Fernandez et al. (2018), Table 2');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-000-0000015',0.5335847,-31.2460962,352,9,'dominant; nan; unknown');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-000-0000016',0.071001,-31.6988213,349,5,'pipe | inside');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-002-0000017',2.382555,-31.4377513,351,5,'two
lines');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-359-0000018',359.884331,-29.1835394,364,7,'one
and another');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-358-0000019',358.2222341,-31.9749174,348,8,'tab	here');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-002-0000020',2.5293875,-30.6354895,356,8,'quoted "remark"');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-357-0000021',357.7953376,-31.2291886,352,9,'  spaces around  ');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-359-0000022',359.1776794,-30.0102524,359,8,'cr
lf');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-358-0000023',358.6101404,-30.0560526,359,5,'back\slash \n');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000024',1.690901,-28.008976,371,8,'<b>not markup</b> & more');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-357-0000025',357.7629861,-29.8800262,360,9,'Blazhko effect');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-359-0000026',359.4522097,-28.983844,366,5,NULL);
INSERT INTO "objects" VALUES ('demo_field_b','DMB-358-0000027',358.6638407,-32.2321383,346,9,'see Fernandez et al. (2018), Table 2');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-002-0000028',2.0067703,-28.6919556,367,5,'dominant; nan; unknown');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-358-0000029',358.1341125,-30.168462,358,6,'pipe | inside');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000030',1.4323259,-31.5023098,350,8,'two
lines');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-002-0000031',2.6988633,-28.9364312,366,5,'one
and another');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-000-0000032',0.0169498,-31.1652737,353,8,'tab	here');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-359-0000033',359.9969417,-32.2296028,346,5,'quoted "remark"');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-358-0000034',358.9136794,-28.1475315,371,7,'  spaces around  ');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000035',1.9778118,-30.5351672,356,9,'cr
lf');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-359-0000036',359.7514347,-31.3354309,351,8,'back\slash \n');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-359-0000037',359.2005594,-30.8264325,355,6,'<b>not markup</b> & more');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-001-0000038',1.0471625,-31.552269,350,8,'Blazhko effect');
INSERT INTO "objects" VALUES ('demo_field_b','DMB-000-0000039',0.0147415,-27.8703704,372,7,NULL);
INSERT INTO "objects" VALUES ('demo_field_b','DMB-358-0000040',358.6012329,-30.0800006,359,8,'see Fernandez et al. (2018), Table 2');
CREATE INDEX objects_sky ON objects (zone, ra, decl, collection, objectid);
CREATE TABLE object_columns (
  name TEXT NOT NULL,               -- as the server names it
  kind TEXT NOT NULL CHECK (kind IN ('integer', 'real', 'text')),
                                    -- one name can hold numbers here and texts there
  sql_name TEXT NOT NULL UNIQUE COLLATE NOCASE, -- in `objects`
  PRIMARY KEY (name, kind)
);
INSERT INTO "object_columns" VALUES ('ndet','integer','ndet');
INSERT INTO "object_columns" VALUES ('remarks','text','remarks');
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
INSERT INTO "files" VALUES ('datasets/PD/PDRMQYnrLx4/dataset-PDRMQYnrLx4.json.gz','PDRMQYnrLx4',NULL,'json',4701,'a6eeeea38bdd1dcaf6abc600a1ff766529d20d0f1a916e1e2e8028a224e6f095',NULL,NULL,'2026-09-21T14:13:50.250000Z',NULL,'ok',NULL);
INSERT INTO "files" VALUES ('datasets/PD/PDRMQYnrLx4/dataset-PDRMQYnrLx4.csv','PDRMQYnrLx4',NULL,'csv',13349,'4dd65bdfbc4a3c885f788ff236a3c0321c9761e400fd9c23e87fe95c3c154831','"a5051bb9b9360ba73799e648a30852c3"','Mon, 21 Sep 2026 14:13:20 GMT','2026-09-21T14:13:50.250000Z',NULL,'ok',NULL);
INSERT INTO "files" VALUES ('datasets/9b/9bFlIkpYt5E/dataset-9bFlIkpYt5E.json.gz','9bFlIkpYt5E',NULL,'json',4770,'ecb7b264b181b226cad795096dc33341b927472b85f14a632cc916d4e9901335',NULL,NULL,'2026-09-21T14:13:50.250000Z',NULL,'ok',NULL);
INSERT INTO "files" VALUES ('datasets/9b/9bFlIkpYt5E/dataset-9bFlIkpYt5E.csv','9bFlIkpYt5E',NULL,'csv',13349,'32abcca82872a064514e6a6d64a546ce0a7e15d331853bfde91e786aa1f14847','"ee7eb92a7730045e811af1f5270d2a4e"','Mon, 21 Sep 2026 14:13:20 GMT','2026-09-21T14:13:50.250000Z',NULL,'ok',NULL);
INSERT INTO "files" VALUES ('datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','PDRMQYnrLx4',NULL,'lczip',74099,'521b09f8f44c7c6eb24c564236b38672fbfa02395c8007cc0f09778d47d13aac','"2e5ef6a943c34d1175e1e04ba7531b92"','Mon, 21 Sep 2026 14:13:20 GMT','2026-09-21T14:13:50.250000Z',NULL,'ok',NULL);
INSERT INTO "files" VALUES ('datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','9bFlIkpYt5E',NULL,'lczip',74099,'521b09f8f44c7c6eb24c564236b38672fbfa02395c8007cc0f09778d47d13aac','"2e5ef6a943c34d1175e1e04ba7531b92"','Mon, 21 Sep 2026 14:13:20 GMT','2026-09-21T14:13:50.250000Z',NULL,'ok','linked to datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip');
INSERT INTO "files" VALUES ('collections/demo_field_a/lcformat-description.json',NULL,'demo_field_a','lcformat',2305,'30b553969c0bdf7818b814bccf2a354897f808842bd11fa1d845fc9c04fac269','"aec502c14c01bbfb6bfeb339981ba87324a2a695ca87c6842b271f2b63fea9bee8ca1a8021572c00a168dd4b9c950531e5096e9e0f3be1a62cb332374b2d7316"','Mon, 21 Sep 2026 14:13:20 GMT','2026-09-21T14:13:50.250000Z',NULL,'ok',NULL);
INSERT INTO "files" VALUES ('collections/demo_field_b/lcformat-description.json',NULL,'demo_field_b','lcformat',1972,'588d713260757fee047a1c174519a74b2d28f6f0a2658fd3564d8adbaf00e336','"e903e0b40425d00ecde0ec944f796de23ca3102dad8a8afe834901f79bacec30438bef04c9799e0e8a56cca069a4eb7aa65f4f63df12346cecc5566c5a274f10"','Mon, 21 Sep 2026 14:13:20 GMT','2026-09-21T14:13:50.250000Z',NULL,'ok',NULL);
CREATE INDEX files_setid ON files (setid);
CREATE INDEX files_verified ON files (verified_at);
CREATE INDEX files_read ON files (coalesce(verified_at, fetched_at));
CREATE INDEX files_state ON files (state) WHERE state <> 'ok';
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
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-286-0000002','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-286-0000002-csvlc.gz',797,3895433522,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-286-0000002','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-286-0000002-csvlc.gz',797,3895433522,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-286-0000017','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-286-0000017-csvlc.gz',907,1392633138,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-286-0000017','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-286-0000017-csvlc.gz',907,1392633138,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-286-0000024','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-286-0000024-csvlc.gz',830,1015484174,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-286-0000024','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-286-0000024-csvlc.gz',830,1015484174,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-287-0000008','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-287-0000008-csvlc.gz',854,1785760877,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-287-0000008','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-287-0000008-csvlc.gz',854,1785760877,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-287-0000016','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-287-0000016-csvlc.gz',844,682818622,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-287-0000016','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-287-0000016-csvlc.gz',844,682818622,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-287-0000022','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-287-0000022-csvlc.gz',878,3093494877,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-287-0000022','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-287-0000022-csvlc.gz',878,3093494877,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-287-0000037','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-287-0000037-csvlc.gz',871,2898162352,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-287-0000037','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-287-0000037-csvlc.gz',871,2898162352,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-288-0000011','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-288-0000011-csvlc.gz',828,3057987748,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-288-0000011','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-288-0000011-csvlc.gz',828,3057987748,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-288-0000023','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-288-0000023-csvlc.gz',841,1810531752,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-288-0000023','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-288-0000023-csvlc.gz',841,1810531752,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-288-0000030','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-288-0000030-csvlc.gz',930,911772211,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-288-0000030','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-288-0000030-csvlc.gz',930,911772211,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-288-0000036','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-288-0000036-csvlc.gz',796,642780649,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-288-0000036','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-288-0000036-csvlc.gz',796,642780649,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000006','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000006-csvlc.gz',787,883822653,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000006','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000006-csvlc.gz',787,883822653,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000007','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000007-csvlc.gz',865,3609912991,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000007','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000007-csvlc.gz',865,3609912991,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000013','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000013-csvlc.gz',786,1270426987,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000013','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000013-csvlc.gz',786,1270426987,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000014','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000014-csvlc.gz',908,3318990334,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000014','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000014-csvlc.gz',908,3318990334,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000018','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000018-csvlc.gz',869,953334237,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000018','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000018-csvlc.gz',869,953334237,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000020','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000020-csvlc.gz',927,2201614412,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000020','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000020-csvlc.gz',927,2201614412,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000021','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000021-csvlc.gz',854,847397294,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000021','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000021-csvlc.gz',854,847397294,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000034','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000034-csvlc.gz',862,2141010282,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000034','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000034-csvlc.gz',862,2141010282,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000035','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-289-0000035-csvlc.gz',821,216518452,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-289-0000035','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-289-0000035-csvlc.gz',821,216518452,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000005','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-290-0000005-csvlc.gz',923,3672257998,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000005','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-290-0000005-csvlc.gz',923,3672257998,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000010','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-290-0000010-csvlc.gz',934,2266890482,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000010','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-290-0000010-csvlc.gz',934,2266890482,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000025','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-290-0000025-csvlc.gz',855,2740057662,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000025','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-290-0000025-csvlc.gz',855,2740057662,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000026','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-290-0000026-csvlc.gz',852,2169137958,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000026','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-290-0000026-csvlc.gz',852,2169137958,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000028','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-290-0000028-csvlc.gz',932,136108367,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000028','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-290-0000028-csvlc.gz',932,136108367,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000029','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-290-0000029-csvlc.gz',888,90654329,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000029','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-290-0000029-csvlc.gz',888,90654329,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000038','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-290-0000038-csvlc.gz',798,1661057714,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000038','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-290-0000038-csvlc.gz',798,1661057714,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000039','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-290-0000039-csvlc.gz',781,1822977828,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-290-0000039','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-290-0000039-csvlc.gz',781,1822977828,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000009','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-291-0000009-csvlc.gz',893,1655385248,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000009','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-291-0000009-csvlc.gz',893,1655385248,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000012','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-291-0000012-csvlc.gz',818,3205922934,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000012','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-291-0000012-csvlc.gz',818,3205922934,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000027','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-291-0000027-csvlc.gz',818,1705882540,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000027','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-291-0000027-csvlc.gz',818,1705882540,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000033','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-291-0000033-csvlc.gz',762,2592602219,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000033','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-291-0000033-csvlc.gz',762,2592602219,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000040','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-291-0000040-csvlc.gz',919,1682745108,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-291-0000040','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-291-0000040-csvlc.gz',919,1682745108,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000001','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-292-0000001-csvlc.gz',820,2779357529,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000001','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-292-0000001-csvlc.gz',820,2779357529,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000004','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-292-0000004-csvlc.gz',795,1335650049,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000004','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-292-0000004-csvlc.gz',795,1335650049,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000019','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-292-0000019-csvlc.gz',771,3431531363,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000019','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-292-0000019-csvlc.gz',771,3431531363,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000031','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-292-0000031-csvlc.gz',798,4290005950,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000031','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-292-0000031-csvlc.gz',798,4290005950,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000032','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-292-0000032-csvlc.gz',882,3353703387,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-292-0000032','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-292-0000032-csvlc.gz',882,3353703387,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-293-0000003','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-293-0000003-csvlc.gz',842,1440240133,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-293-0000003','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-293-0000003-csvlc.gz',842,1440240133,1);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-293-0000015','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-a-DMA-293-0000015-csvlc.gz',944,3593424952,0);
INSERT INTO "lightcurves" VALUES ('demo_field_a','DMA-293-0000015','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-a-DMA-293-0000015-csvlc.gz',944,3593424952,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000002','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-000-0000002-csvlc.gz',727,1843243897,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000002','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-000-0000002-csvlc.gz',727,1843243897,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000009','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-000-0000009-csvlc.gz',631,1055726956,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000009','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-000-0000009-csvlc.gz',631,1055726956,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000014','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-000-0000014-csvlc.gz',655,1100345698,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000014','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-000-0000014-csvlc.gz',655,1100345698,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000015','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-000-0000015-csvlc.gz',741,2573051319,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000015','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-000-0000015-csvlc.gz',741,2573051319,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000016','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-000-0000016-csvlc.gz',633,845527194,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000016','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-000-0000016-csvlc.gz',633,845527194,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000032','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-000-0000032-csvlc.gz',682,1392723321,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000032','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-000-0000032-csvlc.gz',682,1392723321,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000039','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-000-0000039-csvlc.gz',679,2799681469,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-000-0000039','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-000-0000039-csvlc.gz',679,2799681469,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000006','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-001-0000006-csvlc.gz',655,846889637,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000006','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-001-0000006-csvlc.gz',655,846889637,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000007','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-001-0000007-csvlc.gz',659,576804258,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000007','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-001-0000007-csvlc.gz',659,576804258,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000008','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-001-0000008-csvlc.gz',721,1276817201,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000008','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-001-0000008-csvlc.gz',721,1276817201,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000011','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-001-0000011-csvlc.gz',637,1904086885,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000011','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-001-0000011-csvlc.gz',637,1904086885,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000024','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-001-0000024-csvlc.gz',713,1450963623,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000024','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-001-0000024-csvlc.gz',713,1450963623,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000030','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-001-0000030-csvlc.gz',704,3919025448,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000030','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-001-0000030-csvlc.gz',704,3919025448,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000035','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-001-0000035-csvlc.gz',710,2975750980,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000035','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-001-0000035-csvlc.gz',710,2975750980,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000038','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-001-0000038-csvlc.gz',707,4111942698,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-001-0000038','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-001-0000038-csvlc.gz',707,4111942698,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000001','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-002-0000001-csvlc.gz',679,2789339347,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000001','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-002-0000001-csvlc.gz',679,2789339347,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000004','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-002-0000004-csvlc.gz',729,612724207,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000004','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-002-0000004-csvlc.gz',729,612724207,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000017','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-002-0000017-csvlc.gz',640,137513811,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000017','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-002-0000017-csvlc.gz',640,137513811,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000020','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-002-0000020-csvlc.gz',695,1516288053,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000020','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-002-0000020-csvlc.gz',695,1516288053,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000028','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-002-0000028-csvlc.gz',655,950613829,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000028','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-002-0000028-csvlc.gz',655,950613829,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000031','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-002-0000031-csvlc.gz',624,3749737961,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-002-0000031','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-002-0000031-csvlc.gz',624,3749737961,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000010','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-357-0000010-csvlc.gz',667,2095074572,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000010','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-357-0000010-csvlc.gz',667,2095074572,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000012','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-357-0000012-csvlc.gz',637,1620980128,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000012','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-357-0000012-csvlc.gz',637,1620980128,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000013','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-357-0000013-csvlc.gz',666,2007190106,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000013','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-357-0000013-csvlc.gz',666,2007190106,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000021','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-357-0000021-csvlc.gz',705,665788939,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000021','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-357-0000021-csvlc.gz',705,665788939,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000025','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-357-0000025-csvlc.gz',720,3154155393,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-357-0000025','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-357-0000025-csvlc.gz',720,3154155393,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000019','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-358-0000019-csvlc.gz',686,4096827651,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000019','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-358-0000019-csvlc.gz',686,4096827651,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000023','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-358-0000023-csvlc.gz',636,4055821954,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000023','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-358-0000023-csvlc.gz',636,4055821954,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000027','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-358-0000027-csvlc.gz',742,2591777403,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000027','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-358-0000027-csvlc.gz',742,2591777403,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000029','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-358-0000029-csvlc.gz',640,3526471723,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000029','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-358-0000029-csvlc.gz',640,3526471723,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000034','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-358-0000034-csvlc.gz',689,940297257,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-358-0000034','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-358-0000034-csvlc.gz',689,940297257,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000003','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-359-0000003-csvlc.gz',689,4033069963,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000003','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-359-0000003-csvlc.gz',689,4033069963,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000018','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-359-0000018-csvlc.gz',693,3722387152,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000018','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-359-0000018-csvlc.gz',693,3722387152,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000022','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-359-0000022-csvlc.gz',696,3091769107,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000022','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-359-0000022-csvlc.gz',696,3091769107,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000026','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-359-0000026-csvlc.gz',630,1290623193,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000026','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-359-0000026-csvlc.gz',630,1290623193,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000033','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-359-0000033-csvlc.gz',636,1081100202,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000033','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-359-0000033-csvlc.gz',636,1081100202,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000036','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-359-0000036-csvlc.gz',686,3368901987,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000036','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-359-0000036-csvlc.gz',686,3368901987,1);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000037','9bFlIkpYt5E','datasets/9b/9bFlIkpYt5E/lightcurves-9bFlIkpYt5E.zip','demo-field-b-DMB-359-0000037-csvlc.gz',671,2624533081,0);
INSERT INTO "lightcurves" VALUES ('demo_field_b','DMB-359-0000037','PDRMQYnrLx4','datasets/PD/PDRMQYnrLx4/lightcurves-PDRMQYnrLx4.zip','demo-field-b-DMB-359-0000037-csvlc.gz',671,2624533081,1);
CREATE INDEX lightcurves_path ON lightcurves (path);
CREATE INDEX lightcurves_objectid ON lightcurves (objectid);
CREATE TABLE missing_lightcurves (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- whose light curve
  setid TEXT NOT NULL REFERENCES datasets (setid), -- the dataset that should have it
  reason TEXT NOT NULL,             -- how the server says so
  since TEXT NOT NULL,              -- when we learned it
  PRIMARY KEY (collection, objectid, setid)
) WITHOUT ROWID;
INSERT INTO "missing_lightcurves" VALUES ('demo_field_b','DMB-001-0000005','9bFlIkpYt5E','the server could not make it, says the ZIP''s manifest','2026-09-21T14:13:50.250000Z');
INSERT INTO "missing_lightcurves" VALUES ('demo_field_b','DMB-001-0000005','PDRMQYnrLx4','the server could not make it, says the ZIP''s manifest','2026-09-21T14:13:50.250000Z');
INSERT INTO "missing_lightcurves" VALUES ('demo_field_b','DMB-358-0000040','9bFlIkpYt5E','the server could not make it, says the ZIP''s manifest','2026-09-21T14:13:50.250000Z');
INSERT INTO "missing_lightcurves" VALUES ('demo_field_b','DMB-358-0000040','PDRMQYnrLx4','the server could not make it, says the ZIP''s manifest','2026-09-21T14:13:50.250000Z');
CREATE INDEX missing_lightcurves_setid ON missing_lightcurves (setid);
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
CREATE TABLE lightcurve_attempts (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- whose light curve
  attempts INTEGER NOT NULL,        -- failures so far
  not_before TEXT NOT NULL,         -- when it is tried next
  last_error TEXT NOT NULL,         -- why it failed the last time
  PRIMARY KEY (collection, objectid)
) WITHOUT ROWID;
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
CREATE TABLE object_periods (
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- which object
  method TEXT NOT NULL,             -- gls, bls, pdm, … as the server calls it
  rank INTEGER NOT NULL,            -- 1 is the method's best
  period REAL NOT NULL,             -- days
  epoch REAL,                       -- of the phased light curve, in the days of the light curve
  PRIMARY KEY (collection, objectid, method, rank)
) WITHOUT ROWID;
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
INSERT INTO "polls" VALUES ('collections','"57f7893eec24f107259ea83d48eba7d195fa35d4"',NULL,0,'running','2026-09-21T14:13:50.250000Z',NULL,NULL);
INSERT INTO "polls" VALUES ('datasets','"b6691f6560b4d7edb8030c59757b75dabf5aeba8"',25,1,NULL,'2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z','2026-09-21T14:13:20.250011Z');
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY,           -- a number
  detected TEXT NOT NULL,           -- when
  older_than TEXT,                  -- datasets last updated before this …
  newer_than TEXT,                  -- … and after this may be missing
  message TEXT NOT NULL             -- in words
);
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
INSERT INTO "sync_log" VALUES (1,'sync','2026-09-21T14:13:50.250000Z','2026-09-21T14:13:50.250000Z','ok',2,117647,12,'2 new, 0 changed, 2 mirrored; 12 requests, 117,647 bytes');
CREATE TABLE counts (
  name TEXT PRIMARY KEY,            -- a table, or table:state or table:kind; file_bytes;
                                    -- datasets:vanished are those with a vanished_at
  n INTEGER NOT NULL                -- how many
) WITHOUT ROWID;
INSERT INTO "counts" VALUES ('dataset_rows',80);
INSERT INTO "counts" VALUES ('datasets:failed',0);
INSERT INTO "counts" VALUES ('datasets:listed',0);
INSERT INTO "counts" VALUES ('datasets:mirrored',2);
INSERT INTO "counts" VALUES ('datasets:partial',0);
INSERT INTO "counts" VALUES ('datasets:private',0);
INSERT INTO "counts" VALUES ('datasets:pruned',0);
INSERT INTO "counts" VALUES ('datasets:skipped',0);
INSERT INTO "counts" VALUES ('datasets:vanished',0);
INSERT INTO "counts" VALUES ('datasets:waiting',0);
INSERT INTO "counts" VALUES ('file_bytes',188644);
INSERT INTO "counts" VALUES ('file_bytes:csv',26698);
INSERT INTO "counts" VALUES ('file_bytes:json',9471);
INSERT INTO "counts" VALUES ('file_bytes:lc',0);
INSERT INTO "counts" VALUES ('file_bytes:lcformat',4277);
INSERT INTO "counts" VALUES ('file_bytes:lczip',148198);
INSERT INTO "counts" VALUES ('file_bytes:objectinfo',0);
INSERT INTO "counts" VALUES ('file_bytes:pickle',0);
INSERT INTO "counts" VALUES ('file_bytes:png',0);
INSERT INTO "counts" VALUES ('files:csv',2);
INSERT INTO "counts" VALUES ('files:json',2);
INSERT INTO "counts" VALUES ('files:lc',0);
INSERT INTO "counts" VALUES ('files:lcformat',2);
INSERT INTO "counts" VALUES ('files:lczip',2);
INSERT INTO "counts" VALUES ('files:objectinfo',0);
INSERT INTO "counts" VALUES ('files:pickle',0);
INSERT INTO "counts" VALUES ('files:png',0);
INSERT INTO "counts" VALUES ('lightcurves',156);
INSERT INTO "counts" VALUES ('missing_lightcurves',4);
INSERT INTO "counts" VALUES ('object_info:failed',0);
INSERT INTO "counts" VALUES ('object_info:missing',0);
INSERT INTO "counts" VALUES ('object_info:ok',0);
INSERT INTO "counts" VALUES ('object_info:refused',0);
INSERT INTO "counts" VALUES ('objects',80);
INSERT INTO "counts" VALUES ('work',0);
CREATE TABLE arrivals (
  hour TEXT PRIMARY KEY,            -- the first 13 characters of files.fetched_at
  bytes INTEGER NOT NULL            -- of those files
) WITHOUT ROWID;
INSERT INTO "arrivals" VALUES ('2026-09-21T14',188644);
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
CREATE TABLE search_members (
  search TEXT NOT NULL,             -- its name
  collection TEXT NOT NULL,         -- database ID
  objectid TEXT NOT NULL,           -- which object
  PRIMARY KEY (search, collection, objectid)
) WITHOUT ROWID;
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
CREATE TABLE troubles (
  key TEXT PRIMARY KEY,             -- what it is about
  since TEXT NOT NULL,              -- when it began
  told TEXT NOT NULL,               -- when it was last told
  message TEXT NOT NULL             -- in words
) WITHOUT ROWID;
CREATE TABLE pruned_files (
  path TEXT PRIMARY KEY             -- below the mirror's root
) WITHOUT ROWID;
CREATE TABLE announced (
  subject TEXT PRIMARY KEY,         -- what is watched, or "sent:" and to whom and of what kind
  what TEXT NOT NULL,               -- the last id told, or what is wrong
  at TEXT NOT NULL                  -- when
) WITHOUT ROWID;
CREATE TABLE announcements (
  id INTEGER PRIMARY KEY,           -- a number, growing
  recipient TEXT NOT NULL,          -- hash of the command or address
  kind TEXT NOT NULL,               -- of event
  at TEXT NOT NULL,                 -- when it happened
  event TEXT NOT NULL,              -- JSON
  tries INTEGER NOT NULL DEFAULT 0, -- failures so far
  not_before TEXT NOT NULL          -- when it is tried next
);
CREATE TABLE datasets_text (
  id INTEGER PRIMARY KEY,           -- the rowid of datasets_fts
  setid TEXT NOT NULL UNIQUE,
  name TEXT,
  description TEXT,
  citation TEXT,
  query TEXT                        -- the texts in query_params: conditions, words, names
);
INSERT INTO "datasets_text" VALUES (1,'PDRMQYnrLx4','New dataset using collections: demo_field_a, demo_field_b','Created at 2026-09-21T14:13:20.250007 UTC, using query: sqlite_column_search',NULL,'(ndet > 1)');
INSERT INTO "datasets_text" VALUES (2,'9bFlIkpYt5E','New dataset using collections: demo_field_a, demo_field_b','Created at 2026-09-21T14:13:20.250001 UTC, using query: sqlite_column_search',NULL,'(ndet > 0)');
CREATE TABLE collections_text (
  id INTEGER PRIMARY KEY,           -- the rowid of collections_fts
  collection TEXT NOT NULL UNIQUE,
  name TEXT,
  description TEXT,
  project TEXT,
  citation TEXT
);
INSERT INTO "collections_text" VALUES (1,'demo_field_a','Demo field A','<p>A synthetic <em>northern</em> field, é and "quotes" included.</p>','lccmirror demo','Fernando et al. (2018), "nan", 2018AJ....156..102S');
INSERT INTO "collections_text" VALUES (2,'demo_field_b','Demo field B','A synthetic southern field over RA 0h.','lccmirror demo',NULL);
CREATE TABLE columns_text (
  id INTEGER PRIMARY KEY,           -- the rowid of columns_fts
  collection TEXT NOT NULL,
  name TEXT NOT NULL,
  title TEXT,
  description TEXT,
  UNIQUE (collection, name)
);
INSERT INTO "columns_text" VALUES (1,'demo_field_a','decl','&delta;','declination of the object [J2000 decimal degrees]');
INSERT INTO "columns_text" VALUES (2,'demo_field_a','epoch','epoch [RJD]','time of minimum light');
INSERT INTO "columns_text" VALUES (3,'demo_field_a','fieldname','field','name of the field');
INSERT INTO "columns_text" VALUES (4,'demo_field_a','jmag','<em>J</em> [mag]','2MASS J band magnitude');
INSERT INTO "columns_text" VALUES (5,'demo_field_a','kmag','<em>K<sub>s</sub></em> [mag]','2MASS Ks');
INSERT INTO "columns_text" VALUES (6,'demo_field_a','lcfname','LC filename','light curve filename');
INSERT INTO "columns_text" VALUES (7,'demo_field_a','ndet','points','number of observations');
INSERT INTO "columns_text" VALUES (8,'demo_field_a','objectid','object ID','object ID');
INSERT INTO "columns_text" VALUES (9,'demo_field_a','objtype','type','variability type');
INSERT INTO "columns_text" VALUES (10,'demo_field_a','period','period [d]','best period');
INSERT INTO "columns_text" VALUES (11,'demo_field_a','propermotion','&mu; [mas yr<sup>-1</sup>]','total proper motion');
INSERT INTO "columns_text" VALUES (12,'demo_field_a','ra','&alpha;','right ascension of the object [J2000 decimal degrees]');
INSERT INTO "columns_text" VALUES (13,'demo_field_a','remarks','remarks','free remarks');
INSERT INTO "columns_text" VALUES (14,'demo_field_a','sdssr','<em>r</em> [mag]','catalog SDSS r band magnitude');
INSERT INTO "columns_text" VALUES (15,'demo_field_a','starname','name','a name of the star');
INSERT INTO "columns_text" VALUES (16,'demo_field_a','twomassid','2MASS ID','2MASS ID');
INSERT INTO "columns_text" VALUES (17,'demo_field_a','varflag','var. flag','variability flag');
INSERT INTO "columns_text" VALUES (18,'demo_field_b','decl','&delta;','declination of the object [J2000 decimal degrees]');
INSERT INTO "columns_text" VALUES (19,'demo_field_b','jmag','<em>J</em> [mag]','2MASS J band magnitude');
INSERT INTO "columns_text" VALUES (20,'demo_field_b','lcfname','LC filename','light curve filename');
INSERT INTO "columns_text" VALUES (21,'demo_field_b','ndet','points','number of observations');
INSERT INTO "columns_text" VALUES (22,'demo_field_b','objectid','object ID','object ID');
INSERT INTO "columns_text" VALUES (23,'demo_field_b','objtype','type','variability type');
INSERT INTO "columns_text" VALUES (24,'demo_field_b','parallax','&varpi; [mas]','parallax');
INSERT INTO "columns_text" VALUES (25,'demo_field_b','period','period [d]','best period');
INSERT INTO "columns_text" VALUES (26,'demo_field_b','propermotion','&mu; [mas yr<sup>-1</sup>]','total proper motion');
INSERT INTO "columns_text" VALUES (27,'demo_field_b','ra','&alpha;','right ascension of the object [J2000 decimal degrees]');
INSERT INTO "columns_text" VALUES (28,'demo_field_b','remarks','remarks','free remarks');
INSERT INTO "columns_text" VALUES (29,'demo_field_b','sdssr','<em>r</em> [mag]','catalog SDSS r band magnitude');
INSERT INTO "columns_text" VALUES (30,'demo_field_b','starname','name','a name of the star');
INSERT INTO "columns_text" VALUES (31,'demo_field_b','varflag','var. flag','variability flag');
CREATE TABLE objects_text (
  id INTEGER PRIMARY KEY,           -- the rowid of objects_fts
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  words TEXT,                       -- the object's text columns, one a line
  UNIQUE (collection, objectid)
);
INSERT INTO "objects_text" VALUES (1,'demo_field_a','DMA-286-0000002','dominant; nan; unknown');
INSERT INTO "objects_text" VALUES (2,'demo_field_a','DMA-286-0000017','two
lines');
INSERT INTO "objects_text" VALUES (3,'demo_field_a','DMA-286-0000024','<b>not markup</b> & more');
INSERT INTO "objects_text" VALUES (4,'demo_field_a','DMA-287-0000008','  spaces around  ');
INSERT INTO "objects_text" VALUES (5,'demo_field_a','DMA-287-0000016','pipe | inside');
INSERT INTO "objects_text" VALUES (6,'demo_field_a','DMA-287-0000022','cr
lf');
INSERT INTO "objects_text" VALUES (7,'demo_field_a','DMA-287-0000037','<b>not markup</b> & more');
INSERT INTO "objects_text" VALUES (8,'demo_field_a','DMA-288-0000011','<b>not markup</b> & more');
INSERT INTO "objects_text" VALUES (9,'demo_field_a','DMA-288-0000023','back\slash \n');
INSERT INTO "objects_text" VALUES (10,'demo_field_a','DMA-288-0000030','two
lines');
INSERT INTO "objects_text" VALUES (11,'demo_field_a','DMA-288-0000036','back\slash \n');
INSERT INTO "objects_text" VALUES (12,'demo_field_a','DMA-289-0000006','tab	here');
INSERT INTO "objects_text" VALUES (13,'demo_field_a','DMA-289-0000007','quoted "remark"');
INSERT INTO "objects_text" VALUES (14,'demo_field_a','DMA-289-0000013',NULL);
INSERT INTO "objects_text" VALUES (15,'demo_field_a','DMA-289-0000014','see Fernandez et al. (2018), Table 2');
INSERT INTO "objects_text" VALUES (16,'demo_field_a','DMA-289-0000018','one
and another');
INSERT INTO "objects_text" VALUES (17,'demo_field_a','DMA-289-0000020','quoted "remark"');
INSERT INTO "objects_text" VALUES (18,'demo_field_a','DMA-289-0000021','  spaces around  ');
INSERT INTO "objects_text" VALUES (19,'demo_field_a','DMA-289-0000034','  spaces around  ');
INSERT INTO "objects_text" VALUES (20,'demo_field_a','DMA-289-0000035','cr
lf');
INSERT INTO "objects_text" VALUES (21,'demo_field_a','DMA-290-0000005','one
and another');
INSERT INTO "objects_text" VALUES (22,'demo_field_a','DMA-290-0000010','back\slash \n');
INSERT INTO "objects_text" VALUES (23,'demo_field_a','DMA-290-0000025','Blazhko effect');
INSERT INTO "objects_text" VALUES (24,'demo_field_a','DMA-290-0000026',NULL);
INSERT INTO "objects_text" VALUES (25,'demo_field_a','DMA-290-0000028','dominant; nan; unknown');
INSERT INTO "objects_text" VALUES (26,'demo_field_a','DMA-290-0000029','pipe | inside');
INSERT INTO "objects_text" VALUES (27,'demo_field_a','DMA-290-0000038','Blazhko effect');
INSERT INTO "objects_text" VALUES (28,'demo_field_a','DMA-290-0000039',NULL);
INSERT INTO "objects_text" VALUES (29,'demo_field_a','DMA-291-0000009','cr
lf');
INSERT INTO "objects_text" VALUES (30,'demo_field_a','DMA-291-0000012','Blazhko effect');
INSERT INTO "objects_text" VALUES (31,'demo_field_a','DMA-291-0000027','see Fernandez et al. (2018), Table 2');
INSERT INTO "objects_text" VALUES (32,'demo_field_a','DMA-291-0000033','quoted "remark"');
INSERT INTO "objects_text" VALUES (33,'demo_field_a','DMA-291-0000040','see Fernandez et al. (2018), Table 2');
INSERT INTO "objects_text" VALUES (34,'demo_field_a','DMA-292-0000001','see Fernandez et al. (2018), Table 2');
INSERT INTO "objects_text" VALUES (35,'demo_field_a','DMA-292-0000004','two
lines');
INSERT INTO "objects_text" VALUES (36,'demo_field_a','DMA-292-0000019','tab	here');
INSERT INTO "objects_text" VALUES (37,'demo_field_a','DMA-292-0000031','one
and another');
INSERT INTO "objects_text" VALUES (38,'demo_field_a','DMA-292-0000032','tab	here');
INSERT INTO "objects_text" VALUES (39,'demo_field_a','DMA-293-0000003','pipe | inside');
INSERT INTO "objects_text" VALUES (40,'demo_field_a','DMA-293-0000015','dominant; nan; unknown');
INSERT INTO "objects_text" VALUES (41,'demo_field_b','DMB-000-0000002','dominant; nan; unknown');
INSERT INTO "objects_text" VALUES (42,'demo_field_b','DMB-000-0000009','cr
lf');
INSERT INTO "objects_text" VALUES (43,'demo_field_b','DMB-000-0000014','see Fernandez et al. (2018), Table 2');
INSERT INTO "objects_text" VALUES (44,'demo_field_b','DMB-000-0000015','dominant; nan; unknown');
INSERT INTO "objects_text" VALUES (45,'demo_field_b','DMB-000-0000016','pipe | inside');
INSERT INTO "objects_text" VALUES (46,'demo_field_b','DMB-000-0000032','tab	here');
INSERT INTO "objects_text" VALUES (47,'demo_field_b','DMB-000-0000039',NULL);
INSERT INTO "objects_text" VALUES (48,'demo_field_b','DMB-001-0000005','one
and another');
INSERT INTO "objects_text" VALUES (49,'demo_field_b','DMB-001-0000006','tab	here');
INSERT INTO "objects_text" VALUES (50,'demo_field_b','DMB-001-0000007','quoted "remark"');
INSERT INTO "objects_text" VALUES (51,'demo_field_b','DMB-001-0000008','  spaces around  ');
INSERT INTO "objects_text" VALUES (52,'demo_field_b','DMB-001-0000011','<b>not markup</b> & more');
INSERT INTO "objects_text" VALUES (53,'demo_field_b','DMB-001-0000024','<b>not markup</b> & more');
INSERT INTO "objects_text" VALUES (54,'demo_field_b','DMB-001-0000030','two
lines');
INSERT INTO "objects_text" VALUES (55,'demo_field_b','DMB-001-0000035','cr
lf');
INSERT INTO "objects_text" VALUES (56,'demo_field_b','DMB-001-0000038','Blazhko effect');
INSERT INTO "objects_text" VALUES (57,'demo_field_b','DMB-002-0000001','see Fernandez et al. (2018), Table 2');
INSERT INTO "objects_text" VALUES (58,'demo_field_b','DMB-002-0000004','two
lines');
INSERT INTO "objects_text" VALUES (59,'demo_field_b','DMB-002-0000017','two
lines');
INSERT INTO "objects_text" VALUES (60,'demo_field_b','DMB-002-0000020','quoted "remark"');
INSERT INTO "objects_text" VALUES (61,'demo_field_b','DMB-002-0000028','dominant; nan; unknown');
INSERT INTO "objects_text" VALUES (62,'demo_field_b','DMB-002-0000031','one
and another');
INSERT INTO "objects_text" VALUES (63,'demo_field_b','DMB-357-0000010','back\slash \n');
INSERT INTO "objects_text" VALUES (64,'demo_field_b','DMB-357-0000012','Blazhko effect');
INSERT INTO "objects_text" VALUES (65,'demo_field_b','DMB-357-0000013',NULL);
INSERT INTO "objects_text" VALUES (66,'demo_field_b','DMB-357-0000021','  spaces around  ');
INSERT INTO "objects_text" VALUES (67,'demo_field_b','DMB-357-0000025','Blazhko effect');
INSERT INTO "objects_text" VALUES (68,'demo_field_b','DMB-358-0000019','tab	here');
INSERT INTO "objects_text" VALUES (69,'demo_field_b','DMB-358-0000023','back\slash \n');
INSERT INTO "objects_text" VALUES (70,'demo_field_b','DMB-358-0000027','see Fernandez et al. (2018), Table 2');
INSERT INTO "objects_text" VALUES (71,'demo_field_b','DMB-358-0000029','pipe | inside');
INSERT INTO "objects_text" VALUES (72,'demo_field_b','DMB-358-0000034','  spaces around  ');
INSERT INTO "objects_text" VALUES (73,'demo_field_b','DMB-358-0000040','see Fernandez et al. (2018), Table 2');
INSERT INTO "objects_text" VALUES (74,'demo_field_b','DMB-359-0000003','pipe | inside');
INSERT INTO "objects_text" VALUES (75,'demo_field_b','DMB-359-0000018','one
and another');
INSERT INTO "objects_text" VALUES (76,'demo_field_b','DMB-359-0000022','cr
lf');
INSERT INTO "objects_text" VALUES (77,'demo_field_b','DMB-359-0000026',NULL);
INSERT INTO "objects_text" VALUES (78,'demo_field_b','DMB-359-0000033','quoted "remark"');
INSERT INTO "objects_text" VALUES (79,'demo_field_b','DMB-359-0000036','back\slash \n');
INSERT INTO "objects_text" VALUES (80,'demo_field_b','DMB-359-0000037','<b>not markup</b> & more');
CREATE VIRTUAL TABLE datasets_fts USING fts5 (
  setid, name, description, citation, query,
  content = 'datasets_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE collections_fts USING fts5 (
  collection, name, description, project, citation,
  content = 'collections_text', content_rowid = 'id',
  tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE columns_fts USING fts5 (
  collection UNINDEXED, name, title, description,
  content = 'columns_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE objects_fts USING fts5 (
  collection UNINDEXED, objectid, words,
  content = 'objects_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
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
CREATE TABLE text_due_datasets (
  setid TEXT PRIMARY KEY REFERENCES datasets (setid), -- the objects of this one's rows …
  after_row INTEGER NOT NULL DEFAULT 0 -- … beyond this row
) WITHOUT ROWID;
CREATE TABLE text_due_objects (
  collection TEXT NOT NULL,
  objectid TEXT NOT NULL,
  PRIMARY KEY (collection, objectid)
) WITHOUT ROWID;
CREATE VIEW datasets_search AS
SELECT d.rowid AS rowid, f.setid, f.name, f.description, f.citation, f.query,
       f.datasets_fts AS datasets_search
FROM datasets_fts AS f JOIN datasets AS d ON d.setid = f.setid;
CREATE VIEW collections_search AS
SELECT c.rowid AS rowid, f.collection, f.name, f.description, f.project, f.citation,
       f.collections_fts AS collections_search
FROM collections_fts AS f JOIN collections AS c ON c.collection = f.collection;
CREATE VIEW columns_search AS
SELECT c.rowid AS rowid, f.collection, f.name, f.title, f.description,
       f.columns_fts AS columns_search
FROM columns_fts AS f
JOIN columns AS c ON c.collection = f.collection AND c.name = f.name;
CREATE VIEW objects_search AS
SELECT o.rowid AS rowid, f.collection, f.objectid, f.words, f.objects_fts AS objects_search
FROM objects_fts AS f
JOIN objects AS o ON o.collection = f.collection AND o.objectid = f.objectid;
INSERT INTO datasets_fts (datasets_fts) VALUES ('rebuild');
INSERT INTO collections_fts (collections_fts) VALUES ('rebuild');
INSERT INTO columns_fts (columns_fts) VALUES ('rebuild');
INSERT INTO objects_fts (objects_fts) VALUES ('rebuild');
CREATE TRIGGER work_put AFTER INSERT ON work BEGIN
  UPDATE work SET created_on = coalesce(
    (SELECT created_on FROM datasets WHERE setid = new.setid), '')
  WHERE setid = new.setid;
END;
CREATE TRIGGER work_moved AFTER UPDATE OF created_on ON datasets
WHEN old.created_on IS NOT new.created_on BEGIN
  UPDATE work SET created_on = coalesce(new.created_on, '') WHERE setid = new.setid;
END;
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
PRAGMA user_version = 1;
COMMIT;
