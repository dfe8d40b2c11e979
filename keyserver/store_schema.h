/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the store. A change of meaning takes the next schema number. */
#pragma once

#define LK_STORE_SCHEMA 1

/* For each connection. secure_delete: what was deleted is overwritten, sealed as it was. */
static const char lk_store_pragmas[] = "PRAGMA journal_mode = WAL;"
				       "PRAGMA synchronous = FULL;"
				       "PRAGMA secure_delete = ON;"
				       "PRAGMA trusted_schema = OFF;"
				       "PRAGMA cell_size_check = ON;"
				       "PRAGMA temp_store = MEMORY;"
				       "PRAGMA busy_timeout = 5000;";

static const char lk_store_schema[] =
	"BEGIN;"
	"CREATE TABLE value (key TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE counter (n INTEGER NOT NULL) STRICT;"
	"INSERT INTO counter VALUES (0);"
	"CREATE TABLE resource (name TEXT PRIMARY KEY, version INTEGER NOT NULL,"
	" sealed BLOB NOT NULL, time INTEGER NOT NULL) STRICT;"
	"CREATE TABLE audit (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
	" prev BLOB NOT NULL, body TEXT NOT NULL) STRICT;"
	"PRAGMA application_id = 0x6c6b6b64;" /* "lkkd" */
	"PRAGMA user_version = 1;"
	"COMMIT;";
