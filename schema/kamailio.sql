-- What `zonecast export --follow` keeps in an SQLite database: the tables of Kamailio's modules
-- `domain` and `uid_domain`, and below them what only zonecast reads.
--
-- Everything here changes in one transaction per change set, so a reader sees one published version,
-- whenever it looks. Tables that are there already are used as they are.

-- Which layout a table has: Kamailio's modules refuse another one than theirs.
CREATE TABLE IF NOT EXISTS version (
  id INTEGER PRIMARY KEY NOT NULL,
  table_name VARCHAR(32) NOT NULL,
  table_version INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT version_table_name_idx UNIQUE (table_name)
);

-- A row for each domain that is served, hosted or retiring; an IPv6 address in brackets, as in a URI.
CREATE TABLE IF NOT EXISTS domain (
  id INTEGER PRIMARY KEY NOT NULL,
  domain VARCHAR(64) NOT NULL,
  did VARCHAR(64) DEFAULT NULL,
  last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT '2000-01-01 00:00:01' NOT NULL,
  CONSTRAINT domain_domain_idx UNIQUE (domain)
);

-- A row for each value of each attribute of a virtual domain, those of one attribute in their order.
-- type: 0 an integer, 2 anything else, as text: true, false, 3600s, or what the zone's owner wrote.
-- An integer that does not fit into 32 bits is text too: Kamailio would not load the table with it.
CREATE TABLE IF NOT EXISTS domain_attrs (
  id INTEGER PRIMARY KEY NOT NULL,
  did VARCHAR(64) NOT NULL,
  name VARCHAR(32) NOT NULL,
  type INTEGER NOT NULL,
  value VARCHAR(255) NOT NULL,
  last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT '2000-01-01 00:00:01' NOT NULL
);
CREATE INDEX IF NOT EXISTS domain_attrs_domain_attrs_idx ON domain_attrs (did, name);

-- The same for uid_domain. flags: 1 for the proxy to load; 2 disabled: the domain is retiring;
-- 4 canonical: this domain carries the attributes.
CREATE TABLE IF NOT EXISTS uid_domain (
  id INTEGER PRIMARY KEY NOT NULL,
  did VARCHAR(64) NOT NULL,
  domain VARCHAR(64) NOT NULL,
  flags INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT uid_domain_domain_idx UNIQUE (domain)
);
CREATE INDEX IF NOT EXISTS uid_domain_did_idx ON uid_domain (did);

-- flags: 1 for the proxy to load.
CREATE TABLE IF NOT EXISTS uid_domain_attrs (
  id INTEGER PRIMARY KEY NOT NULL,
  did VARCHAR(64),
  name VARCHAR(32) NOT NULL,
  type INTEGER DEFAULT 0 NOT NULL,
  value VARCHAR(128),
  flags INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT uid_domain_attrs_domain_attr_idx UNIQUE (did, name, value)
);
CREATE INDEX IF NOT EXISTS uid_domain_attrs_domain_did ON uid_domain_attrs (did, flags);

INSERT OR IGNORE INTO version (table_name, table_version) VALUES
  ('version', 1), ('domain', 2), ('domain_attrs', 1), ('uid_domain', 2), ('uid_domain_attrs', 1);

-- zonecast's own: which version all this is, one row, and what each entry counts for in the content
-- sum of schema/REDIS.md (64 bits, as SQLite's signed integer).
CREATE TABLE IF NOT EXISTS zonecast_position (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  layout INTEGER NOT NULL,
  lineage TEXT NOT NULL,
  term INTEGER NOT NULL,
  version INTEGER NOT NULL,
  content INTEGER NOT NULL,
  chain BLOB NOT NULL,
  domains INTEGER NOT NULL,
  virtual_domains INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS zonecast_domain (
  domain TEXT PRIMARY KEY NOT NULL,
  sum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS zonecast_virtual_domain (
  did TEXT PRIMARY KEY NOT NULL,
  canonical TEXT NOT NULL,
  sum INTEGER NOT NULL
) WITHOUT ROWID;
