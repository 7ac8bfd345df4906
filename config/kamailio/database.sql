-- The tables of a provider that starts: sqlite3 /var/lib/kamailio/users.db < database.sql, and
-- likewise location.db. Both files may have all of them; Kamailio uses of each what it needs.

CREATE TABLE version (
    table_name VARCHAR(32) PRIMARY KEY NOT NULL,
    table_version INTEGER DEFAULT 0 NOT NULL
);

-- Accounts. domain: the DID, not a domain. ha1: the digest of username:realm:password, the realm being the
-- attribute digest.realm or, without it, the DID. No password is kept.
CREATE TABLE subscriber (
    id INTEGER PRIMARY KEY NOT NULL,
    username VARCHAR(64) NOT NULL,
    domain VARCHAR(253) NOT NULL,
    ha1 VARCHAR(128) NOT NULL,
    UNIQUE (username, domain)
);
INSERT INTO version VALUES ('subscriber', 7);

-- A user's own attributes, in place of the domain's: names and values as in attributes.yaml.
CREATE TABLE user_attribute (
    username VARCHAR(64) NOT NULL,
    did VARCHAR(253) NOT NULL,
    name VARCHAR(32) NOT NULL,
    value VARCHAR(255) NOT NULL,
    PRIMARY KEY (username, did, name)
);

-- Registrations: Kamailio's own table.
CREATE TABLE location (
    id INTEGER PRIMARY KEY NOT NULL,
    ruid VARCHAR(64) DEFAULT '' NOT NULL,
    username VARCHAR(64) DEFAULT '' NOT NULL,
    domain VARCHAR(512) DEFAULT NULL,
    contact VARCHAR(512) DEFAULT '' NOT NULL,
    received VARCHAR(128) DEFAULT NULL,
    path VARCHAR(512) DEFAULT NULL,
    expires TIMESTAMP WITHOUT TIME ZONE DEFAULT '2030-05-28 21:32:15' NOT NULL,
    q REAL DEFAULT 1.0 NOT NULL,
    callid VARCHAR(255) DEFAULT 'Default-Call-ID' NOT NULL,
    cseq INTEGER DEFAULT 1 NOT NULL,
    last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT '2000-01-01 00:00:01' NOT NULL,
    flags INTEGER DEFAULT 0 NOT NULL,
    cflags INTEGER DEFAULT 0 NOT NULL,
    user_agent VARCHAR(255) DEFAULT '' NOT NULL,
    socket VARCHAR(64) DEFAULT NULL,
    methods INTEGER DEFAULT NULL,
    instance VARCHAR(255) DEFAULT NULL,
    reg_id INTEGER DEFAULT 0 NOT NULL,
    server_id INTEGER DEFAULT 0 NOT NULL,
    connection_id INTEGER DEFAULT 0 NOT NULL,
    keepalive INTEGER DEFAULT 0 NOT NULL,
    partition INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT location_ruid_idx UNIQUE (ruid)
);
CREATE INDEX location_account_contact_idx ON location (username, domain, contact);
CREATE INDEX location_expires_idx ON location (expires);
INSERT INTO version VALUES ('location', 9);
